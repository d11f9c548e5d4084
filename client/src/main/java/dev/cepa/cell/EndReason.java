package dev.cepa.cell;

import dev.cepa.error.ErrorKind;

/** Why a stream ended (tor-spec section 6.3). */
public enum EndReason {
    MISC(1, ErrorKind.STREAM_CLOSED),
    RESOLVEFAILED(2, ErrorKind.NAME_NOT_FOUND),
    CONNECTREFUSED(3, ErrorKind.CONNECTION_REFUSED),
    EXITPOLICY(4, ErrorKind.EXIT_POLICY),
    DESTROY(5, ErrorKind.CIRCUIT_FAILED),
    DONE(6, ErrorKind.STREAM_CLOSED),
    TIMEOUT(7, ErrorKind.TIMEOUT),
    NOROUTE(8, ErrorKind.HOST_UNREACHABLE),
    HIBERNATING(9, ErrorKind.CIRCUIT_FAILED),
    INTERNAL(10, ErrorKind.CIRCUIT_FAILED),
    RESOURCELIMIT(11, ErrorKind.CIRCUIT_FAILED),
    CONNRESET(12, ErrorKind.STREAM_CLOSED),
    TORPROTOCOL(13, ErrorKind.PROTOCOL),
    NOTDIRECTORY(14, ErrorKind.RELAY_UNREACHABLE);

    private static final EndReason[] BY_CODE = values();

    private final int code;
    private final ErrorKind kind;

    EndReason(int code, ErrorKind kind) {
        this.code = code;
        this.kind = kind;
    }

    /** The byte on the wire. */
    public int code() {
        return code;
    }

    /** The kind of trouble that it means to a user. */
    public ErrorKind kind() {
        return kind;
    }

    /** The reason of that code; unknown codes count as MISC. */
    public static EndReason of(int code) {
        return code >= 1 && code <= BY_CODE.length ? BY_CODE[code - 1] : MISC;
    }
}
