package dev.cepa.circuit;

import dev.cepa.cell.Cell;
import dev.cepa.channel.QueueMemory;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Brings what comes over the legs of a set into the order in which it was sent (proposal 329 section 2.4). All messages of
 * streams are numbered from 1, without saying so: each leg counts those that come over it, and a SWITCH adds those that went
 * another way. What comes too early waits. A leg's own messages are in order, so that each leg has a plain queue, and only
 * their first ones need looking at.
 *
 * <p>There must always be an open leg that can still bring the next message; else it is lost, or the exit makes numbers up.
 * That bounds what one who breaks the protocol can have us keep.
 *
 * <p>Guarded by the set's receiving lock. Makes no object for a message in order; others are copied into
 * {@link QueueMemory}'s blocks.
 */
final class ConfluxSequencer {
    /** Before each message that waits: number 8, command 1, stream 2, length 2. */
    private static final int HEADER = 13;

    private final QueueMemory memory;
    private final long maxQueuedBytes;
    private Leg[] legs = {};
    private long delivered;
    /** The greatest number of any leg. */
    private long highest;

    private long queuedBytes;
    private byte @Nullable [] scratch;
    private boolean closed;

    /** Gets messages in order. */
    @FunctionalInterface
    interface Receiver {
        void received(int command, int streamId, byte[] buf, int at, int length) throws TorException;
    }

    /** What has come over one leg. */
    static final class Leg {
        private final StreamBuffer waiting;
        private long received;
        private long count;
        private boolean open = true;
        private boolean switched;
        /** Of the first message that waits; 0 if none does. */
        private long first;

        private Leg(QueueMemory memory) {
            waiting = new StreamBuffer(memory);
        }

        /** How many messages have come over it. */
        long count() {
            return count;
        }
    }

    ConfluxSequencer(QueueMemory memory, long maxQueuedBytes) {
        this.memory = memory;
        this.maxQueuedBytes = maxQueuedBytes;
    }

    /** A new leg, over which nothing has come. */
    Leg addLeg() {
        Leg leg = new Leg(memory);
        legs = Arrays.copyOf(legs, legs.length + 1);
        legs[legs.length - 1] = leg;
        return leg;
    }

    /** How many messages were given out. */
    long delivered() {
        return delivered;
    }

    /** Bytes that wait, headers included. */
    long queuedBytes() {
        return queuedBytes;
    }

    /** Since when the oldest that waits has waited, as of {@link System#nanoTime}; null if nothing does. */
    @Nullable Long waitingSince() {
        Long oldest = null;
        for (Leg leg : legs) {
            Long since = leg.waiting.waitingSince();
            if (since != null && (oldest == null || since - oldest < 0)) {
                oldest = since;
            }
        }
        return oldest;
    }

    /**
     * A counted message has come.
     *
     * @throws ProtocolException if its number has been, or a message is missing for good
     * @throws TorException of kind RESOURCE_LIMIT if too much waits, or whatever the receiver throws
     */
    void received(Leg leg, int command, int streamId, byte[] buf, int at, int length, Receiver receiver)
            throws TorException {
        if (closed || !leg.open) {
            return;
        }
        long number = ++leg.received;
        leg.switched = false;
        leg.count++;
        if (number > highest) {
            highest = number;
        }
        if (number == delivered + 1) {
            delivered = number;
            receiver.received(command, streamId, buf, at, length);
            if (queuedBytes > 0) {
                deliverWaiting(receiver);
            }
        } else if (number <= delivered) {
            throw new ProtocolException("conflux message that came before");
        } else {
            queue(leg, number, command, streamId, buf, at, length);
        }
        checkNothingIsMissing();
    }

    /** SWITCH has come: so many messages went another way. */
    void switched(Leg leg, long relative) throws ProtocolException {
        if (leg.switched) {
            throw new ProtocolException("conflux SWITCH after a SWITCH");
        }
        leg.switched = true;
        leg.received += relative;
        highest = Math.max(highest, leg.received);
        checkNothingIsMissing();
    }

    /**
     * Nothing more will come over that leg; what waits of it is still given out in its turn.
     *
     * @return false if something may be lost: it was the one furthest on, or a message is missing, or more legs than one are
     *     left, so that it would not show if one is missed: each could yet bring it
     */
    boolean lost(Leg leg) {
        leg.open = false;
        int left = 0;
        long others = -1;
        for (Leg other : legs) {
            if (other.open) {
                left++;
                others = Math.max(others, other.received);
            }
        }
        return left == 1 && leg.received <= others && !isSomethingMissing();
    }

    /** Gives out no more, and lets go of what waits. */
    void close() {
        closed = true;
        queuedBytes = 0;
        for (Leg leg : legs) {
            leg.waiting.clear();
            leg.first = 0;
        }
    }

    private void checkNothingIsMissing() throws ProtocolException {
        if (delivered < highest && isSomethingMissing()) {
            throw new ProtocolException("a conflux message is missing that no leg can bring any more");
        }
    }

    private boolean isSomethingMissing() {
        if (delivered == highest || closed) {
            return false;
        }
        for (Leg leg : legs) {
            if (leg.open && leg.received <= delivered) {
                return false;
            }
        }
        return true;
    }

    private void queue(Leg leg, long number, int command, int streamId, byte[] buf, int at, int length)
            throws TorException {
        if (queuedBytes + HEADER + length > maxQueuedBytes) {
            throw new TorException(
                    ErrorKind.RESOURCE_LIMIT, "more than " + maxQueuedBytes
                            + " bytes wait on the legs of a set for what comes before them (cfx_max_oooq_bytes)");
        }
        byte[] header = scratch();
        for (int i = 0; i < 8; i++) {
            header[i] = (byte) (number >>> 56 - 8 * i);
        }
        header[8] = (byte) command;
        header[9] = (byte) (streamId >>> 8);
        header[10] = (byte) streamId;
        header[11] = (byte) (length >>> 8);
        header[12] = (byte) length;
        leg.waiting.append(header, 0, HEADER);
        leg.waiting.append(buf, at, length);
        queuedBytes += HEADER + length;
        if (leg.first == 0) {
            leg.first = number;
        }
    }

    private void deliverWaiting(Receiver receiver) throws TorException {
        boolean more = true;
        while (more) {
            more = false;
            for (Leg leg : legs) {
                while (leg.first != 0 && leg.first <= delivered + 1) {
                    if (leg.first <= delivered) {
                        throw new ProtocolException("conflux message that came over another leg too");
                    }
                    deliverFirst(leg, receiver);
                    more = true;
                }
            }
        }
    }

    private void deliverFirst(Leg leg, Receiver receiver) throws TorException {
        byte[] bytes = scratch();
        leg.waiting.copy(bytes, 0, HEADER);
        int command = bytes[8] & 0xff;
        int streamId = (bytes[9] & 0xff) << 8 | bytes[10] & 0xff;
        int length = (bytes[11] & 0xff) << 8 | bytes[12] & 0xff;
        leg.waiting.copy(bytes, 0, HEADER + length);
        leg.waiting.drop(HEADER + length);
        queuedBytes -= HEADER + length;
        delivered = leg.first;
        leg.first = firstNumber(leg);
        receiver.received(command, streamId, bytes, HEADER, length);
    }

    private static long firstNumber(Leg leg) {
        if (leg.waiting.size() == 0) {
            return 0;
        }
        return leg.waiting.firstLong();
    }

    private byte[] scratch() {
        byte[] bytes = scratch;
        if (bytes == null) {
            bytes = new byte[HEADER + Cell.BODY];
            scratch = bytes;
        }
        return bytes;
    }
}
