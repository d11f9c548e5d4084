package dev.cepa.benchmark;

import dev.cepa.TorClient;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.daemon.Logs;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.WebServer;
import java.io.File;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;

/** The command {@code cepa benchmark}. Found by ServiceLoader. */
public final class BenchmarkTool implements ToolProvider {
    /** All passed. */
    static final int PASSED = 0;
    /** A target was missed, a benchmark failed, or a figure got worse. */
    static final int FAILED = 1;
    /** Nothing could be measured. */
    static final int COULD_NOT_RUN = 2;
    /** Stopped by the user. */
    static final int STOPPED = 130;

    private static final Duration NETWORK_START = Duration.ofMinutes(3);
    private static final long STOP_SECONDS = 20;

    private final @Nullable Suite suite;
    private final @Nullable NetworkUnderTest network;

    /** For ServiceLoader. */
    public BenchmarkTool() {
        this(null, null);
    }

    /** For tests: runs that suite, and on that network unless the arguments name one. */
    BenchmarkTool(@Nullable Suite suite, @Nullable NetworkUnderTest network) {
        this.suite = suite;
        this.network = network;
    }

    @Override
    public String name() {
        return "benchmark";
    }

    @Override
    public Optional<String> description() {
        return Optional.of("measures the client on real relays");
    }

    /** As the other one, in UTF-8 whatever the locale says: that of many a container says ASCII. */
    @Override
    public int run(PrintStream out, PrintStream err, String... args) {
        PrintWriter outWriter = new PrintWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
        PrintWriter errWriter = new PrintWriter(new OutputStreamWriter(err, StandardCharsets.UTF_8));
        return run(outWriter, errWriter, args);
    }

    @Override
    public int run(PrintWriter out, PrintWriter err, String... args) {
        try {
            CommandLine line = CommandLine.parse(args);
            return switch (line.action()) {
                case HELP -> say(out, CommandLine.USAGE.stripTrailing());
                case VERSION -> say(out, "cepa benchmark " + TorClient.version());
                case RUN -> new Session(line, out, err).run();
            };
        } catch (IllegalArgumentException e) {
            err.println("benchmark: " + e.getMessage());
            err.println("\"cepa benchmark --help\" lists all flags.");
            return COULD_NOT_RUN;
        } catch (NoSuchFileException e) {
            err.println("benchmark: there is no file " + e.getFile());
            return COULD_NOT_RUN;
        } catch (IOException e) {
            err.println("benchmark: " + e.getMessage());
            return COULD_NOT_RUN;
        } finally {
            out.flush();
            err.flush();
        }
    }

    private static int say(PrintWriter out, String text) {
        out.println(text);
        return PASSED;
    }

    private Suite suite(CommandLine line) {
        Suite.Builder builder = Suite.builder("Cepa");
        if (suite != null) {
            builder.add(suite);
        } else {
            ServiceLoader.load(Benchmark.class, Benchmark.class.getClassLoader()).forEach(builder::add);
        }
        line.targets().forEach(builder::target);
        return builder.build().filter(benchmark -> line.categories().contains(benchmark.category()));
    }

    /** One run of the command. */
    private final class Session {
        private final CommandLine line;
        private final PrintWriter out;
        private final PrintWriter err;
        private final Console console;
        private final AtomicReference<@Nullable BenchmarkContext> context = new AtomicReference<>();
        private final CountDownLatch over = new CountDownLatch(1);
        private volatile boolean stopped;

        Session(CommandLine line, PrintWriter out, PrintWriter err) {
            this.line = line;
            this.out = out;
            this.err = err;
            console = new Console(err, isTerminal());
        }

        int run() throws IOException {
            // All that can be wrong with the arguments shows before the minute that a network takes to start.
            Baseline baseline = line.baseline() == null ? null : Baseline.read(line.baseline());
            checkWritable(line.json());
            checkWritable(line.csv());
            checkWritable(line.html());
            List<Path> rivals = new ArrayList<>();
            for (String rival : line.rivals()) {
                rivals.add(program(rival));
            }
            Suite chosen = suite(line);
            Logs.toStandardError(line.logLevel());
            Thread hook = new Thread(stopper(Thread.currentThread()), "benchmark stop");
            Runtime.getRuntime().addShutdownHook(hook);
            try {
                return run(chosen, baseline, rivals);
            } finally {
                console.clear();
                out.flush();
                err.flush();
                over.countDown();
                try {
                    Runtime.getRuntime().removeShutdownHook(hook);
                } catch (IllegalStateException e) {
                    // It is what has ended this run.
                }
            }
        }

        /** Ctrl-C and SIGTERM: stops the benchmark and holds the JVM until the results so far are out. */
        private Runnable stopper(Thread runner) {
            return () -> {
                stopped = true;
                BenchmarkContext current = context.get();
                if (current != null) {
                    current.cancel();
                }
                runner.interrupt();
                try {
                    if (!over.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                        err.println("benchmark: the running benchmark does not stop; results are lost");
                        err.flush();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            };
        }

        private int run(Suite chosen, @Nullable Baseline baseline, List<Path> rivals) throws IOException {
            Path folder = Files.createTempDirectory("cepa-benchmark-");
            try (WebServer web = WebServer.start()) {
                BenchmarkContext.Builder builder = BenchmarkContext.builder()
                        .web(web)
                        .folder(folder)
                        .quick(line.quick())
                        .timeout(line.timeout())
                        .rivals(rivals)
                        .progress(console);
                if (line.iterations() > 0) {
                    builder.iterations(line.iterations());
                }
                if (line.turns() > 0) {
                    builder.turns(line.turns());
                }
                if (line.torrc() != null) {
                    return measure(chosen, baseline, builder.network(NetworkUnderTest.ofTorrc(line.torrc())));
                }
                if (network != null) {
                    return measure(chosen, baseline, builder.network(network));
                }
                try (TestNetwork started = startNetwork()) {
                    return measure(chosen, baseline, builder.network(NetworkUnderTest.of(started)));
                }
            } catch (IOException e) {
                if (stopped) {
                    err.println("benchmark: stopped before anything was measured");
                    return STOPPED;
                }
                throw e;
            } finally {
                deleteFolder(folder);
            }
        }

        private TestNetwork startNetwork() throws IOException {
            Duration most = line.timeout().compareTo(NETWORK_START) < 0 ? line.timeout() : NETWORK_START;
            return TestNetwork.builder().progress(text -> console.note("network: " + text)).start(most);
        }

        private int measure(Suite chosen, @Nullable Baseline baseline, BenchmarkContext.Builder builder) throws IOException {
            BenchmarkContext current = builder.build();
            context.set(current);
            if (stopped) {
                current.cancel();
            }
            Report report = chosen.run(current);
            Thread.interrupted(); // what stopped the run must not stop the writing
            console.clear();
            List<Baseline.Comparison> comparisons =
                    baseline == null ? List.of() : baseline.compare(report, line.maxRegression());
            Summary.print(report, comparisons, out);
            String difference = baseline == null ? null : baseline.difference(report.environment());
            if (difference != null) {
                err.println("benchmark: figures may not compare: " + difference);
            }
            write(line.json(), () -> ReportFiles.json(report, comparisons));
            write(line.csv(), () -> ReportFiles.csv(report));
            write(line.html(), () -> HtmlReport.page(report, comparisons));
            if (stopped) {
                return STOPPED;
            }
            boolean worse = comparisons.stream().anyMatch(Baseline.Comparison::regression);
            return report.success() && !worse ? PASSED : FAILED;
        }
    }

    private static boolean isTerminal() {
        String term = System.getenv("TERM");
        // A runtime image without the module for it has no console at all.
        return term != null
                && !term.equals("dumb")
                && Optional.ofNullable(System.console()).filter(java.io.Console::isTerminal).isPresent();
    }

    private interface Text {
        String get();
    }

    private static void write(@Nullable Path file, Text text) throws IOException {
        if (file != null) {
            Files.writeString(file, text.get());
        }
    }

    private static void checkWritable(@Nullable Path file) throws IOException {
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file) || folder == null || !Files.isDirectory(folder)
                || !Files.isWritable(Files.exists(file) ? file : folder)) {
            throw new IOException(file + " can't be written");
        }
    }

    /** A program given by path, or by a name that is looked for on PATH. */
    private static Path program(String name) throws IOException {
        if (name.equals(ClientProgram.MONITORED)) {
            return Path.of(name);
        }
        if (name.contains(File.separator)) {
            if (!Files.isExecutable(Path.of(name)) || Files.isDirectory(Path.of(name))) {
                throw new IOException("--vs " + name + ": no such program");
            }
            return Path.of(name);
        }
        String path = System.getenv("PATH");
        for (String folder : ((path == null ? "" : path) + File.pathSeparator + "/usr/bin").split(File.pathSeparator)) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, name))) {
                return Path.of(name); // by its name, which is what reports call it
            }
        }
        throw new IOException("--vs " + name + ": no such program on PATH");
    }

    private static void deleteFolder(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException problem) {
                return FileVisitResult.CONTINUE; // a client that is ending has deleted it
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException problem) {
                if (!visited.toFile().delete()) {
                    visited.toFile().deleteOnExit();
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
