package dev.cepa.daemon;

/**
 * How log lines are written. Immutable.
 *
 * @param granularityMillis in which steps they say the time
 * @param domains whether they say which part of the program they are from
 * @param json whether each is a JSON object
 * @param truncate whether files are emptied when they are opened
 * @param syslogTag added to the program's name in the system's log; empty for none
 */
record LogStyle(long granularityMillis, boolean domains, boolean json, boolean truncate, String syslogTag) {
    static final LogStyle DEFAULT = new LogStyle(1, false, false, false, "");

    /** The one that a torrc asks for. */
    static LogStyle of(Settings settings) {
        return new LogStyle(
                OptionChecks.granularity(settings.number("LogTimeGranularity")),
                settings.flag("LogMessageDomains"),
                settings.text("LogFormat").equalsIgnoreCase("json"),
                settings.flag("TruncateLogFile"),
                settings.text("SyslogIdentityTag"));
    }

    LogStyle withoutTruncation() {
        return new LogStyle(granularityMillis, domains, json, false, syslogTag);
    }
}
