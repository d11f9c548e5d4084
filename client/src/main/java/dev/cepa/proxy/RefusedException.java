package dev.cepa.proxy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;

/** A request was refused on this side, before anybody else heard of it; the message says why, without saying where to. */
final class RefusedException extends TorException {
    private static final long serialVersionUID = 1;

    /** Whether the port's own flags forbid it, rather than reason. */
    private final boolean byPolicy;

    RefusedException(boolean byPolicy, String message) {
        super(ErrorKind.BAD_REQUEST, message);
        this.byPolicy = byPolicy;
    }

    boolean byPolicy() {
        return byPolicy;
    }
}
