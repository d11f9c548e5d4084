package dev.cepa.path;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.time.Instant;

/** No guard can be used at the moment; says when to try again. */
public final class NoGuardException extends TorException {
    private static final long serialVersionUID = 1;

    private final Instant retryAt;

    NoGuardException(ErrorKind kind, String message, Instant retryAt) {
        super(kind, message);
        this.retryAt = retryAt;
    }

    /** When asking again makes sense. */
    public Instant retryAt() {
        return retryAt;
    }
}
