package dev.cepa.daemon.control;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a controller is told (control-spec section 2.3). Made by one thread. */
final class Reply {
    /** @param data the lines that belong to it; null if it is one line */
    private record Line(int code, String text, @Nullable String data) {}

    private final List<Line> lines = new ArrayList<>();
    private @Nullable Runnable afterwards;
    private boolean closing;

    private Reply() {}

    /** One to be filled. */
    static Reply of() {
        return new Reply();
    }

    /** {@code 250 OK}. */
    static Reply ok() {
        return of().line("OK");
    }

    /** A single line. */
    static Reply error(int code, String text) {
        return of().line(code, text);
    }

    /** Adds a line that says that something went well. */
    Reply line(String text) {
        return line(250, text);
    }

    /** Adds a line; line ends in it become blanks. The last one ends the reply. */
    Reply line(int code, String text) {
        lines.add(new Line(code, withoutLineEnds(text), null));
        return this;
    }

    /** Adds {@code key=value}: one line, or several with a dot at their end if the value has line ends. */
    Reply value(String key, String value) {
        return value.indexOf('\n') < 0 && value.indexOf('\r') < 0 ? line(key + "=" + value) : data(key + "=", value);
    }

    /** Adds a line, with more lines that belong to it, and a dot at their end. */
    Reply data(String first, String data) {
        lines.add(new Line(250, withoutLineEnds(first), data));
        return this;
    }

    /** Adds {@code 250 OK}. */
    Reply done() {
        return line("OK");
    }

    /** What is to be done when this is on its way, so that whatever it causes comes later. */
    Reply then(Runnable next) {
        afterwards = next;
        return this;
    }

    /** Has the connection closed when this has been sent. */
    Reply closing() {
        closing = true;
        return this;
    }

    boolean isClosing() {
        return closing;
    }

    void runAfterwards() {
        Runnable next = afterwards;
        if (next != null) {
            next.run();
        }
    }

    /** As it is sent. */
    byte[] bytes() {
        return bytes(lines);
    }

    /** An event of several lines: the first ones, then {@code 650 OK} or whatever is the last. */
    static byte[] event(List<String> texts) {
        List<Line> lines = new ArrayList<>(texts.size());
        for (String text : texts) {
            lines.add(new Line(650, withoutLineEnds(text), null));
        }
        return bytes(lines);
    }

    /** An event with data: {@code 650+first}, the data, {@code 650 OK}. */
    static byte[] event(String first, String data) {
        return bytes(List.of(new Line(650, withoutLineEnds(first), data), new Line(650, "OK", null)));
    }

    private static byte[] bytes(List<Line> lines) {
        int size = 16;
        for (Line line : lines) {
            String data = line.data();
            // It may be megabytes, and should not be copied again and again while it grows.
            size += 16 + line.text().length() + (data == null ? 0 : data.length() + data.length() / 32);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(size);
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            String data = line.data();
            char mark = data != null ? '+' : i == lines.size() - 1 ? ' ' : '-';
            out.writeBytes((line.code() + String.valueOf(mark) + line.text() + "\r\n").getBytes(StandardCharsets.UTF_8));
            if (data != null) {
                appendData(out, data.getBytes(StandardCharsets.UTF_8));
            }
        }
        return out.toByteArray();
    }

    /** CmdData: lines end in CRLF, dots at their beginning are doubled, and a dot alone ends them. */
    private static void appendData(ByteArrayOutputStream out, byte[] data) {
        boolean lineStart = true;
        for (int i = 0; i < data.length; i++) {
            byte b = data[i];
            if (b == '\n' && (i == 0 || data[i - 1] != '\r')) {
                out.write('\r');
            } else if (b == '.' && lineStart) {
                out.write('.');
            }
            out.write(b);
            lineStart = b == '\n';
        }
        out.writeBytes((lineStart && data.length > 0 ? ".\r\n" : "\r\n.\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private static String withoutLineEnds(String text) {
        return text.replace('\r', ' ').replace('\n', ' ');
    }
}
