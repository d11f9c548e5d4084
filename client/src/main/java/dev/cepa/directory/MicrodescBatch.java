package dev.cepa.directory;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;

/** Microdescriptors with their annotations, as they go into the journal; grows as needed. For one thread. */
final class MicrodescBatch {
    private byte[] bytes = new byte[8192];
    private int length;

    /** Adds one that a consensus lists now. */
    void add(byte[] buf, int offset, int count, long listedAt) {
        byte[] annotation = annotation(listedAt);
        int needed = length + annotation.length + count;
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, 2 * bytes.length));
        }
        System.arraycopy(annotation, 0, bytes, length, annotation.length);
        System.arraycopy(buf, offset, bytes, length + annotation.length, count);
        length = needed;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    /** The annotation line of a microdescriptor that was last listed then, in seconds since 1970. */
    static byte[] annotation(long lastListed) {
        String line = "@last-listed " + DirectoryTime.formatIso(Instant.ofEpochSecond(lastListed)) + "\n";
        return line.getBytes(StandardCharsets.US_ASCII);
    }
}
