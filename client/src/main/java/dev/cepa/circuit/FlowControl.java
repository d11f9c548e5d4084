package dev.cepa.circuit;

import dev.cepa.crypto.HopCrypto;
import dev.cepa.error.ProtocolException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * How many DATA cells may be under way to and from one hop: windows of 1000 cells, opened again by 100 with each
 * authenticated SENDME (tor-spec section 7.3). For every cell whose arrival the hop will confirm, the cell's tag is kept;
 * the SENDME must repeat it, which proves that the hop has seen all that came before.
 *
 * <p>The sending half is guarded by the circuit's send lock, the receiving half is the channel reader's.
 */
final class FlowControl {
    static final int WINDOW = 1000;
    static final int INCREMENT = 100;

    private final int acceptMinVersion;
    private final ArrayDeque<byte[]> tags = new ArrayDeque<>(2);
    private int sendWindow = WINDOW;
    private int receiveWindow = WINDOW;

    FlowControl(int sendmeAcceptMinVersion) {
        acceptMinVersion = sendmeAcceptMinVersion;
    }

    /** Whether a DATA cell may be sent now. */
    boolean maySend() {
        return sendWindow > 0;
    }

    /** Whether the hop will confirm the next DATA cell by its tag; such a cell needs some bytes nobody can foresee. */
    boolean nextIsConfirmed() {
        return sendWindow % INCREMENT == 1;
    }

    /** Counts the DATA cell that {@code crypto} has just originated. */
    void dataSent(HopCrypto crypto) {
        if (nextIsConfirmed()) {
            byte[] tag = new byte[crypto.tagLength()];
            crypto.sentTag(tag);
            tags.add(tag);
        }
        sendWindow--;
    }

    /**
     * Opens the window by one increment.
     *
     * @param tag of the SENDME; null in version 0
     * @throws ProtocolException if no SENDME is due, or it is not for the cell that we sent
     */
    void sendmeReceived(byte @Nullable [] tag) throws ProtocolException {
        byte[] expected = tags.poll();
        if (expected == null) {
            throw new ProtocolException("SENDME for cells that were not sent");
        }
        if (tag == null) {
            if (acceptMinVersion > 0) {
                throw new ProtocolException("SENDME of version 0, which the consensus forbids");
            }
        } else if (!MessageDigest.isEqual(expected, tag)) {
            throw new ProtocolException("SENDME with a wrong tag");
        }
        sendWindow += INCREMENT;
    }

    /**
     * Counts a DATA cell received.
     *
     * @return true if a SENDME with this cell's tag must go back now
     * @throws ProtocolException if it is more than the window allows
     */
    boolean dataReceived() throws ProtocolException {
        if (receiveWindow == 0) {
            throw new ProtocolException("more DATA than the circuit's window allows");
        }
        receiveWindow--;
        return receiveWindow <= WINDOW - INCREMENT;
    }

    /** Counts a SENDME that was sent. */
    void sendmeSent() {
        receiveWindow += INCREMENT;
    }
}
