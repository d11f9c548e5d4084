package dev.cepa.circuit;

import org.jspecify.annotations.Nullable;

/**
 * A handshake under way.
 *
 * @param command the cell command, or relay command, that answers it
 * @param from the hop that must send it; null if the answer is a cell of its own
 * @param answer receives the handshake data
 */
record PendingAnswer(int command, @Nullable Hop from, OneShot<byte[]> answer) {}
