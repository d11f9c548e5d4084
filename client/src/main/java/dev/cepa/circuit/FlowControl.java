package dev.cepa.circuit;

import dev.cepa.crypto.HopCrypto;
import dev.cepa.error.ProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * How many DATA cells may be under way to and from one hop: {@linkplain FixedWindow a thousand}, or with a relay that agrees
 * {@linkplain CongestionControl as many as the path takes}. Either way the hop confirms some of them by a SENDME with the
 * cell's tag, which proves that it has seen all that came before.
 *
 * <p>The sending half is guarded by the circuit's send lock, the receiving half is the channel reader's.
 */
sealed interface FlowControl permits FixedWindow, CongestionControl {
    /** Whether a DATA cell may be sent now. */
    boolean maySend();

    /** Whether the hop will confirm the next DATA cell by its tag; such a cell needs some bytes nobody can foresee. */
    boolean nextIsConfirmed();

    /** Counts the DATA cell that {@code crypto} has just originated. */
    void dataSent(HopCrypto crypto);

    /**
     * A SENDME has come: more may be sent.
     *
     * @param tag of the SENDME; null in version 0
     * @param blocked whether the channel takes no more cells at the moment
     * @throws ProtocolException if no SENDME is due, or it is not for the cell that we sent
     */
    void sendmeReceived(byte @Nullable [] tag, boolean blocked) throws ProtocolException;

    /**
     * Counts a DATA cell received.
     *
     * @return true if a SENDME with this cell's tag must go back now
     * @throws ProtocolException if it is more than was allowed
     */
    boolean dataReceived() throws ProtocolException;

    /** Counts a SENDME that was sent. */
    void sendmeSent();

    /** How congestion is controlled; null if it is not, and streams have windows of their own. */
    @Nullable CongestionSettings congestion();

    /** DATA cells that were sent and are not confirmed; of the sending half. */
    long inFlight();

    /** The average round trip in microseconds; 0 as long as none was measured. Of the sending half. */
    long roundTripMicros();
}
