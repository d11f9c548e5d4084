package dev.cepa.error;

import org.jspecify.annotations.Nullable;

/** A peer sent something that the protocol does not allow: malformed, out of place, too much, or not verifiable. */
public final class ProtocolException extends TorException {
    private static final long serialVersionUID = 1;

    /**
     * Says what a peer did.
     *
     * @param message what happened, and to whom
     */
    public ProtocolException(String message) {
        super(ErrorKind.PROTOCOL, message);
    }

    /**
     * Says what a peer did, and what caused that.
     *
     * @param message what happened, and to whom
     * @param cause what caused it; null if nothing else did
     */
    public ProtocolException(String message, @Nullable Throwable cause) {
        super(ErrorKind.PROTOCOL, message, cause);
    }
}
