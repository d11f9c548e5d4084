package dev.cepa.netdoc;

import dev.cepa.error.ProtocolException;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Walks a directory document (dir-spec section 1.2) line by line and word by word, over its bytes: the line and the
 * word at hand are two pairs of offsets, and nothing is made for what the caller does not keep. Not thread-safe.
 */
public final class LineReader {
    /** C tor's limits. */
    private static final int MAX_LINE = 128 * 1024;

    private static final int MAX_OBJECT = 128 * 1024;
    private static final String BEGIN = "-----BEGIN ";

    private final byte[] doc;
    private final int end;
    private final String what;
    private int number;
    private int lineStart;
    private int lineEnd;
    private int next;
    private int wordStart;
    private int wordEnd;

    /** Over {@code doc[start, end)}; {@code what} names the document in messages. */
    public LineReader(byte[] doc, int start, int end, String what) {
        this.doc = doc;
        this.end = end;
        this.what = what;
        this.next = start;
    }

    /** Goes to the next line, whose keyword is then the word at hand; false at the end of the document. */
    public boolean nextLine() throws ProtocolException {
        if (next >= end) {
            return false;
        }
        number++;
        lineStart = next;
        int at = next;
        while (at < end && doc[at] != '\n') {
            at++;
        }
        if (at == end) {
            throw error("has no newline: the document is cut short");
        }
        if (at - lineStart > MAX_LINE) {
            throw error("is longer than " + MAX_LINE + " bytes");
        }
        lineEnd = at;
        next = at + 1;
        wordEnd = lineStart;
        if (!nextWord()) {
            throw error("is empty");
        }
        return true;
    }

    /** Goes to the next word of the line; false if there is none. */
    public boolean nextWord() {
        int at = wordEnd;
        while (at < lineEnd && (doc[at] == ' ' || doc[at] == '\t')) {
            at++;
        }
        wordStart = at;
        while (at < lineEnd && doc[at] != ' ' && doc[at] != '\t') {
            at++;
        }
        wordEnd = at;
        return wordStart < at;
    }

    /** Goes to the next word of the line, which must be there. */
    public LineReader word() throws ProtocolException {
        if (!nextWord()) {
            throw error("has too few arguments");
        }
        return this;
    }

    /** Whether the word at hand is this one. */
    public boolean is(String word) {
        return word.length() == wordEnd - wordStart && startsWith(word);
    }

    /** Whether the word at hand begins so. */
    boolean startsWith(String prefix) {
        int length = prefix.length();
        if (length > wordEnd - wordStart) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (doc[wordStart + i] != prefix.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    byte[] doc() {
        return doc;
    }

    /** Where the line at hand begins. */
    public int lineStart() {
        return lineStart;
    }

    /** Where the line at hand ends, before its newline. */
    public int lineEnd() {
        return lineEnd;
    }

    /** Where the word at hand begins. */
    int wordStart() {
        return wordStart;
    }

    /** Where the word at hand ends. */
    int wordEnd() {
        return wordEnd;
    }

    /** Where the rest of the line begins, without the blanks after the word at hand. */
    int restStart() {
        int at = wordEnd;
        while (at < lineEnd && (doc[at] == ' ' || doc[at] == '\t')) {
            at++;
        }
        return at;
    }

    public String wordText() {
        return Text.ascii(doc, wordStart, wordEnd);
    }

    /** The rest of the line as text. */
    String restText() {
        return Text.ascii(doc, restStart(), lineEnd);
    }

    /** The word at hand as an unsigned decimal number of at most {@code max}. */
    public long number(long max) throws ProtocolException {
        return numberFrom(wordStart, max);
    }

    /** What follows {@code from} in the word at hand, as an unsigned decimal number of at most {@code max}. */
    long numberFrom(int from, long max) throws ProtocolException {
        long value = Text.number(doc, from, wordEnd, max);
        if (value < 0) {
            throw error("has a number that is none or too large");
        }
        return value;
    }

    /** The next two words as a UTC time: date and time of day; seconds since the epoch. */
    long time() throws ProtocolException {
        word();
        int start = wordStart;
        word();
        long time = wordEnd - start == 19 ? Text.time(doc, start) : -1;
        if (time < 0) {
            throw error("has a time that is none");
        }
        return time;
    }

    /** Decodes the word at hand from base64 into {@code out[at, at + length)}. */
    public void base64(byte[] out, int at, int length) throws ProtocolException {
        if (!Text.base64(doc, wordStart, wordEnd, out, at, length)) {
            throw error("has base64 that is not " + length + " bytes");
        }
    }

    /** The word at hand from hexadecimal, {@code length} bytes. */
    byte[] hex(int length) throws ProtocolException {
        byte[] out = new byte[length];
        if (wordEnd - wordStart != 2 * length || !Text.hex(doc, wordStart, out, 0, length)) {
            throw error("has hexadecimal that is not " + length + " bytes");
        }
        return out;
    }

    /** Reads the object that must follow the line at hand, under either name: BEGIN, lines of base64, END. */
    byte[] object(String tag, String otherTag) throws ProtocolException {
        return atObject() && !objectIs(tag) ? object(otherTag) : object(tag);
    }

    /** Reads the object that must follow the line at hand: BEGIN, lines of base64, END. */
    public byte[] object(String tag) throws ProtocolException {
        if (!objectIs(tag) || !nextLine()) {
            throw error("lacks the object " + tag);
        }
        String last = "-----END " + tag + "-----";
        byte[] text = new byte[256];
        int length = 0;
        while (true) {
            if (!nextLine()) {
                throw error("is the last, within an object");
            }
            if (lineIs(last)) {
                break;
            }
            int more = lineEnd - lineStart;
            if (length + more > MAX_OBJECT) {
                throw error("belongs to an object longer than " + MAX_OBJECT + " bytes");
            }
            if (length + more > text.length) {
                text = Arrays.copyOf(text, Math.max(length + more, 2 * text.length));
            }
            System.arraycopy(doc, lineStart, text, length, more);
            length += more;
        }
        try {
            return Base64.getDecoder().decode(Arrays.copyOf(text, length));
        } catch (IllegalArgumentException e) {
            throw error("ends an object that is not base64", e);
        }
    }

    /** Passes over a line whose keyword we don't know, and its object if it has one. */
    public void skipUnknown() throws ProtocolException {
        if (doc[wordStart] == '-') {
            throw error("begins an object that belongs to no item");
        }
        if (atObject()) {
            do {
                if (!nextLine()) {
                    throw error("is the last, within an object");
                }
            } while (!startsWith("-----END"));
        }
    }

    /** Whether the next line begins an object of that name. */
    private boolean objectIs(String tag) {
        String begin = BEGIN + tag + "-----\n";
        if (end - next < begin.length()) {
            return false;
        }
        for (int i = 0; i < begin.length(); i++) {
            if (doc[next + i] != begin.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Whether an object comes next. */
    private boolean atObject() {
        return next < end && doc[next] == '-';
    }

    private boolean lineIs(String text) {
        if (lineEnd - lineStart != text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (doc[lineStart + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** An error about the line at hand. */
    public ProtocolException error(String problem) {
        return error(problem, null);
    }

    /** An error about the line at hand. */
    ProtocolException error(String problem, @Nullable Throwable cause) {
        return new ProtocolException(what + ": line " + number + " " + problem, cause);
    }
}
