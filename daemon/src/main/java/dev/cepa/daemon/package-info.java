/**
 * The program {@code cepa}: takes what {@code tor} takes as a client - command line, torrc, signals, log lines - and runs
 * one {@link dev.cepa.TorClient} accordingly.
 */
@NullMarked
package dev.cepa.daemon;

import org.jspecify.annotations.NullMarked;
