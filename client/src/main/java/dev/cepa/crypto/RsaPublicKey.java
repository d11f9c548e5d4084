package dev.cepa.crypto;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * An RSA key for verifying Tor's signatures, which are PKCS#1 v1.5 of type 1 over the bare digest, without the DigestInfo
 * that the JDK's signatures want (tor-spec section 0.3). Immutable.
 */
public final class RsaPublicKey {
    private static final int MIN_BITS = 1024;
    private static final int MAX_BITS = 16_384;
    /** 00 | 01 | at least eight ff | 00. */
    private static final int PADDING = 11;

    private final BigInteger modulus;
    private final BigInteger exponent;
    private final RsaId identity;

    private RsaPublicKey(BigInteger modulus, BigInteger exponent, RsaId identity) {
        this.modulus = modulus;
        this.exponent = exponent;
        this.identity = identity;
    }

    /**
     * Reads a key.
     *
     * @param pkcs1Der PKCS#1 in DER, the body of "BEGIN RSA PUBLIC KEY"
     * @throws ProtocolException if it is not exactly that, or a key of less than 1,024 or more than 16,384 bits, or one with
     *     an even or absurdly large exponent
     */
    public static RsaPublicKey parse(byte[] pkcs1Der) throws ProtocolException {
        ByteReader all = new ByteReader(pkcs1Der);
        ByteReader sequence = element(all, 0x30);
        all.expectEnd("RSA key");
        BigInteger modulus = positive(element(sequence, 0x02));
        BigInteger exponent = positive(element(sequence, 0x02));
        sequence.expectEnd("RSA key");
        if (modulus.bitLength() < MIN_BITS || modulus.bitLength() > MAX_BITS || !modulus.testBit(0)) {
            throw new ProtocolException("RSA key with an unusable modulus of " + modulus.bitLength() + " bits");
        }
        if (exponent.bitLength() < 2 || exponent.bitLength() > 32 || !exponent.testBit(0)) {
            throw new ProtocolException("RSA key with an unusable exponent of " + exponent.bitLength() + " bits");
        }
        return new RsaPublicKey(modulus, exponent, RsaId.of(Primitives.sha1().digest(pkcs1Der)));
    }

    /** The SHA-1 digest of the DER that the key was read from. */
    public RsaId identity() {
        return identity;
    }

    /** Bits of the modulus. */
    public int bits() {
        return modulus.bitLength();
    }

    /** Whether the exponent is 65,537, as those of identity and onion keys must be. */
    public boolean hasStandardExponent() {
        return exponent.bitLength() == 17 && exponent.bitCount() == 2;
    }

    /** Whether a signature of the modulus's length is one of this digest, whatever made the digest. */
    public boolean verifies(byte[] digest, byte[] signature) {
        int length = (modulus.bitLength() + 7) / 8;
        if (digest.length > length - PADDING || !fits(signature, length)) {
            return false;
        }
        byte[] expected = new byte[length];
        expected[1] = 1;
        Arrays.fill(expected, 2, length - digest.length - 1, (byte) 0xff);
        System.arraycopy(digest, 0, expected, length - digest.length, digest.length);
        return MessageDigest.isEqual(expected, block(signature, length));
    }

    /**
     * What was signed, for signatures over a digest that is not known beforehand.
     *
     * @param signature as long as the modulus
     * @throws ProtocolException if it is not a signature by this key
     */
    public byte[] recover(byte[] signature) throws ProtocolException {
        int length = (modulus.bitLength() + 7) / 8;
        if (fits(signature, length)) {
            byte[] block = block(signature, length);
            int end = 2;
            while (end < length && block[end] == (byte) 0xff) {
                end++;
            }
            if (block[0] == 0 && block[1] == 1 && end >= PADDING - 1 && end < length && block[end] == 0) {
                return Arrays.copyOfRange(block, end + 1, length);
            }
        }
        throw new ProtocolException("not a signature by the RSA key " + identity);
    }

    private boolean fits(byte[] signature, int length) {
        return signature.length == length && new BigInteger(1, signature).compareTo(modulus) < 0;
    }

    /** The padded block under a signature, with leading zeros. */
    private byte[] block(byte[] signature, int length) {
        byte[] number = new BigInteger(1, signature).modPow(exponent, modulus).toByteArray();
        byte[] block = new byte[length];
        int used = Math.min(number.length, length); // a sign byte may come before
        System.arraycopy(number, number.length - used, block, length - used, used);
        return block;
    }

    /** The contents of a DER element with that tag and the shortest form of length. */
    private static ByteReader element(ByteReader in, int tag) throws ProtocolException {
        if (in.u8() != tag) {
            throw new ProtocolException("RSA key is not in PKCS#1");
        }
        int length = in.u8();
        if (length == 0x81) {
            length = in.u8();
            requireShortest(length >= 0x80);
        } else if (length == 0x82) {
            length = in.u16();
            requireShortest(length >= 0x100);
        } else {
            requireShortest(length < 0x80);
        }
        return in.slice(length);
    }

    private static BigInteger positive(ByteReader in) throws ProtocolException {
        byte[] bytes = in.rest();
        if (bytes.length == 0 || bytes[0] < 0) {
            throw new ProtocolException("RSA key with a number that is not positive");
        }
        requireShortest(bytes.length == 1 || bytes[0] != 0 || bytes[1] < 0);
        return new BigInteger(bytes);
    }

    private static void requireShortest(boolean shortest) throws ProtocolException {
        if (!shortest) {
            throw new ProtocolException("RSA key is not in DER: a length or number is not in its shortest form");
        }
    }
}
