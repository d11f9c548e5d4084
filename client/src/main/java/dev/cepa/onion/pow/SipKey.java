package dev.cepa.onion.pow;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The four words from which SipHash starts. HashX gives them directly, where ordinary SipHash derives them from a key of
 * 16 bytes.
 */
record SipKey(long v0, long v1, long v2, long v3) {
    static final int LENGTH = 4 * Long.BYTES;

    /** The key in {@link #LENGTH} bytes, little-endian. */
    static SipKey of(byte[] bytes, int offset) {
        ByteBuffer words = ByteBuffer.wrap(bytes, offset, LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        return new SipKey(words.getLong(), words.getLong(), words.getLong(), words.getLong());
    }
}
