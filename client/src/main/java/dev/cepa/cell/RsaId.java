package dev.cepa.cell;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** A relay's RSA identity: the SHA-1 digest of its PKCS#1-encoded public key (tor-spec section 0.3). Immutable. */
public final class RsaId {
    /** Length in bytes. */
    public static final int LENGTH = 20;

    private final byte[] bytes;

    private RsaId(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Of exactly {@link #LENGTH} bytes, which are copied. */
    public static RsaId of(byte[] bytes) {
        return of(bytes, 0, bytes.length);
    }

    /** Of {@code length} bytes from {@code offset}, which are copied; {@code length} must be {@link #LENGTH}. */
    public static RsaId of(byte[] bytes, int offset, int length) {
        if (length != LENGTH) {
            throw new IllegalArgumentException(length + " bytes instead of " + LENGTH);
        }
        return new RsaId(Arrays.copyOfRange(bytes, offset, offset + length));
    }

    /** Of 40 hexadecimal digits, in either case, with or without a leading dollar sign. */
    public static RsaId ofHex(String hex) {
        return of(HexFormat.of().parseHex(hex.startsWith("$") ? hex.substring(1) : hex));
    }

    /** A copy of the bytes. */
    public byte[] toBytes() {
        return bytes.clone();
    }

    /** Whether all bytes are zero, which no relay's identity is. */
    public boolean isZero() {
        int or = 0;
        for (byte b : bytes) {
            or |= b;
        }
        return or == 0;
    }

    /** Compares in constant time. */
    @Override
    public boolean equals(Object other) {
        return other instanceof RsaId id && MessageDigest.isEqual(bytes, id.bytes);
    }

    @Override
    public int hashCode() {
        return (bytes[0] & 0xff) | (bytes[1] & 0xff) << 8 | (bytes[2] & 0xff) << 16 | bytes[3] << 24;
    }

    /** Forty upper-case hexadecimal digits. */
    @Override
    public String toString() {
        return HexFormat.of().withUpperCase().formatHex(bytes);
    }
}
