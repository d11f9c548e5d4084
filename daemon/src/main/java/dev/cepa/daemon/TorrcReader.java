package dev.cepa.daemon;

import dev.cepa.daemon.ConfigLine.Mode;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads torrc files as Tor does: comments, quoted values with C escapes, lines continued by a backslash, {@code %include}
 * of files, folders and patterns. Text is UTF-8. Used once for one set of files; not thread-safe.
 */
final class TorrcReader {
    private static final int MAX_INCLUDE_DEPTH = 31;
    private static final int MAX_FILE_BYTES = 4 << 20;

    private final List<ConfigLine> lines = new ArrayList<>();
    private final List<String> filesRead = new ArrayList<>();
    private final List<Path> foldersSearched = new ArrayList<>();

    private boolean includes;

    private byte[] text = new byte[0];
    private int at;
    private int lineNumber;
    private int lineStart;
    private String source = "";

    /** What has been read, in order. */
    List<ConfigLine> lines() {
        return lines;
    }

    /** The files included, in order. */
    List<String> included() {
        return filesRead;
    }

    /** The folders where files were looked for. */
    List<Path> searched() {
        return foldersSearched;
    }

    /** Whether there was any {@code %include}. */
    boolean hasIncludes() {
        return includes;
    }

    /** Reads a file. */
    void readFile(Path file) throws TorException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
            if (bytes.length > MAX_FILE_BYTES) {
                throw new TorException(ErrorKind.CONFIG, "Configuration file \"" + file + "\" is larger than 4 MB");
            }
            read(bytes, file.toString(), 1);
        } catch (IOException e) {
            if (e instanceof TorException t) {
                throw t;
            }
            throw new TorException(
                    ErrorKind.CONFIG, "Unable to open configuration file \"" + file + "\": " + reason(e), e);
        }
    }

    /** Reads a text; {@code name} is used in messages. */
    void readText(String content, String name) throws TorException {
        read(content.getBytes(StandardCharsets.UTF_8), name, 1);
    }

    private void read(byte[] content, String name, int depth) throws TorException {
        byte[] outerText = text;
        int outerAt = at;
        int outerLine = lineNumber;
        int outerStart = lineStart;
        String outerSource = source;
        text = withoutCarriageReturns(content);
        at = startsWithByteOrderMark(content) ? 3 : 0;
        lineNumber = 1;
        lineStart = at;
        source = name;
        try {
            refuseZeros();
            while (skipToKey()) {
                readLine(depth);
            }
        } finally {
            text = outerText;
            at = outerAt;
            lineNumber = outerLine;
            lineStart = outerStart;
            source = outerSource;
        }
    }

    private void refuseZeros() throws TorException {
        int line = 1;
        int start = 0;
        for (int i = 0; i < text.length; i++) {
            if (text[i] == '\n') {
                line++;
                start = i + 1;
            } else if (text[i] == 0) {
                throw new ConfigException(
                        source, line, i - start + 1, "Error while parsing configuration: a zero byte",
                        "Write a text file, in UTF-8.");
            }
        }
    }

    /** Lines that end as on Windows end as elsewhere. */
    private static byte[] withoutCarriageReturns(byte[] content) {
        int length = 0;
        for (int i = 0; i < content.length; i++) {
            if (content[i] != '\r' || i + 1 == content.length || content[i + 1] != '\n') {
                content[length++] = content[i];
            }
        }
        return length == content.length ? content : Arrays.copyOf(content, length);
    }

    private static boolean startsWithByteOrderMark(byte[] b) {
        return b.length >= 3 && b[0] == (byte) 0xef && b[1] == (byte) 0xbb && b[2] == (byte) 0xbf;
    }

    /** Skips blanks, empty lines and comments; false at the end. */
    private boolean skipToKey() {
        while (at < text.length) {
            if (text[at] == '#') {
                skipComment();
            } else if (isSpace(text[at])) {
                advance();
            } else {
                return true;
            }
        }
        return false;
    }

    private void readLine(int depth) throws TorException {
        int firstLine = lineNumber;
        int start = at;
        int keyColumn = at - lineStart + 1;
        while (at < text.length && !isSpace(text[at]) && text[at] != '#' && !isContinuation()) {
            at++;
        }
        String key = string(start, at);
        while (at < text.length && (text[at] == ' ' || text[at] == '\t')) {
            at++;
        }
        int valueColumn = at - lineStart + 1;
        String value = at < text.length && text[at] == '"' ? quoted(firstLine) : plain();
        Mode mode = Mode.SET;
        if (key.startsWith("+")) {
            mode = Mode.APPEND;
            key = key.substring(1);
        } else if (key.startsWith("/")) {
            mode = Mode.CLEAR;
            key = key.substring(1);
            value = "";
        }
        if (key.equals("%include")) {
            includes = true;
            include(value, firstLine, valueColumn, depth);
        } else {
            lines.add(new ConfigLine(key, value, mode, source, firstLine, keyColumn, valueColumn));
        }
    }

    /** A value without quotes: to the end of the line, comments and continuations taken out. */
    private String plain() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(64);
        boolean continued = false;
        while (at < text.length && text[at] != '\n') {
            if (isContinuation()) {
                at++;
                advance();
                continued = true;
            } else if (text[at] == '#') {
                skipComment();
                if (!continued) {
                    break;
                }
                if (at < text.length) {
                    advance(); // a comment between continued lines is as if it were not there
                }
            } else {
                out.write(text[at++]);
            }
        }
        byte[] bytes = out.toByteArray();
        int end = bytes.length;
        while (end > 0 && isSpace(bytes[end - 1])) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    private String quoted(int firstLine) throws TorException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(64);
        at++;
        while (true) {
            if (at >= text.length || text[at] == '\n') {
                throw bad(firstLine, "Invalid escape sequence in quoted string");
            }
            byte c = text[at++];
            if (c == '"') {
                break;
            }
            out.write(c == '\\' ? escape(firstLine) : c);
        }
        while (at < text.length && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r')) {
            at++;
        }
        if (at < text.length && text[at] != '#' && text[at] != '\n') {
            throw bad(firstLine, "Excess data after quoted string");
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private int escape(int firstLine) throws TorException {
        int c = at < text.length ? text[at++] : 0;
        switch (c) {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case '"', '\\', '\'':
                return c;
            case 'x', 'X':
                int high = at < text.length ? Character.digit(text[at], 16) : -1;
                int low = at + 1 < text.length ? Character.digit(text[at + 1], 16) : -1;
                if (high < 0 || low < 0 || high + low == 0) {
                    throw bad(firstLine, "Invalid escape sequence in quoted string");
                }
                at += 2;
                return high << 4 | low;
            default:
                break;
        }
        int value = 0;
        int digits = 0;
        at--;
        while (digits < 3 && at < text.length && text[at] >= '0' && text[at] <= '7') {
            value = value * 8 + text[at++] - '0';
            digits++;
        }
        // Tor would end the value at a zero.
        if (digits == 0 || value == 0 || value > 255) {
            throw bad(firstLine, "Invalid escape sequence in quoted string");
        }
        return value;
    }

    private void include(String pattern, int line, int column, int depth) throws TorException {
        if (depth >= MAX_INCLUDE_DEPTH) {
            throw new ConfigException(
                    source, line, column, "more than " + MAX_INCLUDE_DEPTH + " nested %includes",
                    "See whether a file includes itself.");
        }
        try {
            Path folder = Glob.folder(Home.expand(pattern));
            if (folder != null) {
                foldersSearched.add(folder);
            }
            for (Path path : Glob.expand(Home.expand(pattern))) {
                if (Files.isDirectory(path)) {
                    foldersSearched.add(path);
                    for (Path file : filesIn(path)) {
                        includeFile(file, depth);
                    }
                } else {
                    includeFile(path, depth);
                }
            }
        } catch (IOException | InvalidPathException e) {
            if (e instanceof TorException t) {
                throw t;
            }
            throw new ConfigException(
                    source,
                    line,
                    column,
                    "Error reading included configuration file or directory: \"" + pattern + "\": "
                            + (e instanceof IOException io ? reason(io) : e.getMessage()),
                    "Correct the name, or make the file readable; a pattern with * may match nothing.");
        }
    }

    private void includeFile(Path file, int depth) throws IOException {
        filesRead.add(file.toString());
        try (InputStream in = Files.newInputStream(file)) {
            read(in.readNBytes(MAX_FILE_BYTES), file.toString(), depth + 1);
        }
    }

    /** The files of a folder by name, without hidden ones and without its folders. */
    private static List<Path> filesIn(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                Path name = entry.getFileName();
                if (name != null && !name.toString().startsWith(".") && Files.isRegularFile(entry)) {
                    files.add(entry);
                }
            }
        }
        files.sort(null);
        return files;
    }

    private void skipComment() {
        while (at < text.length && text[at] != '\n') {
            at++;
        }
    }

    private boolean isContinuation() {
        return text[at] == '\\' && at + 1 < text.length && text[at + 1] == '\n';
    }

    private void advance() {
        if (text[at++] == '\n') {
            lineNumber++;
            lineStart = at;
        }
    }

    private static boolean isSpace(byte c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }

    private String string(int start, int end) {
        return new String(text, start, end - start, StandardCharsets.UTF_8);
    }

    private TorException bad(int line, String what) {
        return new ConfigException(
                source, line, at - lineStart + 1, "Error while parsing configuration: " + what,
                "A value in quotes ends with the quote, in the same line, and knows \\n, \\t, \\\" and \\x41.");
    }

    private static String reason(IOException e) {
        return Reasons.of(e);
    }
}
