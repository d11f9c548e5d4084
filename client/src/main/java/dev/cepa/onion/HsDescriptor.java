package dev.cepa.onion;

import dev.cepa.error.ProtocolException;
import dev.cepa.netdoc.Protocols;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A service's descriptor, decrypted and verified (rend-spec-v3 section 2.4 and 2.5).
 *
 * @param lifetime how long it may be used after it was fetched
 * @param revision unsigned; of two descriptors of one time period the one with the higher is newer
 * @param expiry when the certificate of its signing key ends
 * @param singleOnion whether the service itself is not hidden
 * @param introPoints those that could be read, in the service's order; perhaps none
 * @param flowControl what the service offers for congestion control; null: nothing
 * @param pow null if it wants no proof of work
 */
public record HsDescriptor(
        Duration lifetime,
        long revision,
        Instant expiry,
        boolean singleOnion,
        List<IntroPoint> introPoints,
        @Nullable FlowControl flowControl,
        @Nullable PowParams pow) {
    /** More introduction points than any service may have. */
    static final int MAX_INTRO_POINTS = 20;

    /**
     * What the service offers for congestion control.
     *
     * @param versions the versions of FlowCtrl, as protocol lists write them
     * @param sendmeIncrement cells that one SENDME acknowledges
     */
    public record FlowControl(String versions, int sendmeIncrement) {
        /** Whether it can do more than fixed windows. */
        boolean offersCongestionControl() {
            try {
                return Protocols.parse("FlowCtrl=" + versions).supports(Protocols.Name.FLOW_CTRL, 2);
            } catch (ProtocolException e) {
                return false;
            }
        }
    }

    public HsDescriptor {
        introPoints = List.copyOf(introPoints);
    }
}
