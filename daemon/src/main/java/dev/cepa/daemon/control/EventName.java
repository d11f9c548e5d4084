package dev.cepa.daemon.control;

import org.jspecify.annotations.Nullable;

/** The events of control-spec section 4.1, in Tor's order. */
enum EventName {
    CIRC,
    CIRC_MINOR,
    STREAM,
    ORCONN,
    BW,
    DEBUG,
    INFO,
    NOTICE,
    WARN,
    ERR,
    NEWDESC,
    ADDRMAP,
    DESCCHANGED,
    NS,
    STATUS_GENERAL,
    STATUS_CLIENT,
    STATUS_SERVER,
    GUARD,
    STREAM_BW,
    CLIENTS_SEEN,
    NEWCONSENSUS,
    BUILDTIMEOUT_SET,
    SIGNAL,
    CONF_CHANGED,
    CONN_BW,
    CELL_STATS,
    CIRC_BW,
    TRANSPORT_LAUNCHED,
    HS_DESC,
    HS_DESC_CONTENT,
    NETWORK_LIVENESS;

    private static final EventName[] ALL = values();

    /** Its bit in a set of events. */
    long bit() {
        return 1L << ordinal();
    }

    /** The event of that name in any case; null if there is none. */
    static @Nullable EventName of(String name) {
        for (EventName event : ALL) {
            if (event.name().equalsIgnoreCase(name)) {
                return event;
            }
        }
        return null;
    }
}
