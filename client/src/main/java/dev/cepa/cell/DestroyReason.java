package dev.cepa.cell;

import dev.cepa.error.ErrorKind;

/** Why a circuit ended, in DESTROY and TRUNCATED (tor-spec section 5.4). */
public enum DestroyReason {
    NONE,
    PROTOCOL,
    INTERNAL,
    REQUESTED,
    HIBERNATING,
    RESOURCELIMIT,
    CONNECTFAILED,
    OR_IDENTITY,
    CHANNEL_CLOSED,
    FINISHED,
    TIMEOUT,
    DESTROYED,
    NOSUCHSERVICE;

    private static final DestroyReason[] BY_CODE = values();

    /** The byte on the wire. */
    public int code() {
        return ordinal();
    }

    /** The kind of trouble that it means to a user. */
    public ErrorKind kind() {
        return this == NOSUCHSERVICE ? ErrorKind.ONION_SERVICE : ErrorKind.CIRCUIT_FAILED;
    }

    /** The reason of that code; unknown codes count as NONE. */
    public static DestroyReason of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : NONE;
    }
}
