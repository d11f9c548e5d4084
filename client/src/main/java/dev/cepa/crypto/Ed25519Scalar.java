package dev.cepa.crypto;

/**
 * Arithmetic modulo the order of Ed25519's group, l = 2^252 + 27742317777372353535851937790883648493, in the same time for
 * all numbers. Numbers are bytes, little-endian.
 */
final class Ed25519Scalar {
    static final int LENGTH = 32;

    /** Bytes of l. */
    private static final long[] ORDER = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    };

    private Ed25519Scalar() {}

    /** 64 bytes modulo l, as 32. */
    static byte[] reduce(byte[] number) {
        long[] x = new long[2 * LENGTH];
        for (int i = 0; i < number.length; i++) {
            x[i] = number[i] & 0xff;
        }
        return reduce(x);
    }

    /** {@code a b + c} modulo l, each of 32 bytes. */
    static byte[] multiplyAdd(byte[] a, byte[] b, byte[] c) {
        long[] x = new long[2 * LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            x[i] += c[i] & 0xff;
            for (int j = 0; j < LENGTH; j++) {
                x[i + j] += (a[i] & 0xffL) * (b[j] & 0xff);
            }
        }
        return reduce(x);
    }

    /** Takes the bytes from the top down off the number: 2^256 is less than nothing much modulo l, times sixteen. */
    private static byte[] reduce(long[] x) {
        for (int i = 2 * LENGTH - 1; i >= LENGTH; i--) {
            long carry = 0;
            int j = i - LENGTH;
            for (; j < i - 12; j++) {
                x[j] += carry - 16 * x[i] * ORDER[j - (i - LENGTH)];
                carry = x[j] + 128 >> 8;
                x[j] -= carry << 8;
            }
            x[j] += carry;
            x[i] = 0;
        }
        long carry = 0;
        long top = x[LENGTH - 1] >> 4;
        for (int j = 0; j < LENGTH; j++) {
            x[j] += carry - top * ORDER[j];
            carry = x[j] >> 8;
            x[j] &= 0xff;
        }
        for (int j = 0; j < LENGTH; j++) {
            x[j] -= carry * ORDER[j];
        }
        byte[] out = new byte[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            x[i + 1] += x[i] >> 8;
            out[i] = (byte) x[i];
        }
        java.util.Arrays.fill(x, 0);
        return out;
    }
}
