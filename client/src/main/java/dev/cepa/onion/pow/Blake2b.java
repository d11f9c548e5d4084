package dev.cepa.onion.pow;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * BLAKE2b (RFC 7693) without a key, for messages that are at hand as a whole: the JDK has none. The length of the digest
 * is part of what is hashed, so that a short digest is not a prefix of a longer one. Thread-safe: keeps no state.
 */
final class Blake2b {
    private static final int BLOCK = 128;
    private static final int ROUNDS = 12;
    private static final byte[] NO_SALT = new byte[16];
    private static final long[] IV = {
        0x6a09e667f3bcc908L, 0xbb67ae8584caa73bL, 0x3c6ef372fe94f82bL, 0xa54ff53a5f1d36f1L,
        0x510e527fade682d1L, 0x9b05688c2b3e6c1fL, 0x1f83d9abfb41bd6bL, 0x5be0cd19137e2179L
    };

    /** The order in which a round takes the words of a block, one digit a word; the rounds begin anew after ten. */
    private static final String[] SCHEDULE = {
        "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d",
        "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0"
    };
    private static final byte[][] ORDER = new byte[SCHEDULE.length][BLOCK / Long.BYTES];

    static {
        for (int round = 0; round < ORDER.length; round++) {
            for (int i = 0; i < ORDER[round].length; i++) {
                ORDER[round][i] = (byte) Character.digit(SCHEDULE[round].charAt(i), 16);
            }
        }
    }

    private Blake2b() {}

    /** The digest of {@code length} bytes, 1 to 64. */
    static byte[] hash(int length, byte[] message) {
        return hash(length, NO_SALT, message);
    }

    /** The digest of {@code length} bytes, 1 to 64, with a salt of 16 bytes. */
    static byte[] hash(int length, byte[] salt, byte[] message) {
        long[] state = IV.clone();
        // The parameter block: length of the digest, no key, a tree of one leaf; its third quarter is the salt.
        state[0] ^= 0x01010000L ^ length;
        ByteBuffer salts = littleEndian(salt);
        state[4] ^= salts.getLong(0);
        state[5] ^= salts.getLong(8);

        int at = 0;
        // The last block is never an empty one, unless the message is.
        for (; message.length - at > BLOCK; at += BLOCK) {
            compress(state, littleEndian(message), at, at + BLOCK, 0);
        }
        compress(state, littleEndian(Arrays.copyOfRange(message, at, at + BLOCK)), 0, message.length, -1);

        byte[] digest = new byte[8 * Long.BYTES];
        littleEndian(digest).asLongBuffer().put(state);
        return Arrays.copyOf(digest, length);
    }

    /** Mixes in one block; {@code end} is how many bytes of the message have been seen with it. */
    private static void compress(long[] state, ByteBuffer block, int at, long end, long last) {
        long[] m = new long[BLOCK / Long.BYTES];
        for (int i = 0; i < m.length; i++) {
            m[i] = block.getLong(at + i * Long.BYTES);
        }
        long[] v = Arrays.copyOf(state, 16);
        System.arraycopy(IV, 0, v, 8, 8);
        v[12] ^= end;
        v[14] ^= last;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] order = ORDER[round % ORDER.length];
            for (int i = 0; i < 4; i++) {
                mix(v, i, 4 + i, 8 + i, 12 + i, m[order[2 * i]], m[order[2 * i + 1]]);
            }
            for (int i = 0; i < 4; i++) {
                int b = 4 + (i + 1) % 4;
                int c = 8 + (i + 2) % 4;
                int d = 12 + (i + 3) % 4;
                mix(v, i, b, c, d, m[order[8 + 2 * i]], m[order[9 + 2 * i]]);
            }
        }
        for (int i = 0; i < state.length; i++) {
            state[i] ^= v[i] ^ v[i + 8];
        }
    }

    private static void mix(long[] v, int a, int b, int c, int d, long x, long y) {
        v[a] += v[b] + x;
        v[d] = Long.rotateRight(v[d] ^ v[a], 32);
        v[c] += v[d];
        v[b] = Long.rotateRight(v[b] ^ v[c], 24);
        v[a] += v[b] + y;
        v[d] = Long.rotateRight(v[d] ^ v[a], 16);
        v[c] += v[d];
        v[b] = Long.rotateRight(v[b] ^ v[c], 63);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
