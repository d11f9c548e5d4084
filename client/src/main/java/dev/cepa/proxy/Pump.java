package dev.cepa.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Copies one direction of a connection. Waits with a buffer of one cell and takes a large one only while there is more,
 * so that an idle connection costs little. Owned by one thread; {@link #bytes} may be read by any.
 */
final class Pump {
    /** The data of one relay cell. */
    static final int SMALL = 498;

    private final InputStream from;
    private final OutputStream to;
    private final CopyBuffers buffers;
    private final byte[] small = new byte[SMALL];
    private long total;
    private volatile long bytes;

    Pump(InputStream from, OutputStream to, CopyBuffers buffers) {
        this.buffers = buffers;
        this.from = from;
        this.to = to;
    }

    /** How many bytes have been copied. */
    long bytes() {
        return bytes;
    }

    /** Copies until the source ends. */
    void run() throws IOException {
        for (int count = from.read(small); count >= 0; count = from.read(small)) {
            write(small, count);
            if (count == small.length || from.available() > 0) {
                runLarge();
            }
        }
    }

    private void runLarge() throws IOException {
        if (from.available() == 0) {
            return;
        }
        byte[] large = buffers.take();
        try {
            while (from.available() > 0) {
                int count = from.read(large);
                if (count < 0) {
                    return;
                }
                write(large, count);
            }
        } finally {
            buffers.give(large);
        }
    }

    private void write(byte[] data, int count) throws IOException {
        to.write(data, 0, count);
        to.flush();
        total += count;
        bytes = total;
    }
}
