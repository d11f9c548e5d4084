package dev.cepa.monitor;

import org.jspecify.annotations.Nullable;

/** Writes one JSON value, from its beginning to its end. Not thread-safe. */
final class Json {
    private final StringBuilder out = new StringBuilder(1024);
    private boolean first = true;

    Json object() {
        return open('{');
    }

    Json object(String name) {
        return name(name).open('{');
    }

    Json array(String name) {
        return name(name).open('[');
    }

    Json endObject() {
        return close('}');
    }

    Json endArray() {
        return close(']');
    }

    Json field(String name, @Nullable String value) {
        name(name);
        if (value == null) {
            out.append("null");
        } else {
            quoted(value);
        }
        first = false;
        return this;
    }

    Json field(String name, long value) {
        name(name);
        out.append(value);
        first = false;
        return this;
    }

    Json field(String name, boolean value) {
        name(name);
        out.append(value);
        first = false;
        return this;
    }

    /** A number; what JSON has no number for becomes text, as Prometheus writes it. */
    Json field(String name, double value) {
        if (Double.isNaN(value)) {
            return field(name, "NaN");
        }
        if (Double.isInfinite(value)) {
            return field(name, value > 0 ? "+Inf" : "-Inf");
        }
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            return field(name, (long) value);
        }
        name(name);
        out.append(value);
        first = false;
        return this;
    }

    Json value(String value) {
        comma();
        quoted(value);
        first = false;
        return this;
    }

    Json value(long value) {
        comma();
        out.append(value);
        first = false;
        return this;
    }

    private Json name(String name) {
        comma();
        quoted(name);
        out.append(':');
        first = true;
        return this;
    }

    private Json open(char c) {
        comma();
        out.append(c);
        first = true;
        return this;
    }

    private Json close(char c) {
        out.append(c);
        first = false;
        return this;
    }

    private void comma() {
        if (!first) {
            out.append(',');
        }
        first = true;
    }

    private void quoted(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ' || Character.isSurrogate(c) && !isPaired(text, i)) {
                        out.append("\\u").append(Integer.toHexString(c | 0x10000), 1, 5);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean isPaired(String text, int i) {
        return Character.isHighSurrogate(text.charAt(i))
                ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
