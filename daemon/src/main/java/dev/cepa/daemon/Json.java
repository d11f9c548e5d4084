package dev.cepa.daemon;

/** Writes JSON, as little of it as this program needs. Not thread-safe. */
final class Json {
    private static final String HEX = "0123456789abcdef";

    private final StringBuilder out;
    private boolean first = true;

    /** @param out the text goes to its end */
    Json(StringBuilder out) {
        this.out = out;
    }

    /** Begins an object or a list: with a curly or a square bracket. */
    Json open(char bracket) {
        comma();
        out.append(bracket);
        first = true;
        return this;
    }

    /** Ends it. */
    Json close(char bracket) {
        out.append(bracket);
        first = false;
        return this;
    }

    /** The name of what comes next. */
    Json name(String name) {
        text(name);
        out.append(':');
        first = true;
        return this;
    }

    Json text(String value) {
        comma();
        append(out, value);
        return this;
    }

    Json number(long value) {
        comma();
        out.append(value);
        return this;
    }

    Json number(double value) {
        comma();
        out.append(value);
        return this;
    }

    Json flag(boolean value) {
        comma();
        out.append(value);
        return this;
    }

    private void comma() {
        if (!first) {
            out.append(',');
        }
        first = false;
    }

    /** A text in quotes; control characters and halves of pairs are escaped. */
    static void append(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c < ' ' || c >= 127 && c < 160 || c == '\u2028' || c == '\u2029' || isLoneSurrogate(text, i)) {
                out.append("\\u");
                for (int shift = 12; shift >= 0; shift -= 4) {
                    out.append(HEX.charAt(c >> shift & 15));
                }
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private static boolean isLoneSurrogate(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        return Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
    }
}
