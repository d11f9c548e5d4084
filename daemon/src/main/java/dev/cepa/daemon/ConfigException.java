package dev.cepa.daemon;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import org.jspecify.annotations.Nullable;

/** Configuration that can't be used, with the place and, if there is one, a remedy of its own. */
final class ConfigException extends TorException {
    private static final long serialVersionUID = 1;

    private final String source;
    private final int line;
    private final int column;
    private final String text;
    private final @Nullable String advice;

    /**
     * An error in a file, or on the command line.
     *
     * @param source the file's name, or {@link CommandLine#SOURCE}
     * @param line its number there, from 1; 0 if there is none
     * @param column in bytes, from 1; 0 if it is not known
     * @param text what is wrong
     * @param advice what to do about it, as a sentence; null for the usual
     */
    ConfigException(String source, int line, int column, String text, @Nullable String advice) {
        super(ErrorKind.CONFIG, (line == 0 ? source : source + ":" + line) + ": " + text);
        this.source = source;
        this.line = line;
        this.column = column;
        this.text = text;
        this.advice = advice;
    }

    /** An error in a line's value. */
    ConfigException(ConfigLine at, String text, @Nullable String advice) {
        this(at.source(), at.line(), at.valueColumn(), text, advice);
    }

    /** The file's name, or {@link CommandLine#SOURCE}. */
    String source() {
        return source;
    }

    /** From 1; 0 if there is none. */
    int line() {
        return line;
    }

    /** From 1; 0 if it is not known. */
    int column() {
        return column;
    }

    /** The message without the place. */
    String text() {
        return text;
    }

    /** What to do about it, as a sentence. */
    String advice() {
        return advice == null ? remedy() : advice;
    }
}
