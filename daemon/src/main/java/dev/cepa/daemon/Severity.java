package dev.cepa.daemon;

import org.jspecify.annotations.Nullable;

/**
 * Tor's log severities, worst first. SLF4J's error is {@code err}, warn is {@code warn}, info is {@code notice}, debug is
 * {@code info} and trace is {@code debug}.
 */
enum Severity {
    ERR("err"),
    WARN("warn"),
    NOTICE("notice"),
    INFO("info"),
    DEBUG("debug");

    private static final Severity[] ALL = values();

    private final String text;

    Severity(String text) {
        this.text = text;
    }

    /** As in log lines and Log options. */
    String text() {
        return text;
    }

    /** Its bit in a mask of severities. */
    int bit() {
        return 1 << ordinal();
    }

    /** The severity of that name; null if there is none. */
    static @Nullable Severity of(String name) {
        for (Severity severity : ALL) {
            if (severity.text.equalsIgnoreCase(name)) {
                return severity;
            }
        }
        return name.equalsIgnoreCase("error") ? ERR : null;
    }

    /** The mask of all from one to another, both included. */
    static int range(Severity mildest, Severity worst) {
        int mask = 0;
        for (int i = worst.ordinal(); i <= mildest.ordinal(); i++) {
            mask |= 1 << i;
        }
        return mask;
    }
}
