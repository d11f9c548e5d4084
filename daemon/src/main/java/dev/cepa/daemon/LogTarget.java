package dev.cepa.daemon;

import dev.cepa.error.TorException;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Where log lines of some severities go: the value of a {@code Log} line. Immutable.
 *
 * @param mask the severities, see {@link Severity#bit}
 * @param file the file's name; null for what is none
 * @param domains which domains of which severities, 32 bits for each severity; null for all
 */
record LogTarget(int mask, Kind kind, @Nullable String file, @Nullable BitSet domains) {
    /** The kinds of places. */
    enum Kind {
        STDOUT,
        STDERR,
        SYSLOG,
        FILE
    }

    /** Notices and worse to standard output, what Tor does without any Log line. */
    static final LogTarget DEFAULT = new LogTarget(Severity.range(Severity.NOTICE, Severity.ERR), Kind.STDOUT, null);

    /** Of all domains. */
    LogTarget(int mask, Kind kind, @Nullable String file) {
        this(mask, kind, file, null);
    }

    /** Whether a line of that severity and that domain goes there. */
    boolean takes(Severity severity, int domain) {
        return (mask & severity.bit()) != 0 && (domains == null || domains.get(bit(severity, domain)));
    }

    private static int bit(Severity severity, int domain) {
        return severity.ordinal() * 32 + domain;
    }

    /**
     * Reads {@code [domain,~domain]severity[-severity] ... stdout|stderr|syslog|file NAME}.
     *
     * @throws TorException of kind CONFIG
     */
    static LogTarget parse(ConfigLine line) throws TorException {
        Words words = new Words(line.value());
        int[] domains = new int[Severity.values().length];
        boolean plainSeen = false;
        String word = words.next();
        while (word != null && !isPlace(word)) {
            int wanted = LogDomains.ALL;
            if (word.startsWith("[")) {
                StringBuilder list = new StringBuilder(word);
                while (list.indexOf("]") < 0) {
                    String more = words.next();
                    if (more == null) {
                        throw badLevels(line, "");
                    }
                    list.append(more);
                }
                int end = list.indexOf("]");
                wanted = domains(list.substring(1, end), line);
                word = end + 1 < list.length() ? list.substring(end + 1) : words.next();
                if (word == null) {
                    throw badLevels(line, "");
                }
                if (isPlace(word)) {
                    break;
                }
            } else if (plainSeen) {
                throw badLevels(line, "");
            } else {
                plainSeen = true;
            }
            int severities = range(word, line);
            for (int i = 0; i < domains.length; i++) {
                domains[i] |= (severities >> i & 1) != 0 ? wanted : 0;
            }
            word = words.next();
        }
        return place(domains, word, words.rest(), line);
    }

    private static int domains(String list, ConfigLine line) throws TorException {
        int with = 0;
        int without = 0;
        for (String item : list.split(",", -1)) {
            String name = item.strip();
            if (name.equals("*")) {
                with = LogDomains.ALL;
                continue;
            }
            int domain = LogDomains.of(name.startsWith("~") ? name.substring(1) : name);
            if (domain < 0) {
                throw badLevels(line, ": No such logging domain as " + name);
            }
            if (name.startsWith("~")) {
                without |= 1 << domain;
            } else {
                with |= 1 << domain;
            }
        }
        return (with == 0 && without != 0 ? LogDomains.ALL : with) & ~without;
    }

    /** The severities that any domain has, and the domains of each unless it is all of them. */
    private static LogTarget of(int[] domains, Kind kind, @Nullable String file) {
        int mask = 0;
        boolean all = true;
        BitSet bits = new BitSet();
        for (Severity severity : Severity.values()) {
            int wanted = domains[severity.ordinal()];
            mask |= wanted == 0 ? 0 : severity.bit();
            all &= wanted == 0 || wanted == LogDomains.ALL;
            for (int i = 0; i < 32; i++) {
                bits.set(bit(severity, i), (wanted >> i & 1) != 0);
            }
        }
        return new LogTarget(mask, kind, file, all ? null : bits);
    }

    private static LogTarget place(int[] domains, @Nullable String word, String rest, ConfigLine line) throws TorException {
        boolean any = false;
        for (int wanted : domains) {
            any |= wanted != 0;
        }
        if (!any) {
            throw badLevels(line, "");
        }
        if (word == null || word.equalsIgnoreCase("stdout") && rest.isEmpty()) {
            return of(domains, Kind.STDOUT, null);
        }
        if (word.equalsIgnoreCase("stderr") && rest.isEmpty()) {
            return of(domains, Kind.STDERR, null);
        }
        if (word.equalsIgnoreCase("syslog") && rest.isEmpty()) {
            return of(domains, Kind.SYSLOG, null);
        }
        if (word.equalsIgnoreCase("file") && !rest.isEmpty()) {
            return of(domains, Kind.FILE, Home.expand(rest));
        }
        throw Settings.bad(line, "Bad syntax on file Log option 'Log " + line.value() + "'");
    }

    private static boolean isPlace(String word) {
        return word.equalsIgnoreCase("file")
                || word.equalsIgnoreCase("stdout")
                || word.equalsIgnoreCase("stderr")
                || word.equalsIgnoreCase("syslog");
    }

    private static int range(String text, ConfigLine line) throws TorException {
        int dash = text.indexOf('-');
        Severity mildest = Severity.of(dash < 0 ? text : text.substring(0, dash));
        Severity worst = dash < 0 ? Severity.ERR : Severity.of(text.substring(dash + 1));
        if (mildest == null || worst == null) {
            throw badLevels(line, "");
        }
        return Severity.range(mildest, worst);
    }

    private static TorException badLevels(ConfigLine line, String why) {
        return new ConfigException(
                line,
                "Couldn't parse log levels in Log option 'Log " + line.value() + "'" + why,
                "Write err, warn, notice, info or debug, then stdout, stderr, syslog or file NAME.");
    }
}
