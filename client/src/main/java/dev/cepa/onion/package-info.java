/**
 * Onion services of version 3 (rend-spec-v3): addresses and their keys by time period, the ring of directories, descriptors
 * in both directions, the client's way to a service by introduction and rendezvous, and services of our own. Chooses
 * relays through {@link dev.cepa.pool}, and hands streams back to it for all that is no onion service.
 */
@NullMarked
package dev.cepa.onion;

import org.jspecify.annotations.NullMarked;
