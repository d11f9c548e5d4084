package dev.cepa.error;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The root of everything that Cepa throws for a reason outside the program. The message says what happened and to whom;
 * {@link #kind()} says what kind of trouble it is, and its remedy what can be done.
 */
public class TorException extends IOException {
    private static final long serialVersionUID = 1;

    /** What kind of trouble it is. */
    private final ErrorKind kind;

    /**
     * Says what happened.
     *
     * @param kind what kind of trouble it is
     * @param message what happened, and to whom
     */
    public TorException(ErrorKind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /**
     * Says what happened, and what caused that.
     *
     * @param kind what kind of trouble it is
     * @param message what happened, and to whom
     * @param cause what caused it; null if nothing else did
     */
    public TorException(ErrorKind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** {@return what kind of trouble this is} */
    public final ErrorKind kind() {
        return kind;
    }

    /** {@return what a user can do, as one sentence} */
    public final String remedy() {
        return kind.remedy();
    }
}
