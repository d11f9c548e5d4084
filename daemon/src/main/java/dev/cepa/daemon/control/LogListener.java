package dev.cepa.daemon.control;

/** Who is shown log lines. */
@FunctionalInterface
public interface LogListener {
    /** Tor's severities, mildest first. */
    enum Severity {
        DEBUG,
        INFO,
        NOTICE,
        WARN,
        ERR;

        /** Its bit in a set of severities. */
        public int bit() {
            return 1 << ordinal();
        }
    }

    /**
     * Called with the log's lock held: it must be quick, and must not log.
     *
     * @param severity the line's
     * @param text without time and severity; may have line feeds
     */
    void line(Severity severity, String text);
}
