package dev.cepa.circuit;

import dev.cepa.crypto.HopCrypto;
import dev.cepa.error.ProtocolException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A window that grows and shrinks with what the path takes ({@link Vegas}), with a hop that has agreed to that (proposal
 * 324). Of what the hop sends nothing is refused here: it is its own window that bounds it.
 *
 * <p>The sending half is guarded by the circuit's send lock, the receiving half is the channel reader's.
 */
final class CongestionControl implements FlowControl {
    private final CongestionSettings settings;
    private final Vegas vegas;
    private final SendmeTags tags;
    private final LongSupplier micros;
    private int received;

    CongestionControl(CongestionSettings settings, int sendmeAcceptMinVersion) {
        this(settings, sendmeAcceptMinVersion, () -> System.nanoTime() / 1000);
    }

    /** @param micros a clock that never goes back, in microseconds */
    CongestionControl(CongestionSettings settings, int sendmeAcceptMinVersion, LongSupplier micros) {
        this.settings = settings;
        this.micros = micros;
        vegas = new Vegas(settings);
        tags = new SendmeTags(sendmeAcceptMinVersion);
    }

    @Override
    public boolean maySend() {
        return vegas.maySend();
    }

    @Override
    public boolean nextIsConfirmed() {
        return (vegas.inFlight() + 1) % settings.sendmeIncrement() == 0;
    }

    @Override
    public void dataSent(HopCrypto crypto) {
        if (nextIsConfirmed()) {
            tags.add(crypto, micros.getAsLong());
        }
        vegas.sent();
    }

    @Override
    public void sendmeReceived(byte @Nullable [] tag, boolean blocked) throws ProtocolException {
        long sent = tags.confirm(tag);
        vegas.confirmed(micros.getAsLong() - sent, blocked);
    }

    @Override
    public boolean dataReceived() {
        received++;
        return received == settings.sendmeIncrement();
    }

    @Override
    public void sendmeSent() {
        received = 0;
    }

    @Override
    public CongestionSettings congestion() {
        return settings;
    }

    @Override
    public long inFlight() {
        return vegas.inFlight();
    }

    @Override
    public long roundTripMicros() {
        return vegas.averageRoundTrip();
    }
}
