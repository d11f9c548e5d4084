package dev.cepa.daemon.control;

import org.jspecify.annotations.Nullable;

/** What SIGNAL takes, in Tor's order. Of several that do the same, the first names the event. */
public enum ControlSignal {
    /** Reads the configuration anew. */
    RELOAD,
    HUP,
    /** Ends the program when it has been told that it is to end. */
    SHUTDOWN,
    /** Writes numbers to the log. */
    DUMP,
    USR1,
    /** Writes everything to the log. */
    DEBUG,
    USR2,
    /** Ends the program at once. */
    HALT,
    TERM,
    INT,
    /** New circuits for new streams. */
    NEWNYM,
    /** Forgets addresses of names. */
    CLEARDNSCACHE,
    /** Writes a heartbeat to the log. */
    HEARTBEAT,
    /** Wakes a client that rests. */
    ACTIVE,
    /** Has the client rest. */
    DORMANT;

    /** {@return the signal of that name in any case; null if there is none} */
    public static @Nullable ControlSignal of(String name) {
        for (ControlSignal signal : values()) {
            if (signal.name().equalsIgnoreCase(name)) {
                return signal;
            }
        }
        return null;
    }

    /** {@return the first of those that do the same} */
    public ControlSignal canonical() {
        return switch (this) {
            case HUP -> RELOAD;
            case USR1 -> DUMP;
            case USR2 -> DEBUG;
            case TERM, INT -> HALT;
            default -> this;
        };
    }
}
