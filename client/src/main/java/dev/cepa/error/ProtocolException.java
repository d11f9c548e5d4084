package dev.cepa.error;

import org.jspecify.annotations.Nullable;

/** A peer sent something that the protocol does not allow: malformed, out of place, too much, or not verifiable. */
public final class ProtocolException extends TorException {
    private static final long serialVersionUID = 1;

    public ProtocolException(String message) {
        super(ErrorKind.PROTOCOL, message);
    }

    public ProtocolException(String message, @Nullable Throwable cause) {
        super(ErrorKind.PROTOCOL, message, cause);
    }
}
