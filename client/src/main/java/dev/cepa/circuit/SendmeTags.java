package dev.cepa.circuit;

import dev.cepa.crypto.HopCrypto;
import dev.cepa.error.ProtocolException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The cells that a hop will confirm, by the tags that its SENDMEs must repeat. Guarded by its owner. */
final class SendmeTags {
    private final int acceptMinVersion;
    private final ArrayDeque<Sent> sent = new ArrayDeque<>(2);

    private record Sent(byte[] tag, long time) {}

    SendmeTags(int sendmeAcceptMinVersion) {
        acceptMinVersion = sendmeAcceptMinVersion;
    }

    /** Notes the cell that {@code crypto} has just originated. */
    void add(HopCrypto crypto, long time) {
        byte[] tag = new byte[crypto.tagLength()];
        crypto.sentTag(tag);
        sent.add(new Sent(tag, time));
    }

    /**
     * Takes the oldest out.
     *
     * @return its time
     * @throws ProtocolException if there is none, or the SENDME is not for it
     */
    long confirm(byte @Nullable [] tag) throws ProtocolException {
        Sent expected = sent.poll();
        if (expected == null) {
            throw new ProtocolException("SENDME for cells that were not sent");
        }
        if (tag == null) {
            if (acceptMinVersion > 0) {
                throw new ProtocolException("SENDME of version 0, which the consensus forbids");
            }
        } else if (!MessageDigest.isEqual(expected.tag, tag)) {
            throw new ProtocolException("SENDME with a wrong tag");
        }
        return expected.time;
    }
}
