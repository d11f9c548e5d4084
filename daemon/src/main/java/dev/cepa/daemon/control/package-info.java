/**
 * The control port (control-spec): programs connect to it, authenticate, ask, change and hear what happens. A room of the
 * daemon's: it knows of the program only {@link dev.cepa.daemon.control.ControlHost}, and none of it is loaded unless there
 * is a ControlPort or a ControlSocket.
 */
@NullMarked
package dev.cepa.daemon.control;

import org.jspecify.annotations.NullMarked;
