package dev.cepa.crypto;

import java.util.Arrays;

/** A key stream that is made block by block. Not thread-safe. */
abstract class BlockKeyStream implements KeyStream {
    private byte[] block = new byte[0];
    private int used;

    /** The next block; the stream wipes it when it has been handed out. */
    abstract byte[] nextBlock();

    @Override
    public final byte[] take(int n) {
        byte[] out = new byte[n];
        for (int at = 0; at < n; ) {
            if (used == block.length) {
                wipeBlock();
                block = nextBlock();
            }
            int length = Math.min(n - at, block.length - used);
            System.arraycopy(block, used, out, at, length);
            used += length;
            at += length;
        }
        return out;
    }

    /** Forgets the block at hand. */
    final void wipeBlock() {
        Arrays.fill(block, (byte) 0);
        block = new byte[0];
        used = 0;
    }
}
