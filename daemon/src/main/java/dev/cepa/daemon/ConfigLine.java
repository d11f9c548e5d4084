package dev.cepa.daemon;

/**
 * One line of configuration. Immutable.
 *
 * @param key the option's name as written, without {@code +} or {@code /}
 * @param value without quotes, comments and continuations; empty for 0 or nothing
 * @param source where it stands: a file's name, or {@code command line}
 * @param line its number there, from 1; 0 for the command line
 * @param keyColumn where the key begins in that line, in bytes from 1; 0 if it is not known
 * @param valueColumn where the value begins in that line, likewise
 */
record ConfigLine(String key, String value, Mode mode, String source, int line, int keyColumn, int valueColumn) {
    /** What it does to earlier lines of the same option. */
    enum Mode {
        /** Replaces those of other sources. */
        SET,
        /** Adds to them ({@code +Option}). */
        APPEND,
        /** Takes them back ({@code /Option}). */
        CLEAR
    }

    /** A line whose columns are not known. */
    ConfigLine(String key, String value, Mode mode, String source, int line) {
        this(key, value, mode, source, line, 0, 0);
    }

    ConfigLine withKey(String name) {
        return new ConfigLine(name, value, mode, source, line, keyColumn, valueColumn);
    }

    ConfigLine withValue(String other) {
        return new ConfigLine(key, other, mode, source, line, keyColumn, valueColumn);
    }

    /** {@code file:line}, for messages. */
    String place() {
        return line == 0 ? source : source + ":" + line;
    }
}
