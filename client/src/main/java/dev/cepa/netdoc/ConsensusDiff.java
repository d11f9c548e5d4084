package dev.cepa.netdoc;

import dev.cepa.crypto.Primitives;
import dev.cepa.error.ProtocolException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A consensus diff (dir-spec section 4.5): from a consensus that we have and the diff makes the new one. The diff is
 * a script of the editor ed that goes from the end of the document to its beginning:
 *
 * <pre>
 *     network-status-diff-version 1
 *     hash FROM TO                    SHA3-256: of the old one's signed part, of all of the new one
 *     120,$d                          delete from line 120 on
 *     17c                             put the lines that follow in place of line 17
 *     the new line
 *     .
 * </pre>
 *
 * <p>So each command speaks of lines that none before it has moved. The commands are collected, their line numbers
 * turned into offsets in one walk over the old document, and the new one is then copied together; nothing is made for
 * a line.
 */
public final class ConsensusDiff {
    private static final String START = "network-status-diff-version";

    private final byte[] old;
    private final byte[] diff;
    private final LineReader lines;
    private final int oldLines;
    private int count;
    /** Command i keeps all before line first[i], and goes on at line resume[i] of the old document; from 1. */
    private int[] first = new int[64];

    private int[] resume = new int[64];
    /** Between them comes diff[textStart[i], textEnd[i]). */
    private int[] textStart = new int[64];

    private int[] textEnd = new int[64];

    private ConsensusDiff(byte[] old, byte[] diff) {
        this.old = old;
        this.diff = diff;
        this.lines = new LineReader(diff, 0, diff.length, "consensus diff");
        int newlines = 0;
        for (byte b : old) {
            newlines += b == '\n' ? 1 : 0;
        }
        oldLines = newlines;
    }

    /** Whether an answer is a diff, and not a whole consensus. */
    public static boolean isDiff(byte[] document) {
        if (document.length < START.length()) {
            return false;
        }
        for (int i = 0; i < START.length(); i++) {
            if (document[i] != START.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Makes the new consensus. It is what the diff's sender wanted, by its digest; whether authorities signed it is
     * still to be checked.
     *
     * @param old the consensus that we have, whole
     * @param maxLength the most bytes that the new one may have
     * @throws ProtocolException if the diff is malformed, or is not of this consensus, or makes another than it says
     */
    public static byte[] apply(byte[] old, byte[] diff, int maxLength) throws ProtocolException {
        return new ConsensusDiff(old, diff).apply(maxLength);
    }

    private byte[] apply(int maxLength) throws ProtocolException {
        if (!lines.nextLine() || !lines.is(START) || !lines.word().is("1")) {
            throw lines.error("is not a consensus diff's of version 1");
        }
        if (!lines.nextLine() || !lines.is("hash")) {
            throw lines.error("is not hash");
        }
        byte[] from = lines.word().hex(32);
        byte[] to = lines.word().hex(32);
        if (!MessageDigest.isEqual(from, Consensus.diffDigest(old))) {
            throw lines.error("is of another consensus than ours");
        }
        if (old[old.length - 1] != '\n') {
            throw new ProtocolException("consensus diff: our consensus does not end in a newline");
        }
        int left = oldLines;
        while (lines.nextLine()) {
            left = command(left);
        }
        byte[] result = assemble(maxLength);
        if (!MessageDigest.isEqual(to, Primitives.sha3().digest(result))) {
            throw new ProtocolException("consensus diff: what it makes has another digest than it says");
        }
        return result;
    }

    /** Reads a command that may touch the old document's lines up to {@code left}; returns that for the next one. */
    private int command(int left) throws ProtocolException {
        int at = lines.lineStart();
        int end = lines.lineEnd() - 1; // the letter
        int comma = at;
        while (comma < end && diff[comma] != ',') {
            comma++;
        }
        byte letter = diff[end];
        boolean range = comma < end;
        boolean toLast = range && end - comma == 2 && diff[comma + 1] == '$';
        long low = Text.number(diff, at, comma, oldLines);
        long high = !range ? low : toLast ? oldLines : Text.number(diff, comma + 1, end, oldLines);
        boolean adds = letter == 'a';
        boolean deletes = letter == 'd';
        if ((!adds && !deletes && letter != 'c')
                || low < 0
                || (range && (high <= low || adds))
                || (toLast && !deletes)
                || (low == 0 && !adds)) {
            throw lines.error("is no command");
        }
        if (high > left) {
            throw lines.error("is a command out of order");
        }
        if (count == first.length) {
            first = Arrays.copyOf(first, 2 * count);
            resume = Arrays.copyOf(resume, 2 * count);
            textStart = Arrays.copyOf(textStart, 2 * count);
            textEnd = Arrays.copyOf(textEnd, 2 * count);
        }
        first[count] = (int) (adds ? low + 1 : low);
        resume[count] = (int) high + 1;
        if (!deletes) {
            textStart[count] = lines.lineEnd() + 1;
            textEnd[count] = textEnd();
        }
        count++;
        return (int) (adds ? low : low - 1);
    }

    /** Passes over the lines to be added and the dot after them; returns where the dot is. */
    private int textEnd() throws ProtocolException {
        boolean any = false;
        while (lines.nextLine()) {
            if (lines.lineEnd() - lines.lineStart() == 1 && diff[lines.lineStart()] == '.') {
                if (!any) {
                    throw lines.error("ends a command that adds nothing");
                }
                return lines.lineStart();
            }
            any = true;
        }
        throw lines.error("is the last, among lines to be added");
    }

    /** Carries the commands out, the last one first, which is in the order of the old document. */
    private byte[] assemble(int maxLength) throws ProtocolException {
        // Line numbers to offsets, in place.
        long length = old.length;
        int line = 1;
        int offset = 0;
        for (int i = count - 1; i >= 0; i--) {
            offset = skip(offset, first[i] - line);
            line = first[i];
            first[i] = offset;
            offset = skip(offset, resume[i] - line);
            line = resume[i];
            resume[i] = offset;
            length += textEnd[i] - textStart[i] - (resume[i] - first[i]);
        }
        if (length > maxLength) {
            throw new ProtocolException("consensus diff: makes " + length + " bytes, more than " + maxLength);
        }
        byte[] result = new byte[(int) length];
        int written = 0;
        int from = 0;
        for (int i = count - 1; i >= 0; i--) {
            System.arraycopy(old, from, result, written, first[i] - from);
            written += first[i] - from;
            from = resume[i];
            int text = textEnd[i] - textStart[i];
            System.arraycopy(diff, textStart[i], result, written, text);
            written += text;
        }
        System.arraycopy(old, from, result, written, old.length - from);
        return result;
    }

    /** The offset that many lines further on in the old document. */
    private int skip(int offset, int count) {
        int at = offset;
        for (int i = 0; i < count; i++) {
            while (old[at] != '\n') {
                at++;
            }
            at++;
        }
        return at;
    }
}
