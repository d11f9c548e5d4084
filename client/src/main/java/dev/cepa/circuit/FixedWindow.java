package dev.cepa.circuit;

import dev.cepa.crypto.HopCrypto;
import dev.cepa.error.ProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * Windows of 1000 cells, opened again by 100 with each authenticated SENDME (tor-spec section 7.3).
 *
 * <p>The sending half is guarded by the circuit's send lock, the receiving half is the channel reader's.
 */
final class FixedWindow implements FlowControl {
    static final int WINDOW = 1000;
    static final int INCREMENT = 100;

    private final SendmeTags tags;
    private int sendWindow = WINDOW;
    private int receiveWindow = WINDOW;

    FixedWindow(int sendmeAcceptMinVersion) {
        tags = new SendmeTags(sendmeAcceptMinVersion);
    }

    @Override
    public boolean maySend() {
        return sendWindow > 0;
    }

    @Override
    public boolean nextIsConfirmed() {
        return sendWindow % INCREMENT == 1;
    }

    @Override
    public void dataSent(HopCrypto crypto) {
        if (nextIsConfirmed()) {
            tags.add(crypto, 0);
        }
        sendWindow--;
    }

    @Override
    public void sendmeReceived(byte @Nullable [] tag, boolean blocked) throws ProtocolException {
        tags.confirm(tag);
        sendWindow += INCREMENT;
    }

    @Override
    public boolean dataReceived() throws ProtocolException {
        if (receiveWindow == 0) {
            throw new ProtocolException("more DATA than the circuit's window allows");
        }
        receiveWindow--;
        return receiveWindow <= WINDOW - INCREMENT;
    }

    @Override
    public void sendmeSent() {
        receiveWindow += INCREMENT;
    }

    @Override
    public @Nullable CongestionSettings congestion() {
        return null;
    }

    @Override
    public long inFlight() {
        return (long) WINDOW - sendWindow;
    }

    @Override
    public long roundTripMicros() {
        return 0;
    }
}
