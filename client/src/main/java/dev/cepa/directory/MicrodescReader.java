package dev.cepa.directory;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Cuts a stream of microdescriptors into single ones: an answer of a directory server, or a cache file where each may
 * follow annotation lines such as {@code @last-listed 2026-11-24 03:43:02} (dir-spec section 3.3). Holds one at a time.
 * What is longer than {@value DirectoryRequest#MAX_MICRODESC} bytes or does not begin as a microdescriptor is left out.
 */
final class MicrodescReader {
    private static final byte[] START = {'o', 'n', 'i', 'o', 'n', '-', 'k', 'e', 'y'};
    private static final byte[] LAST_LISTED = {'@', 'l', 'a', 's', 't', '-', 'l', 'i', 's', 't', 'e', 'd', ' '};

    /** Takes microdescriptors. */
    interface Sink {
        /**
         * One microdescriptor, in an array that is reused after return.
         *
         * @param lastListed when a consensus last listed it, in seconds since 1970; 0 if that is not said
         */
        void microdesc(byte[] buf, int offset, int length, long lastListed) throws IOException;
    }

    private final InputStream in;
    private final Sink sink;
    private final byte[] buf = new byte[2 * DirectoryRequest.MAX_MICRODESC];
    private int end;
    /** Where the current line begins. */
    private int line;
    /** Where the current microdescriptor begins; -1 if we are not in one. */
    private int entry = -1;

    private long entryLastListed;
    private long annotation;

    private MicrodescReader(InputStream in, Sink sink) {
        this.in = in;
        this.sink = sink;
    }

    /** Hands each microdescriptor to the sink; those before a failure of the stream too. */
    static void read(InputStream in, Sink sink) throws IOException {
        new MicrodescReader(in, sink).run();
    }

    private void run() throws IOException {
        int searched = 0;
        while (true) {
            int newline = indexOfNewline(searched);
            if (newline >= 0) {
                takeLine(newline + 1);
                line = newline + 1;
                searched = line;
                continue;
            }
            searched = end;
            if (end == buf.length) {
                searched -= compact();
            }
            int n = in.read(buf, end, buf.length - end);
            if (n < 0) {
                // A last line without its end can't be whole.
                endEntry();
                return;
            }
            end += n;
        }
    }

    private int indexOfNewline(int from) {
        for (int i = from; i < end; i++) {
            if (buf[i] == '\n') {
                return i;
            }
        }
        return -1;
    }

    private void takeLine(int lineEnd) throws IOException {
        if (buf[line] == '@') {
            endEntry();
            if (startsWith(LAST_LISTED, lineEnd)) {
                int offset = line + LAST_LISTED.length;
                annotation = DirectoryTime.parseIso(buf, offset, lineEnd - 1 - offset);
            }
        } else if (startsWith(START, lineEnd) && buf[line + START.length] <= ' ') {
            endEntry();
            entry = line;
            entryLastListed = annotation;
            annotation = 0;
        }
    }

    private boolean startsWith(byte[] word, int lineEnd) {
        return lineEnd - line > word.length && Arrays.equals(buf, line, line + word.length, word, 0, word.length);
    }

    /** The line before {@link #line} was the last of the microdescriptor. */
    private void endEntry() throws IOException {
        if (entry >= 0 && line - entry <= DirectoryRequest.MAX_MICRODESC) {
            sink.microdesc(buf, entry, line - entry, entryLastListed);
        }
        entry = -1;
    }

    /** Makes room; returns by how much everything moved to the front. */
    private int compact() {
        if (entry >= 0 && end - entry > DirectoryRequest.MAX_MICRODESC) {
            entry = -1;
        }
        int keep = entry >= 0 ? entry : line;
        if (keep == 0) {
            // A line that is longer than any microdescriptor: what is left of it is taken for a line of no meaning.
            keep = end - 1;
            buf[keep] = 'x';
            line = keep;
        }
        System.arraycopy(buf, keep, buf, 0, end - keep);
        end -= keep;
        line -= keep;
        entry = entry >= 0 ? entry - keep : -1;
        return keep;
    }
}
