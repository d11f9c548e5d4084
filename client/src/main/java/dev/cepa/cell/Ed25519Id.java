package dev.cepa.cell;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;

/** A relay's Ed25519 identity: its public key (tor-spec section 0.3). Immutable. */
public final class Ed25519Id {
    /** Length in bytes. */
    public static final int LENGTH = 32;

    private final byte[] bytes;

    private Ed25519Id(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Of exactly {@link #LENGTH} bytes, which are copied. */
    public static Ed25519Id of(byte[] bytes) {
        return of(bytes, 0, bytes.length);
    }

    /** Of {@code length} bytes from {@code offset}, which are copied; {@code length} must be {@link #LENGTH}. */
    public static Ed25519Id of(byte[] bytes, int offset, int length) {
        if (length != LENGTH) {
            throw new IllegalArgumentException(length + " bytes instead of " + LENGTH);
        }
        return new Ed25519Id(Arrays.copyOfRange(bytes, offset, offset + length));
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
        return other instanceof Ed25519Id id && MessageDigest.isEqual(bytes, id.bytes);
    }

    @Override
    public int hashCode() {
        return (bytes[0] & 0xff) | (bytes[1] & 0xff) << 8 | (bytes[2] & 0xff) << 16 | bytes[3] << 24;
    }

    /** Base64 without padding, as directory documents write it. */
    @Override
    public String toString() {
        return Base64.getEncoder().withoutPadding().encodeToString(bytes);
    }
}
