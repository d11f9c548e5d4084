/**
 * One circuit and its streams (tor-spec sections 5, 6 and 7): creating and extending, relay messages, flow control. A
 * circuit is told its path; it never chooses a relay.
 */
@NullMarked
package dev.cepa.circuit;

import org.jspecify.annotations.NullMarked;
