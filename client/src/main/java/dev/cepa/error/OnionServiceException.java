package dev.cepa.error;

import org.jspecify.annotations.Nullable;

/** An onion service could not be reached. */
public final class OnionServiceException extends TorException {
    private static final long serialVersionUID = 1;

    /** What went wrong, as SOCKS can tell it (proposal 304). */
    public enum Reason {
        /** No directory has the service's descriptor: it is offline, or there is no such service. */
        DESCRIPTOR_NOT_FOUND(0xf0),
        /** The service's descriptor can't be read or is not authentic. */
        DESCRIPTOR_INVALID(0xf1),
        /** None of its introduction points passed the introduction on. */
        INTRODUCTION_FAILED(0xf2),
        /** Service and client did not come together at a rendezvous point. */
        RENDEZVOUS_FAILED(0xf3),
        /** The service wants to know who its clients are, and we have no key for it. */
        CLIENT_AUTH_MISSING(0xf4),
        /** The service wants to know who its clients are, and our key is not among them. */
        CLIENT_AUTH_WRONG(0xf5),
        /** That is not an onion service's address. */
        BAD_ADDRESS(0xf6),
        /** No introduction point answered in time. */
        INTRODUCTION_TIMED_OUT(0xf7);

        private final int socksCode;

        Reason(int socksCode) {
            this.socksCode = socksCode;
        }

        /** {@return the SOCKS 5 reply code, for clients that asked for such codes} */
        public int socksCode() {
            return socksCode;
        }

        private ErrorKind kind() {
            return switch (this) {
                case BAD_ADDRESS -> ErrorKind.BAD_REQUEST;
                case CLIENT_AUTH_MISSING, CLIENT_AUTH_WRONG -> ErrorKind.ONION_CLIENT_AUTH;
                default -> ErrorKind.ONION_SERVICE;
            };
        }
    }

    /** What went wrong. */
    private final Reason reason;

    /**
     * Says why a service could not be reached.
     *
     * @param reason what went wrong
     * @param message what happened, without the service's address
     */
    public OnionServiceException(Reason reason, String message) {
        this(reason, message, null);
    }

    /**
     * Says why a service could not be reached, and what caused that.
     *
     * @param reason what went wrong
     * @param message what happened, without the service's address
     * @param cause what caused it; null if nothing else did
     */
    public OnionServiceException(Reason reason, String message, @Nullable Throwable cause) {
        super(reason.kind(), message, cause);
        this.reason = reason;
    }

    /** {@return what went wrong} */
    public Reason reason() {
        return reason;
    }
}
