package dev.cepa.daemon;

import dev.cepa.error.TorException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where log lines of some severities go: the value of a {@code Log} line. Immutable.
 *
 * @param mask the severities, see {@link Severity#bit}
 * @param file the file's name; null for a stream
 */
record LogTarget(int mask, Kind kind, @Nullable String file) {
    /** The kinds of places. */
    enum Kind {
        STDOUT,
        STDERR,
        FILE
    }

    /** Notices and worse to standard output, what Tor does without any Log line. */
    static final LogTarget DEFAULT = new LogTarget(Severity.range(Severity.NOTICE, Severity.ERR), Kind.STDOUT, null);

    /**
     * Reads {@code severity[-severity] stdout|stderr|file NAME|syslog}. Ranges for single domains in brackets are taken,
     * but Cepa's lines have no domains: they count only if there is no range without.
     *
     * @param warnings told about what is taken without effect
     * @throws TorException of kind CONFIG
     */
    static LogTarget parse(ConfigLine line, List<String> warnings) throws TorException {
        Words words = new Words(line.value());
        int plain = 0;
        int withDomains = 0;
        String word = words.next();
        while (word != null && !isPlace(word)) {
            if (word.startsWith("[")) {
                String domains = word;
                while (domains.indexOf(']') < 0) {
                    String more = words.next();
                    if (more == null) {
                        throw badLevels(line);
                    }
                    domains += more;
                }
                String rest = domains.substring(domains.indexOf(']') + 1);
                String range = rest.isEmpty() ? words.next() : rest;
                if (range == null) {
                    throw badLevels(line);
                }
                if (isPlace(range)) {
                    word = range;
                    continue;
                }
                int mask = range(range, line);
                if (domains.startsWith("[*]")) {
                    plain |= mask;
                } else {
                    withDomains |= mask;
                }
            } else if (plain != 0) {
                throw badLevels(line);
            } else {
                plain = range(word, line);
            }
            word = words.next();
        }
        if (withDomains != 0) {
            warnings.add(line.place() + ": Log domains make no difference here.");
        }
        int mask = plain != 0 ? plain : withDomains;
        if (mask == 0) {
            throw badLevels(line);
        }
        return place(mask, word, words.rest(), line, warnings);
    }

    private static LogTarget place(
            int mask, @Nullable String word, String rest, ConfigLine line, List<String> warnings) throws TorException {
        if (word == null || word.equalsIgnoreCase("stdout") && rest.isEmpty()) {
            return new LogTarget(mask, Kind.STDOUT, null);
        }
        if (word.equalsIgnoreCase("stderr") && rest.isEmpty()) {
            return new LogTarget(mask, Kind.STDERR, null);
        }
        if (word.equalsIgnoreCase("syslog") && rest.isEmpty()) {
            warnings.add(line.place() + ": There is no syslog here; logging to standard output, "
                    + "which a service manager takes from there.");
            return new LogTarget(mask, Kind.STDOUT, null);
        }
        if (word.equalsIgnoreCase("file") && !rest.isEmpty()) {
            return new LogTarget(mask, Kind.FILE, Home.expand(rest));
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
            throw badLevels(line);
        }
        return Severity.range(mildest, worst);
    }

    private static TorException badLevels(ConfigLine line) {
        return Settings.bad(line, "Couldn't parse log levels in Log option 'Log " + line.value() + "'");
    }
}
