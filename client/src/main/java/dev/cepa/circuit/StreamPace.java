package dev.cepa.circuit;

import dev.cepa.error.ProtocolException;

/**
 * When the far end of a stream lets us send, on a circuit whose congestion is controlled (proposal 324 section 4): it stops
 * us by XOFF and lets us go on by XON, at a speed if it names one. It is held to do so no more often than what we sent
 * explains, as each of those messages could be a signal to somebody who watches. Guarded by the circuit's send lock.
 */
final class StreamPace {
    /** May not send until an XON comes. */
    static final long STOPPED = Long.MAX_VALUE;

    private static final long SECOND = 1_000_000_000L;
    /** What may be sent at once at any speed: a turn's worth of cells. */
    private static final long LEAST_BURST = 16 * 498;

    private final CongestionSettings.Streams limits;
    private boolean stopped;
    private long sent;
    private long stops;
    private long starts;
    /** Bytes a second; 0 for as many as there are. */
    private long rate;
    /** Bytes that may be sent at that speed by {@link #at}; may be less than none. */
    private long credit;

    private long at;

    StreamPace(CongestionSettings.Streams limits) {
        this.limits = limits;
    }

    /** Whether as much may be sent as there is. */
    boolean isFree() {
        return !stopped && rate == 0;
    }

    /** How many nanoseconds from now a cell may be sent: none, {@link #STOPPED}, or in between. */
    long nanosToWait(long now) {
        if (stopped) {
            return STOPPED;
        }
        if (rate == 0) {
            return 0;
        }
        long burst = Math.max(LEAST_BURST, rate / 10);
        long passed = Math.min(now - at, SECOND);
        credit = Math.min(burst, credit + rate * passed / SECOND);
        at = now;
        return credit > 0 ? 0 : Math.max(1, (1 - credit) * SECOND / rate);
    }

    /** So many bytes were sent. */
    void sent(int bytes) {
        sent += bytes;
        credit -= bytes;
    }

    /** How often the far end has stopped us. */
    long stops() {
        return stops;
    }

    /** XOFF has come. */
    void stop() throws ProtocolException {
        stops++;
        if (stopped || sent < stops * limits.farStop()) {
            throw new ProtocolException("XOFF that what was sent on the stream does not explain");
        }
        stopped = true;
    }

    /**
     * XON has come.
     *
     * @param kilobytes a second; 0 for as many as there are
     */
    void go(long kilobytes, long now) throws ProtocolException {
        starts++;
        if (sent < starts * Math.min(limits.farStop(), limits.rate())) {
            throw new ProtocolException("XON that what was sent on the stream does not explain");
        }
        stopped = false;
        rate = kilobytes * 1000;
        credit = Math.max(credit, 0);
        at = now;
    }
}
