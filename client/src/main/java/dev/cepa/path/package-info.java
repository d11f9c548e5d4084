/**
 * Which relays: weights, families, exit policies, entry guards (path-spec, guard-spec). Small state machines with the
 * clock and the random source handed in; never opens a socket.
 */
@NullMarked
package dev.cepa.path;

import org.jspecify.annotations.NullMarked;
