package dev.cepa.error;

import org.jspecify.annotations.Nullable;

/** The far end of a stream ended it, or refused to open it, for a reason that it gave. */
public final class StreamException extends TorException {
    private static final long serialVersionUID = 1;

    /** The code that the far end gave. */
    private final int endReason;

    /**
     * Says why a stream ended.
     *
     * @param kind what kind of trouble it is
     * @param endReason the reason's code in the END message (tor-spec section 6.3)
     * @param message what happened, and to whom
     */
    public StreamException(ErrorKind kind, int endReason, String message) {
        this(kind, endReason, message, null);
    }

    /**
     * Says why a stream ended, and what caused that.
     *
     * @param kind what kind of trouble it is
     * @param endReason the reason's code in the END message (tor-spec section 6.3)
     * @param message what happened, and to whom
     * @param cause what caused it; null if nothing else did
     */
    public StreamException(ErrorKind kind, int endReason, String message, @Nullable Throwable cause) {
        super(kind, message, cause);
        this.endReason = endReason;
    }

    /** {@return the reason's code in the END message (tor-spec section 6.3), 0 to 255} */
    public int endReason() {
        return endReason;
    }
}
