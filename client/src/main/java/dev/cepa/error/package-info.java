/**
 * The words in which every room says what went wrong: {@link dev.cepa.error.TorException} with an
 * {@link dev.cepa.error.ErrorKind} that a caller can switch on and that carries a remedy, and
 * {@link dev.cepa.error.Deadline}, which every wait is given. Public; depends on nothing.
 */
@NullMarked
package dev.cepa.error;

import org.jspecify.annotations.NullMarked;
