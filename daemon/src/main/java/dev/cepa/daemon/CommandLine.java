package dev.cepa.daemon;

import dev.cepa.daemon.ConfigLine.Mode;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The arguments, as Tor reads them: its own switches, and torrc options as {@code --Option value}, {@code Option value},
 * {@code +Option value} or {@code /Option}. Immutable.
 *
 * @param argument what belongs to the action, or empty
 * @param quiet 0; 1 for warnings and errors alone; 2 for nothing
 * @param torrc the file to read, {@code -} for standard input; null for the usual one
 * @param defaultsTorrc the file with defaults; null for the usual one
 * @param options the torrc options, in order
 */
record CommandLine(
        Action action,
        String argument,
        int quiet,
        @Nullable String torrc,
        @Nullable String defaultsTorrc,
        boolean allowMissingTorrc,
        boolean ignoreMissingTorrc,
        List<ConfigLine> options) {
    /** What is to be done. */
    enum Action {
        RUN,
        VERIFY_CONFIG,
        DUMP_CONFIG,
        HASH_PASSWORD,
        LIST_OPTIONS,
        LIST_DEPRECATED,
        LIST_MODULES,
        LIBRARY_VERSIONS,
        VERSION,
        HELP,
        /** Asks for a relay's identity, which a client has not. */
        RELAY_ONLY
    }

    static final int HUSH = 1;
    static final int QUIET = 2;

    static final String SOURCE = "command line";

    /**
     * Reads them.
     *
     * @throws TorException of kind CONFIG for an option without its value
     */
    static CommandLine parse(String... args) throws TorException {
        Action action = Action.RUN;
        String argument = "";
        int quiet = 0;
        String torrc = null;
        String defaultsTorrc = null;
        boolean allowMissing = false;
        boolean ignoreMissing = false;
        List<ConfigLine> options = new ArrayList<>();
        int i = 0;
        while (i < args.length) {
            String arg = args[i++];
            switch (arg) {
                case "-f", "--torrc-file" -> {
                    // As with tor, the last one counts.
                    torrc = value(args, i++, arg);
                }
                case "--defaults-torrc" -> defaultsTorrc = value(args, i++, arg);
                case "--allow-missing-torrc" -> allowMissing = true;
                case "--ignore-missing-torrc" -> ignoreMissing = true;
                case "--quiet" -> quiet = QUIET;
                case "--hush" -> quiet = Math.max(quiet, HUSH);
                case "--verify-config" -> action = Action.VERIFY_CONFIG;
                case "--hash-password" -> {
                    action = Action.HASH_PASSWORD;
                    argument = value(args, i++, arg);
                }
                case "--dump-config" -> {
                    action = Action.DUMP_CONFIG;
                    quiet = QUIET;
                    argument = i < args.length && !args[i].startsWith("-") ? args[i++] : "";
                }
                case "--log-format" -> options.add(
                        new ConfigLine("LogFormat", value(args, i++, arg), Mode.SET, SOURCE, 0));
                case "--version" -> action = Action.VERSION;
                case "-h", "--help" -> action = Action.HELP;
                case "--list-torrc-options" -> action = Action.LIST_OPTIONS;
                case "--list-deprecated-options" -> action = Action.LIST_DEPRECATED;
                case "--list-modules" -> action = Action.LIST_MODULES;
                case "--library-versions" -> action = Action.LIBRARY_VERSIONS;
                case "--list-fingerprint", "--key-expiration" -> {
                    action = Action.RELAY_ONLY;
                    argument = arg;
                    if (i < args.length && !args[i].startsWith("-")) {
                        i++;
                    }
                }
                case "--keygen" -> {
                    action = Action.RELAY_ONLY;
                    argument = arg;
                }
                case "--keygen-family" -> {
                    action = Action.RELAY_ONLY;
                    argument = arg;
                    i++;
                }
                case "--newpass", "--no-passphrase", "--nt-service", "-nt-service" -> {}
                case "--passphrase-fd", "--format" -> i++;
                default -> {
                    String name = withoutDashes(arg);
                    Mode mode = name.startsWith("+") ? Mode.APPEND : name.startsWith("/") ? Mode.CLEAR : Mode.SET;
                    String value = mode == Mode.CLEAR ? "" : value(args, i++, arg);
                    options.add(
                            new ConfigLine(mode == Mode.SET ? name : name.substring(1), value, mode, SOURCE, 0));
                }
            }
        }
        return new CommandLine(
                action, argument, quiet, torrc, defaultsTorrc, allowMissing, ignoreMissing, List.copyOf(options));
    }

    /** How to write what is logged before the configuration is known. */
    LogStyle firstLogStyle() {
        boolean json = false;
        for (ConfigLine option : options) {
            json = option.key().equalsIgnoreCase("LogFormat") ? option.value().equalsIgnoreCase("json") : json;
        }
        return new LogStyle(1, false, json, false, "");
    }

    private static String value(String[] args, int index, String option) throws TorException {
        if (index >= args.length) {
            throw new TorException(ErrorKind.CONFIG, "Command-line option '" + option + "' with no value. Failing.");
        }
        return args[index];
    }

    private static String withoutDashes(String arg) {
        String bare = arg.startsWith("-") ? arg.substring(1) : arg;
        return bare.startsWith("-") ? bare.substring(1) : bare;
    }
}
