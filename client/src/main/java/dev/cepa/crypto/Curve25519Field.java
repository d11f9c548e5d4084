package dev.cepa.crypto;

/**
 * Arithmetic modulo 2^255 - 19, for the few curve operations that the JDK does not offer. A number is ten signed limbs,
 * limb i of weight 2^ceil(25.5 i), so that all products and their sums fit a long. Takes the same time whatever the
 * numbers are. Results are written to a first argument that may be one of the others.
 */
final class Curve25519Field {
    static final int LENGTH = 32;

    private static final int LIMBS = 10;

    private Curve25519Field() {}

    static long[] zero() {
        return new long[LIMBS];
    }

    static long[] one() {
        long[] one = zero();
        one[0] = 1;
        return one;
    }

    /** Bits of limb i: 26 and 25 in turn. */
    private static int bits(int limb) {
        return 26 - (limb & 1);
    }

    /** From 32 bytes, little-endian; the top bit is ignored. */
    static long[] read(byte[] bytes) {
        long[] out = zero();
        int bit = 0;
        for (int i = 0; i < LIMBS; i++) {
            long window = 0;
            for (int j = 0; j < 5 && bit / 8 + j < LENGTH; j++) {
                window |= (bytes[bit / 8 + j] & 0xffL) << 8 * j;
            }
            out[i] = window >>> bit % 8 & (1L << bits(i)) - 1;
            bit += bits(i);
        }
        return out;
    }

    /** As 32 bytes, little-endian, fully reduced. */
    static byte[] write(long[] number) {
        long[] h = number.clone();
        // How often the modulus is contained, found by carrying 19 all the way up.
        long q = 19 * h[9] + (1L << 24) >> 25;
        for (int i = 0; i < LIMBS; i++) {
            q = h[i] + q >> bits(i);
        }
        h[0] += 19 * q;
        byte[] out = new byte[LENGTH];
        int bit = 0;
        for (int i = 0; i < LIMBS; i++) {
            long carry = h[i] >> bits(i);
            long limb = h[i] - (carry << bits(i));
            if (i < LIMBS - 1) {
                h[i + 1] += carry;
            }
            for (int j = 0; j < 5 && bit / 8 + j < LENGTH; j++) {
                out[bit / 8 + j] |= (byte) (limb << bit % 8 >>> 8 * j);
            }
            bit += bits(i);
        }
        return out;
    }

    static void add(long[] out, long[] a, long[] b) {
        for (int i = 0; i < LIMBS; i++) {
            out[i] = a[i] + b[i];
        }
    }

    static void subtract(long[] out, long[] a, long[] b) {
        for (int i = 0; i < LIMBS; i++) {
            out[i] = a[i] - b[i];
        }
    }

    /** The factors may be sums of two or three products; the result is fit for anything. */
    static void multiply(long[] out, long[] a, long[] b) {
        long[] h = new long[LIMBS];
        for (int i = 0; i < LIMBS; i++) {
            for (int j = 0; j < LIMBS; j++) {
                long product = a[i] * b[j] << (i & j & 1);
                int k = i + j;
                if (k < LIMBS) {
                    h[k] += product;
                } else {
                    h[k - LIMBS] += 19 * product;
                }
            }
        }
        for (int i = 0; i < LIMBS; i++) {
            carry(h, i);
        }
        carry(h, 0);
        System.arraycopy(h, 0, out, 0, LIMBS);
    }

    private static void carry(long[] h, int i) {
        long carry = h[i] + (1L << bits(i) - 1) >> bits(i);
        h[i] -= carry << bits(i);
        if (i == LIMBS - 1) {
            h[0] += 19 * carry;
        } else {
            h[i + 1] += carry;
        }
    }

    /** {@code a^(2^252 - 3)}, from which square roots are made. */
    static long[] power2523(long[] a) {
        long[] c = a.clone();
        for (int i = 250; i >= 0; i--) {
            multiply(c, c, c);
            if (i != 1) {
                multiply(c, c, a);
            }
        }
        return c;
    }

    /** {@code a^(2^255 - 21)}, which is one over a. */
    static long[] invert(long[] a) {
        long[] c = a.clone();
        for (int i = 253; i >= 0; i--) {
            multiply(c, c, c);
            if (i != 2 && i != 4) {
                multiply(c, c, a);
            }
        }
        return c;
    }

    static boolean isEqual(long[] a, long[] b) {
        return java.security.MessageDigest.isEqual(write(a), write(b));
    }

    /** Swaps two numbers if {@code bit} is 1. */
    static void swap(long[] a, long[] b, int bit) {
        long mask = -bit;
        for (int i = 0; i < LIMBS; i++) {
            long different = mask & (a[i] ^ b[i]);
            a[i] ^= different;
            b[i] ^= different;
        }
    }
}
