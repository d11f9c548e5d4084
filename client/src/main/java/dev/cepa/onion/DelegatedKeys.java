package dev.cepa.onion;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.crypto.Ed25519;
import dev.cepa.crypto.Ed25519Certificate;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a service without its master key needs to publish descriptors in some time periods that follow one another. As
 * bytes: a head of 32 | public key 32 | length of a period in minutes 4 | its offset in seconds 8 | first period's number 8 |
 * how many 2, and for each the signing key 64 | the key of its revision numbers 32 | the certificate 140. The blinded keys
 * follow from the public key. Thread-safe but for {@link #wipe}.
 */
public final class DelegatedKeys {
    /** More than a year of days. */
    public static final int MOST = 400;

    private static final byte[] HEAD =
            Arrays.copyOf("== cepa-delegated: type1 ==".getBytes(StandardCharsets.US_ASCII), 32);
    private static final int CERTIFICATE = 140;
    private static final int FIXED = 32 + 32 + 4 + 8 + 8 + 2;
    private static final int EACH = Ed25519KeyPair.SECRET_LENGTH + RevisionCounter.KEY + CERTIFICATE;
    private static final int MAX_MINUTES = 14 * 1440;
    /** Descriptors of a period are of use throughout the next too, at most, and for as long as they live. */
    private static final Duration LIFETIME = Duration.ofHours(3);

    private final byte[] publicKey;
    private final TimePeriod first;
    private final int number;
    private final byte[] bytes;

    private DelegatedKeys(byte[] publicKey, TimePeriod first, int number, byte[] bytes) {
        this.publicKey = publicKey;
        this.first = first;
        this.number = number;
        this.bytes = bytes;
    }

    /**
     * Makes them, where the master key is.
     *
     * @param number of periods, 1 to {@value #MOST}
     * @return the bytes, which are secret
     */
    public static byte[] make(Ed25519KeyPair identity, TimePeriod first, int number, SecureRandom random) {
        if (number < 1 || number > MOST) {
            throw new IllegalArgumentException("time periods must be 1 to " + MOST + ", not " + number);
        }
        ByteBuffer out = ByteBuffer.allocate(FIXED + number * EACH)
                .put(HEAD)
                .put(identity.publicKey())
                .putInt(first.lengthMinutes())
                .putLong(first.offsetSeconds())
                .putLong(first.number())
                .putShort((short) number);
        TimePeriod period = first;
        for (int i = 0; i < number; i++) {
            Ed25519KeyPair signing = Ed25519KeyPair.generate(random);
            DescriptorKeys keys = DescriptorKeys.of(identity, period, signing);
            byte[] secret = signing.secretKey();
            out.put(secret)
                    .put(keys.counter().key())
                    .put(keys.certificate(period.next().end().plus(LIFETIME)));
            Primitives.wipe(secret);
            keys.wipe();
            period = period.next();
        }
        return out.array();
    }

    /**
     * Reads them.
     *
     * @param bytes theirs from then on
     * @throws ProtocolException if they are none
     */
    static DelegatedKeys parse(byte[] bytes) throws ProtocolException {
        ByteReader in = new ByteReader(bytes);
        if (bytes.length < FIXED || !Arrays.equals(in.bytes(HEAD.length), HEAD)) {
            throw new ProtocolException("no delegated keys of an onion service");
        }
        byte[] publicKey = in.bytes(Ed25519.KEY_LENGTH);
        long minutes = in.u32();
        long offset = in.i64();
        long firstNumber = in.i64();
        int number = in.u16();
        boolean good = minutes >= 1 && minutes <= MAX_MINUTES && offset >= 0 && offset <= Integer.MAX_VALUE
                && firstNumber >= 0 && firstNumber <= Integer.MAX_VALUE
                && number >= 1 && number <= MOST && bytes.length == FIXED + number * EACH;
        if (!good) {
            throw new ProtocolException("delegated keys of an onion service that are damaged");
        }
        return new DelegatedKeys(publicKey, new TimePeriod(firstNumber, (int) minutes, offset), number, bytes);
    }

    /** A copy of the service's public key. */
    byte[] publicKey() {
        return publicKey.clone();
    }

    /** The first period that they are not for. */
    TimePeriod end() {
        return new TimePeriod(first.number() + number, first.lengthMinutes(), first.offsetSeconds());
    }

    /** Whether there are some for that period. */
    boolean covers(TimePeriod period) {
        return period.lengthMinutes() == first.lengthMinutes() && period.number() >= first.number() && period.number() < first.number() + number;
    }

    /**
     * Those of a period; null if there are none.
     *
     * @throws ProtocolException if their certificate is not by the service, or not of that key
     */
    @Nullable DescriptorKeys of(TimePeriod period) throws ProtocolException {
        if (!covers(period)) {
            return null;
        }
        PeriodKeys keys = PeriodKeys.of(OnionAddress.of(publicKey), period);
        int at = FIXED + (int) (period.number() - first.number()) * EACH;
        byte[] secret = Arrays.copyOfRange(bytes, at, at + Ed25519KeyPair.SECRET_LENGTH);
        at += secret.length;
        byte[] counter = Arrays.copyOfRange(bytes, at, at + RevisionCounter.KEY);
        byte[] certificate = Arrays.copyOfRange(bytes, at + counter.length, at + counter.length + CERTIFICATE);
        Ed25519KeyPair signing = Ed25519KeyPair.ofExpanded(secret);
        Primitives.wipe(secret);
        Ed25519Certificate parsed = Ed25519Certificate.parse(certificate);
        if (parsed.type() != Ed25519Certificate.HS_DESCRIPTOR_SIGNING
                || !MessageDigest.isEqual(parsed.certifiedKey(), signing.publicKey())
                || !parsed.verify(Ed25519Id.of(keys.blindedKey()))) {
            signing.wipe();
            throw new ProtocolException("delegated keys of an onion service with a certificate that is not its own");
        }
        return DescriptorKeys.delegated(keys, signing, new RevisionCounter(counter), certificate);
    }

    DelegatedKeys copy() {
        return new DelegatedKeys(publicKey, first, number, bytes.clone());
    }

    void wipe() {
        Primitives.wipe(bytes);
    }
}
