package dev.cepa.onion;

import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.ProtocolException;
import java.nio.charset.StandardCharsets;

/**
 * What a service goes by in one time period: its identity key blinded, so that directories can't tell whose descriptor they
 * have, and the subcredential, which whoever knows the address shares (rend-spec-v3 section 2.1 and appendix A). Immutable.
 */
public final class PeriodKeys {
    private static final byte[] BLIND = "Derive temporary signing key\0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] KEY_BLIND = "key-blind".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CREDENTIAL = "credential".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SUBCREDENTIAL = "subcredential".getBytes(StandardCharsets.US_ASCII);
    /** The curve's base point, in the words of the specification. */
    private static final byte[] BASE_POINT =
            ("(15112221349535400772501151409588531511454012693041857206046113283949847762202, "
                            + "46316835694926478169428394003475163141307993866256225615783033603165251855960)")
                    .getBytes(StandardCharsets.US_ASCII);

    private final TimePeriod period;
    private final byte[] blindedKey;
    private final byte[] subcredential;

    private PeriodKeys(TimePeriod period, byte[] blindedKey, byte[] subcredential) {
        this.period = period;
        this.blindedKey = blindedKey;
        this.subcredential = subcredential;
    }

    /**
     * Those of a service that we know by its address.
     *
     * @throws ProtocolException if its key is no good point on the curve
     */
    public static PeriodKeys of(OnionAddress address, TimePeriod period) throws ProtocolException {
        byte[] key = address.key();
        return of(key, Ed25519KeyPair.blind(key, factor(key, period)), period);
    }

    static PeriodKeys of(byte[] identity, byte[] blindedKey, TimePeriod period) {
        byte[] credential = Primitives.sha3(CREDENTIAL, identity);
        return new PeriodKeys(period, blindedKey, Primitives.sha3(SUBCREDENTIAL, credential, blindedKey));
    }

    /** What a service's identity key is blinded with in this time period: 32 bytes. */
    static byte[] factor(byte[] identity, TimePeriod period) {
        return Primitives.sha3(BLIND, identity, BASE_POINT, KEY_BLIND, period.numberThenLength());
    }

    /** The service's own key pair in this time period, by which it signs. */
    public static Ed25519KeyPair blind(Ed25519KeyPair identity, TimePeriod period) {
        return identity.blinded(factor(identity.publicKey(), period));
    }

    /** In which they hold. */
    public TimePeriod period() {
        return period;
    }

    /** A copy of the 32-byte blinded public key. */
    public byte[] blindedKey() {
        return blindedKey.clone();
    }

    /** A copy of the 32-byte subcredential. */
    public byte[] subcredential() {
        return subcredential.clone();
    }
}
