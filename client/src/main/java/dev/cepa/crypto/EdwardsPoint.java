package dev.cepa.crypto;

import static dev.cepa.crypto.Curve25519Field.add;
import static dev.cepa.crypto.Curve25519Field.multiply;
import static dev.cepa.crypto.Curve25519Field.subtract;
import static dev.cepa.crypto.Curve25519Field.swap;
import static dev.cepa.crypto.Curve25519Field.zero;

import dev.cepa.error.ProtocolException;
import java.util.HexFormat;

/**
 * A point on the curve of Ed25519 (RFC 8032 section 5.1), in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z. The JDK has
 * this arithmetic and does not let anybody use it, but key blinding needs a product that is no signature. Multiplying takes
 * the same time whatever the number is. Not thread-safe.
 */
final class EdwardsPoint {
    private static final long[] D = constant("a3785913ca4deb75abd841414d0a700098e879777940c78c73fe6f2bee6c0352");
    private static final long[] ROOT_OF_MINUS_ONE =
            constant("b0a00e4a271beec478e42fad0618432fa7d7fb3d99004d2b0bdfc14f8024832b");
    private static final byte[] BASE =
            HexFormat.of().parseHex("5866666666666666666666666666666666666666666666666666666666666666");

    private final long[] x;
    private final long[] y;
    private final long[] z;
    private final long[] t;

    private EdwardsPoint(long[] x, long[] y, long[] z, long[] t) {
        this.x = x;
        this.y = y;
        this.z = z;
        this.t = t;
    }

    private static long[] constant(String hex) {
        return Curve25519Field.read(HexFormat.of().parseHex(hex));
    }

    private static EdwardsPoint neutral() {
        return new EdwardsPoint(zero(), Curve25519Field.one(), Curve25519Field.one(), zero());
    }

    /** The generator. */
    static EdwardsPoint base() {
        try {
            return decode(BASE);
        } catch (ProtocolException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * From 32 bytes: y, and the lowest bit of x in the top bit.
     *
     * @throws ProtocolException if it is no point on the curve, or not written in the one way that it should be
     */
    static EdwardsPoint decode(byte[] bytes) throws ProtocolException {
        if (bytes.length != Curve25519Field.LENGTH) {
            throw new ProtocolException("Ed25519 public key of " + bytes.length + " bytes");
        }
        int sign = bytes[31] >> 7 & 1;
        long[] y = Curve25519Field.read(bytes);
        byte[] canonical = Curve25519Field.write(y);
        canonical[31] |= (byte) (sign << 7);
        // x^2 = (y^2 - 1) / (d y^2 + 1) = u / v, and a root of it is u v^3 (u v^7)^((p-5)/8), perhaps times that of -1.
        long[] u = zero();
        multiply(u, y, y);
        long[] v = zero();
        multiply(v, u, D);
        subtract(u, u, Curve25519Field.one());
        add(v, v, Curve25519Field.one());
        long[] v3 = zero();
        multiply(v3, v, v);
        multiply(v3, v3, v);
        long[] x = zero();
        multiply(x, v3, v3);
        multiply(x, x, v);
        multiply(x, x, u);
        x = Curve25519Field.power2523(x);
        multiply(x, x, v3);
        multiply(x, x, u);
        if (!isRoot(x, u, v)) {
            multiply(x, x, ROOT_OF_MINUS_ONE);
        }
        if (!isRoot(x, u, v) || !java.util.Arrays.equals(canonical, bytes)) {
            throw new ProtocolException("Ed25519 public key is no point on the curve");
        }
        if ((Curve25519Field.write(x)[0] & 1) != sign) {
            subtract(x, zero(), x);
        }
        long[] t = zero();
        multiply(t, x, y);
        return new EdwardsPoint(x, y, Curve25519Field.one(), t);
    }

    /** Whether v x^2 = u. */
    private static boolean isRoot(long[] x, long[] u, long[] v) {
        long[] check = zero();
        multiply(check, x, x);
        multiply(check, check, v);
        return Curve25519Field.isEqual(check, u);
    }

    /** As {@link #decode} takes it. */
    byte[] encode() {
        long[] inverse = Curve25519Field.invert(z);
        long[] affineX = zero();
        long[] affineY = zero();
        multiply(affineX, x, inverse);
        multiply(affineY, y, inverse);
        byte[] out = Curve25519Field.write(affineY);
        out[31] |= (byte) ((Curve25519Field.write(affineX)[0] & 1) << 7);
        return out;
    }

    /** This point so many times: 32 bytes, little-endian. */
    EdwardsPoint times(byte[] scalar) {
        EdwardsPoint sum = neutral();
        EdwardsPoint next = new EdwardsPoint(x.clone(), y.clone(), z.clone(), t.clone());
        for (int i = 255; i >= 0; i--) {
            int bit = scalar[i / 8] >> (i & 7) & 1;
            exchange(sum, next, bit);
            next.increase(sum);
            sum.increase(sum);
            exchange(sum, next, bit);
        }
        return sum;
    }

    /** Whether eight times this point is the neutral element. */
    boolean isOfSmallOrder() {
        EdwardsPoint point = new EdwardsPoint(x.clone(), y.clone(), z.clone(), t.clone());
        for (int i = 0; i < 3; i++) {
            point.increase(point);
        }
        return Curve25519Field.isEqual(point.x, zero()) && Curve25519Field.isEqual(point.y, point.z);
    }

    /** Adds another point, or this one. */
    private void increase(EdwardsPoint other) {
        long[] a = zero();
        long[] b = zero();
        long[] c = zero();
        long[] d = zero();
        long[] e = zero();
        subtract(a, y, x);
        subtract(e, other.y, other.x);
        multiply(a, a, e);
        add(b, x, y);
        add(e, other.x, other.y);
        multiply(b, b, e);
        multiply(c, t, other.t);
        multiply(c, c, D);
        add(c, c, c);
        multiply(d, z, other.z);
        add(d, d, d);
        subtract(e, b, a);
        add(b, b, a);
        long[] f = zero();
        subtract(f, d, c);
        add(d, d, c);
        // Sums of two doubled products are too large for a factor; one multiplication by one brings them down.
        multiply(f, f, Curve25519Field.one());
        multiply(d, d, Curve25519Field.one());
        multiply(x, e, f);
        multiply(y, d, b);
        multiply(z, f, d);
        multiply(t, e, b);
    }

    private static void exchange(EdwardsPoint p, EdwardsPoint q, int bit) {
        swap(p.x, q.x, bit);
        swap(p.y, q.y, bit);
        swap(p.z, q.z, bit);
        swap(p.t, q.t, bit);
    }
}
