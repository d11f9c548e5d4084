package dev.cepa.onion;

import dev.cepa.cell.HostText;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Locale;

/**
 * An onion service's address: its Ed25519 identity key, with a checksum and the version, in base32 (rend-spec-v3
 * section 6). Immutable.
 */
public final class OnionAddress {
    /** Characters before ".onion". */
    public static final int TEXT_LENGTH = 56;

    private static final int KEY = 32;
    private static final int VERSION = 3;
    private static final int V2_TEXT_LENGTH = 16;
    private static final String SUFFIX = ".onion";
    private static final byte[] CHECKSUM = ".onion checksum".getBytes(StandardCharsets.US_ASCII);

    private final byte[] key;

    private OnionAddress(byte[] key) {
        this.key = key;
    }

    /** Of a service's 32-byte identity key, which is copied. */
    public static OnionAddress of(byte[] key) {
        if (key.length != KEY) {
            throw new IllegalArgumentException("identity key of " + key.length + " bytes");
        }
        return new OnionAddress(key.clone());
    }

    /** Whether a host name is an onion service's, well-formed or not, so that no exit may hear of it. */
    public static boolean isOnion(String host) {
        return HostText.isOnion(host);
    }

    /**
     * Reads a host name that {@link #isOnion}; what stands before the address is the service's own affair.
     *
     * @throws OnionServiceException with reason BAD_ADDRESS
     */
    public static OnionAddress parse(String host) throws OnionServiceException {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.endsWith(".")) {
            name = name.substring(0, name.length() - 1);
        }
        if (!name.endsWith(SUFFIX)) {
            throw bad("an onion address ends in .onion");
        }
        String label = name.substring(name.lastIndexOf('.', name.length() - SUFFIX.length() - 1) + 1,
                name.length() - SUFFIX.length());
        return parseLabel(label);
    }

    /**
     * Reads the {@link #TEXT_LENGTH} characters before ".onion".
     *
     * @throws OnionServiceException with reason BAD_ADDRESS
     */
    public static OnionAddress parseLabel(String label) throws OnionServiceException {
        if (label.length() == V2_TEXT_LENGTH) {
            throw bad("onion addresses of version 2 (16 characters) are no longer in use; ask for the service's new address");
        }
        byte[] bytes = Base32.decode(label, KEY + 3);
        if (bytes == null) {
            throw bad("an onion address has " + TEXT_LENGTH + " characters, a to z and 2 to 7");
        }
        if (bytes[KEY + 2] != VERSION) {
            throw bad("onion addresses of version " + (bytes[KEY + 2] & 0xff) + " are not known");
        }
        byte[] key = Arrays.copyOf(bytes, KEY);
        byte[] sum = checksum(key);
        if (bytes[KEY] != sum[0] || bytes[KEY + 1] != sum[1]) {
            throw bad("the onion address has a typing mistake: its checksum is wrong");
        }
        return new OnionAddress(key);
    }

    private static byte[] checksum(byte[] key) {
        return Primitives.sha3(CHECKSUM, key, new byte[] {VERSION});
    }

    private static OnionServiceException bad(String why) {
        return new OnionServiceException(Reason.BAD_ADDRESS, why);
    }

    /** A copy of the service's 32-byte identity key. */
    public byte[] key() {
        return key.clone();
    }

    /** The {@link #TEXT_LENGTH} characters before ".onion". */
    public String label() {
        byte[] bytes = Arrays.copyOf(key, KEY + 3);
        System.arraycopy(checksum(key), 0, bytes, KEY, 2);
        bytes[KEY + 2] = VERSION;
        return Base32.encode(bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OnionAddress address && MessageDigest.isEqual(key, address.key);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(key);
    }

    /** Which service somebody visits is nobody's business: only the end, enough to tell two services apart. */
    @Override
    public String toString() {
        return "[...]" + label().substring(TEXT_LENGTH - 3) + SUFFIX;
    }
}
