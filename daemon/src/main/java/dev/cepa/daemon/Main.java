package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.PrintStream;
import java.security.SecureRandom;
import java.util.List;
import java.util.ServiceLoader;
import java.util.spi.ToolProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program {@code cepa}: what {@code tor} does with the same arguments, and subcommands of its own. */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    /** The version of Tor whose behaviour controllers may count on. */
    static final String COMPATIBLE = "0.4.9.11";

    private static final String USAGE =
            """
            cepa -f <torrc> [args]         run as a Tor client, as tor does with the same arguments
            cepa fetch URL                 print what is at a URL, fetched through Tor
            cepa config check FILE         say everything that is wrong with a torrc; config sample prints one
            cepa onion-key delegate ...    make keys for an onion service that runs without its master key
            cepa --verify-config           check the configuration and stop
            cepa --dump-config short|full  print it
            cepa --hash-password PASSWORD  make a value for HashedControlPassword
            cepa --list-torrc-options      print the names of all options
            cepa --version
            cepa --log-format json ...     write the log as one JSON object a line

            Options can be given here as in torrc: --SocksPort 9150, +Log "info stderr", /ExitNodes.
            """;

    private Main() {}

    /** Ends the process with its exit status. */
    public static void main(String[] args) {
        int status = args.length > 0 && isSubcommand(args[0]) ? subcommand(args) : run(args);
        System.out.flush();
        System.exit(status);
    }

    /** An option of tor begins with a dash, plus or slash, or with a capital letter. */
    private static boolean isSubcommand(String word) {
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if ((c < 'a' || c > 'z') && (i == 0 || c != '-')) {
                return false;
            }
        }
        return word.length() > 1;
    }

    private static int subcommand(String[] args) {
        for (ToolProvider tool : ServiceLoader.load(ToolProvider.class, Main.class.getClassLoader())) {
            if (tool.name().equals(args[0])) {
                String[] rest = new String[args.length - 1];
                System.arraycopy(args, 1, rest, 0, rest.length);
                return tool.run(System.out, System.err, rest);
            }
        }
        // An option may be written in small letters too.
        return run(args);
    }

    private static int run(String[] args) {
        LogOutput output = TorLogProvider.output();
        CommandLine line;
        try {
            line = CommandLine.parse(args);
        } catch (TorException e) {
            return refuse(e);
        }
        try {
            output.configure(ConfigMapper.standardLogs(line.quiet()), line.firstLogStyle());
            return run(line, output, System.out);
        } catch (TorException e) {
            LOG.error("{} {}", e.getMessage(), e.remedy());
            return 1;
        }
    }

    /** Does what a command line asks for; returns the exit status. */
    static int run(CommandLine line, LogOutput output, PrintStream out) throws TorException {
        switch (line.action()) {
            case HELP -> out.print(USAGE);
            case VERSION -> {
                out.println("Tor version " + COMPATIBLE + " (cepa-" + TorClient.version() + ").");
                out.println("Cepa " + TorClient.version() + " is a Tor client in Java, covered by the Apache License 2.0.");
                out.println("It is running on " + platform() + ".");
            }
            case LIBRARY_VERSIONS -> out.println("Java " + Runtime.version());
            case LIST_MODULES -> out.print("relay: no\ndirauth: no\ndircache: no\npow: yes\n");
            case LIST_OPTIONS -> {
                for (Option option : OptionTable.load().settable()) {
                    out.println(option.name());
                }
            }
            case LIST_DEPRECATED -> out.print(
                    "HTTPProxy\nHTTPProxyAuthenticator\nReachableDirAddresses\nClientPreferIPv6DirPort\nClientAutoIPv6ORPort\n");
            case HASH_PASSWORD -> out.println(PasswordHash.of(line.argument(), new SecureRandom()));
            case RELAY_ONLY -> {
                LOG.error("{} is for relays: a client has no relay identity.", line.argument());
                return 1;
            }
            case RUN, VERIFY_CONFIG, DUMP_CONFIG -> {
                return configured(line, output, out);
            }
        }
        return 0;
    }

    private static int configured(CommandLine line, LogOutput output, PrintStream out) throws TorException {
        LOG.info("Cepa {} (Tor {}) running on {}.", TorClient.version(), COMPATIBLE, platform());
        LOG.info("Tor can't help you if you use it wrong! Learn how to be safe at "
                + "https://support.torproject.org/faq/staying-anonymous/");
        Configuration configuration;
        String stdin = "";
        Findings findings = Findings.untilFirstError();
        try {
            if ("-".equals(line.torrc())) {
                stdin = Configuration.standardInput(System.in);
            }
            configuration = Configuration.read(line, stdin, findings);
            if (line.action() != CommandLine.Action.RUN) {
                List<String> warnings = configuration.warnings();
                warnings.addAll(Plan.of(configuration, line.quiet()).warnings());
            }
        } catch (TorException e) {
            say(findings);
            if (line.action() == CommandLine.Action.DUMP_CONFIG) {
                System.err.println(e.getMessage());
            }
            return refuse(e);
        }
        say(findings);
        return switch (line.action()) {
            case VERIFY_CONFIG -> {
                if (line.quiet() == 0) {
                    out.println("Configuration was valid");
                }
                yield 0;
            }
            case DUMP_CONFIG -> dump(line.argument(), configuration.settings(), out);
            default -> daemon(line, stdin, output, configuration);
        };
    }

    private static void say(Findings findings) {
        for (String notice : findings.notices()) {
            LOG.info(notice);
        }
        Daemon.say(findings.warnings());
    }

    private static int refuse(TorException e) {
        LOG.warn("Failed to parse/validate config: {}", e.getMessage());
        LOG.error("Reading config failed--see warnings above.");
        return 1;
    }

    private static int daemon(CommandLine line, String stdin, LogOutput output, Configuration configuration) {
        try {
            return new Daemon(line, stdin, output, configuration).run();
        } catch (TorException e) {
            if (e.kind() == ErrorKind.CONFIG) {
                return refuse(e);
            }
            LOG.error("{}. {}", e.getMessage(), e.remedy());
            return 1;
        }
    }

    private static int dump(String how, Settings settings, PrintStream out) {
        if (!how.equals("short") && !how.equals("full") && !how.equals("non-builtin")) {
            System.err.println("No valid argument to --dump-config found!\nPlease select 'short' or 'full'.");
            return 1;
        }
        out.print(settings.dump(how.equals("full")));
        return 0;
    }

    private static String platform() {
        return System.getProperty("os.name") + " with Java " + System.getProperty("java.version");
    }
}
