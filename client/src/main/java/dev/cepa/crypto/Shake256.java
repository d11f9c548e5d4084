package dev.cepa.crypto;

import java.util.Arrays;

/**
 * SHAKE256 (FIPS 202), which the JDK does not offer in public: absorbs bytes by {@link #update}, and gives output of any
 * length from the first {@link #take} on. Allocates nothing but what it hands out. Not thread-safe.
 */
public final class Shake256 implements KeyStream {
    /** Bytes absorbed or given out between two permutations. */
    private static final int RATE = 136;

    private static final int ROUNDS = 24;
    private static final long[] ROUND_CONSTANTS = {
        0x0000000000000001L, 0x0000000000008082L, 0x800000000000808aL, 0x8000000080008000L,
        0x000000000000808bL, 0x0000000080000001L, 0x8000000080008081L, 0x8000000000008009L,
        0x000000000000008aL, 0x0000000000000088L, 0x0000000080008009L, 0x000000008000000aL,
        0x000000008000808bL, 0x800000000000008bL, 0x8000000000008089L, 0x8000000000008003L,
        0x8000000000008002L, 0x8000000000000080L, 0x000000000000800aL, 0x800000008000000aL,
        0x8000000080008081L, 0x8000000000008080L, 0x0000000080000001L, 0x8000000080008008L,
    };
    /** Where the lane at this step of the pi cycle goes, starting with lane 1, and how far it is rotated. */
    private static final int[] PI_LANES = {
        10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
    };

    private static final int[] ROTATIONS = {
        1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
    };

    /** Lane (x, y) is at {@code x + 5 y}. */
    private final long[] state = new long[25];

    private final long[] column = new long[5];
    /** Bytes of the rate that were absorbed or given out since the last permutation. */
    private int position;

    private boolean squeezing;
    private boolean wiped;

    /** Absorbs bytes; not after {@link #take}. */
    public Shake256 update(byte[] bytes) {
        if (squeezing) {
            throw new IllegalStateException("SHAKE256 takes no input once output was taken");
        }
        for (byte b : bytes) {
            xor(position++, b & 0xff);
            if (position == RATE) {
                permute();
            }
        }
        return this;
    }

    @Override
    public byte[] take(int n) {
        if (wiped) {
            throw new IllegalStateException("the state was wiped");
        }
        if (!squeezing) {
            xor(position, 0x1f);
            xor(RATE - 1, 0x80);
            permute();
            squeezing = true;
        }
        byte[] out = new byte[n];
        for (int i = 0; i < n; i++) {
            if (position == RATE) {
                permute();
            }
            out[i] = (byte) (state[position >> 3] >>> 8 * (position & 7));
            position++;
        }
        return out;
    }

    @Override
    public void wipe() {
        Arrays.fill(state, 0);
        Arrays.fill(column, 0);
        wiped = true;
    }

    private void xor(int at, int value) {
        state[at >> 3] ^= (long) value << 8 * (at & 7);
    }

    /** Keccak-f[1600] (FIPS 202 section 3.3). */
    private void permute() {
        long[] a = state;
        long[] c = column;
        for (int round = 0; round < ROUNDS; round++) {
            // theta
            for (int x = 0; x < 5; x++) {
                c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
            }
            for (int x = 0; x < 5; x++) {
                long d = c[(x + 4) % 5] ^ Long.rotateLeft(c[(x + 1) % 5], 1);
                for (int lane = x; lane < 25; lane += 5) {
                    a[lane] ^= d;
                }
            }
            // rho and pi
            long moving = a[1];
            for (int i = 0; i < PI_LANES.length; i++) {
                int lane = PI_LANES[i];
                long next = a[lane];
                a[lane] = Long.rotateLeft(moving, ROTATIONS[i]);
                moving = next;
            }
            // chi
            for (int row = 0; row < 25; row += 5) {
                System.arraycopy(a, row, c, 0, 5);
                for (int x = 0; x < 5; x++) {
                    a[row + x] = c[x] ^ ~c[(x + 1) % 5] & c[(x + 2) % 5];
                }
            }
            // iota
            a[0] ^= ROUND_CONSTANTS[round];
        }
        position = 0;
    }
}
