package dev.cepa.testnet;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The command {@code testnet up|status|down}: a private network that goes on after the command, kept by a process of its
 * own ({@link Keeper}). Found by ServiceLoader.
 */
public final class TestnetTool implements ToolProvider {
    private static final String USAGE = """
            usage: cepa testnet up [--authorities N] [--relays N] [--exits N] [--bridges N] [--dir DIR]
                   cepa testnet status [--dir DIR]
                   cepa testnet down [--dir DIR]

            A private Tor network of real relays on 127.0.0.1 (3 authorities, 5 relays, 4 exits unless told otherwise).
            """;
    private static final int USAGE_ERROR = 2;
    private static final long END_SECONDS = 15;

    /** For ServiceLoader. */
    public TestnetTool() {}

    @Override
    public String name() {
        return "testnet";
    }

    @Override
    public Optional<String> description() {
        return Optional.of("a private Tor network of real relays on this machine");
    }

    @Override
    public int run(PrintWriter out, PrintWriter err, String... args) {
        try {
            Map<String, String> options = options(args);
            Path folder = Path.of(options.getOrDefault("dir", stateFolder().toString())).toAbsolutePath();
            return switch (args[0]) {
                case "up" -> up(folder, options, out);
                case "status" -> status(folder, out);
                case "down" -> down(folder, out);
                default -> throw new IllegalArgumentException("unknown command: " + args[0]);
            };
        } catch (IllegalArgumentException e) {
            err.println("testnet: " + e.getMessage());
            err.print(USAGE);
            return USAGE_ERROR;
        } catch (IOException e) {
            err.println("testnet: " + e.getMessage());
            return 1;
        } finally {
            out.flush();
            err.flush();
        }
    }

    private static int up(Path folder, Map<String, String> options, PrintWriter out) throws IOException {
        Programs.require("tor");
        Programs.require("tor-gencert");
        KeeperState old = KeeperState.read(folder);
        if (old != null && old.process().isPresent()) {
            throw new IOException("a network is up in " + folder + " already; see \"cepa testnet status\"");
        }
        Launch.createPrivateFolder(folder);
        KeeperState.delete(folder);
        Path log = folder.resolve("keeper.log");
        Files.deleteIfExists(log);
        Process keeper = startKeeper(folder, options, log);
        KeeperState state = awaitKeeper(keeper, folder, log, out);
        out.println("The network is up. What a client needs (also in " + folder.resolve("client.torrc") + "):");
        describe(state, out);
        return 0;
    }

    /** The shell makes the keeper deaf to Ctrl-C and to the end of the terminal; SIGTERM ends it. */
    private static Process startKeeper(Path folder, Map<String, String> options, Path log) throws IOException {
        return new ProcessBuilder("/bin/sh", "-c", "trap '' HUP INT; exec \"$@\"", "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m", "-Xss256k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
                "-cp", codeLocation(), Keeper.class.getName(), folder.toString(),
                options.getOrDefault("authorities", "3"), options.getOrDefault("relays", "5"),
                options.getOrDefault("exits", "4"), options.getOrDefault("bridges", "0"))
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    private static KeeperState awaitKeeper(Process keeper, Path folder, Path log, PrintWriter out) throws IOException {
        int shown = 0;
        while (true) {
            boolean alive = keeper.isAlive();
            List<String> lines = Files.readAllLines(log);
            for (; shown < lines.size(); shown++) {
                out.println("  " + lines.get(shown));
                out.flush();
            }
            KeeperState state = KeeperState.read(folder);
            if (state != null) {
                return state;
            }
            if (!alive) {
                throw new IOException("the network did not come up; see " + log);
            }
            Node.pause(100);
        }
    }

    private static int status(Path folder, PrintWriter out) throws IOException {
        KeeperState state = KeeperState.read(folder);
        if (state == null || state.process().isEmpty()) {
            out.println("No network is up in " + folder);
            return 1;
        }
        for (String node : state.nodes()) {
            String[] words = node.split(" ", -1);
            boolean alive = ProcessHandle.of(Long.parseLong(words[1])).filter(ProcessHandle::isAlive).isPresent();
            out.println(words[0] + ": " + (alive ? "up" : "down") + ", pid " + words[1] + ", port " + words[2]);
        }
        describe(state, out);
        return 0;
    }

    private static int down(Path folder, PrintWriter out) throws IOException {
        KeeperState state = KeeperState.read(folder);
        Optional<ProcessHandle> keeper = state == null ? Optional.empty() : state.process();
        if (keeper.isEmpty()) {
            KeeperState.delete(folder);
            out.println("No network is up in " + folder);
            return 0;
        }
        ProcessHandle process = keeper.get();
        process.destroy();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
        while (process.isAlive() && System.nanoTime() - end < 0) {
            Node.pause(50);
        }
        if (process.isAlive()) {
            // Its relays notice within some fifteen seconds and end themselves.
            process.destroyForcibly();
        }
        KeeperState.delete(folder);
        Files.deleteIfExists(folder.resolve("client.torrc"));
        out.println("The network is down");
        return 0;
    }

    private static void describe(KeeperState state, PrintWriter out) {
        state.torrc().forEach(out::println);
        if (!state.bridges().isEmpty()) {
            out.println("Bridges:");
            state.bridges().forEach(out::println);
        }
        out.println("A web server behind the exits: http://www.cepa.test:" + state.webPort() + "/");
    }

    private static Map<String, String> options(String[] args) {
        if (args.length == 0) {
            throw new IllegalArgumentException("say up, status or down");
        }
        Map<String, String> options = new TreeMap<>();
        for (int i = 1; i < args.length; i += 2) {
            String name = args[i].startsWith("--") ? args[i].substring(2) : "";
            boolean count = List.of("authorities", "relays", "exits", "bridges").contains(name);
            if (!count && !name.equals("dir") || i + 1 == args.length) {
                throw new IllegalArgumentException("cannot understand " + args[i]);
            }
            if (count && args[i + 1].chars().anyMatch(c -> c < '0' || c > '9')) {
                throw new IllegalArgumentException(args[i] + " wants a number, not " + args[i + 1]);
            }
            options.put(name, args[i + 1]);
        }
        return options;
    }

    /** Where the platform keeps state that is neither configuration nor cache. */
    private static Path stateFolder() {
        String home = System.getProperty("user.home");
        if (System.getProperty("os.name").startsWith("Mac")) {
            return Path.of(home, "Library", "Application Support", "cepa", "testnet");
        }
        @Nullable String state = System.getenv("XDG_STATE_HOME");
        return state != null && state.startsWith("/") ? Path.of(state, "cepa", "testnet")
                : Path.of(home, ".local", "state", "cepa", "testnet");
    }

    /** The archive or folder that this class comes from: all that a keeper needs. */
    private static String codeLocation() throws IOException {
        try {
            return Path.of(TestnetTool.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new NoSuchFileException("the testnet classes");
        }
    }
}
