package dev.cepa.error;

import org.jspecify.annotations.Nullable;

/** A relay ended a circuit, or refused to create or extend it, for a reason that it gave. */
public final class CircuitException extends TorException {
    private static final long serialVersionUID = 1;

    /** The code that the relay gave. */
    private final int destroyReason;

    /**
     * Says why a circuit ended.
     *
     * @param kind what kind of trouble it is
     * @param destroyReason the reason's code in DESTROY or TRUNCATED (tor-spec section 5.4)
     * @param message what happened, and to whom
     */
    public CircuitException(ErrorKind kind, int destroyReason, String message) {
        this(kind, destroyReason, message, null);
    }

    /**
     * Says why a circuit ended, and what caused that.
     *
     * @param kind what kind of trouble it is
     * @param destroyReason the reason's code in DESTROY or TRUNCATED (tor-spec section 5.4)
     * @param message what happened, and to whom
     * @param cause what caused it; null if nothing else did
     */
    public CircuitException(ErrorKind kind, int destroyReason, String message, @Nullable Throwable cause) {
        super(kind, message, cause);
        this.destroyReason = destroyReason;
    }

    /** {@return the reason's code in DESTROY or TRUNCATED (tor-spec section 5.4), 0 to 255} */
    public int destroyReason() {
        return destroyReason;
    }
}
