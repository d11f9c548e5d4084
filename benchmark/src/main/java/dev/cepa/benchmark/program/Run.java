package dev.cepa.benchmark.program;

import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.Metric;
import dev.cepa.benchmark.Series;
import dev.cepa.benchmark.load.RequestLoad;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.StreamLoad;
import dev.cepa.benchmark.load.Transfer;
import dev.cepa.benchmark.load.WebStream;
import dev.cepa.benchmark.load.WebTarget;
import dev.cepa.benchmark.load.WrongContentException;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.error.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One program's turn at a benchmark: what it works with, and what is measured of it. For one thread; its processes are the
 * benchmark's to close.
 */
final class Run {
    /** How long a client may take to its first byte; C tor tries again only after tens of seconds in places. */
    private static final Duration BOOTSTRAP = Duration.ofMinutes(3);
    private static final Duration ATTEMPT = Duration.ofSeconds(30);
    private static final long RETRY_MILLIS = 5;
    /** Small enough to come in one piece. */
    private static final int FIRST_BYTES = 100;

    private final BenchmarkContext context;
    private final ClientProgram program;
    private final WebTarget target;
    private final LatencyTracker latency;
    private final Place place;
    private final Map<String, Figure> figures = new LinkedHashMap<>();
    private final List<Series> series = new ArrayList<>();
    private int part;
    private int parts = 1;
    private long workNanos;
    private long operations;
    private long memoryInUse = MemorySnapshot.UNKNOWN;
    private @Nullable String error;

    /**
     * One number.
     *
     * @param target null unless there is one to reach
     */
    record Figure(String unit, Metric.Goal goal, double value, @Nullable Double target) {}

    /**
     * Which turn of how many it is.
     *
     * @param rival whether the program is one that ours is compared with
     */
    record Place(int turn, int turns, boolean rival) {}

    Run(BenchmarkContext context, ClientProgram program, Place place, LatencyTracker latency) {
        this.context = context;
        this.place = place;
        this.program = program;
        this.latency = latency;
        this.target = new WebTarget(context.host(), context.web().port());
    }

    BenchmarkContext context() {
        return context;
    }

    ClientProgram program() {
        return program;
    }

    WebTarget target() {
        return target;
    }

    /** Whether the program is one that ours is compared with. */
    boolean isRival() {
        return place.rival;
    }

    /** Says which part of the turn, from 0 on, the steps that follow belong to. */
    void part(int number, int of) {
        part = number;
        parts = of;
    }

    /** Says how far this part of the turn is, and goes on or stops it: to be called between operations. */
    void step(long done, long total, String what) throws InterruptedException, TimeoutException {
        context.check();
        double fraction = total <= 0 ? 0 : Math.clamp((double) done / total, 0, 1);
        context.progress().moved((place.turn + (part + fraction) / parts) / place.turns, program.name() + ", " + what);
    }

    boolean quick() {
        return context.quick();
    }

    /** How long the operations of this turn took. */
    LatencyTracker latency() {
        return latency;
    }

    /** A new folder for a client. */
    Path newFolder() throws IOException {
        return Files.createTempDirectory(context.folder(), "client-");
    }

    /** Starts the program in a new folder and waits until a first byte has come through it. */
    ClientProcess startReady(@Nullable Integer core) throws IOException, InterruptedException, TimeoutException {
        return startReady(newFolder(), core);
    }

    /** Starts the program and waits until a first byte has come through it. */
    ClientProcess startReady(Path folder, @Nullable Integer core)
            throws IOException, InterruptedException, TimeoutException {
        return startReady(folder, List.of(), core);
    }

    /** Starts the program in a new folder, with more lines in its torrc, and waits until a first byte has come through it. */
    ClientProcess startWith(List<String> more) throws IOException, InterruptedException, TimeoutException {
        return startReady(newFolder(), more, null);
    }

    /** Starts the program, with more lines in its torrc, and waits until a first byte has come through it. */
    ClientProcess startReady(Path folder, List<String> more, @Nullable Integer core)
            throws IOException, InterruptedException, TimeoutException {
        List<String> lines = new ArrayList<>(context.network().clientTorrc());
        lines.addAll(more);
        ClientProcess client = ClientProcess.start(program, folder, lines, core);
        try {
            awaitFirstByte(client);
            return client;
        } catch (IOException | InterruptedException | TimeoutException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /**
     * Asks for a few bytes until they come: at once when the client listens, and again as soon as it refuses.
     *
     * @return when the first byte was there, on {@link System#nanoTime}'s clock
     */
    long awaitFirstByte(ClientProcess client) throws IOException, InterruptedException, TimeoutException {
        Deadline deadline = context.deadline().atMost(BOOTSTRAP);
        client.awaitListening(deadline);
        while (true) {
            try {
                Transfer transfer = fetch(client, null, FIRST_BYTES, deadline.atMost(ATTEMPT));
                return transfer.startedNanos() + transfer.firstByteNanos();
            } catch (WrongContentException e) {
                throw e;
            } catch (IOException e) {
                client.requireAlive();
                context.check();
                if (deadline.passed()) {
                    throw new IOException("no byte came through in time: " + e.getMessage() + "; it says:\n"
                            + client.logTail(), e);
                }
                Thread.sleep(RETRY_MILLIS);
            }
        }
    }

    /** One small download over a stream of its own. */
    Transfer fetch(ClientProcess client, @Nullable String user, long length, Deadline deadline) throws IOException {
        return WebStream.fetch(new SocksClient(client.socksPort()), target, user, 1, length, deadline);
    }

    /** A wait's end: so far away, and not after the whole run's. */
    Deadline deadline(Duration patience) {
        return context.deadline().atMost(patience);
    }

    /** A load of many streams; what goes wrong with single ones is told, and that none worked is an error. */
    StreamLoad.Outcome load(ClientProcess client, StreamLoad load, Duration duration, Duration patience)
            throws IOException, InterruptedException, TimeoutException {
        context.check();
        StreamLoad.Outcome outcome = load.run(duration, Duration.ofNanos(Math.max(1, deadline(patience).nanosLeft())));
        String errors = outcome.describeErrors();
        if (outcome.completed() == 0) {
            client.requireAlive();
            throw new IOException("all " + outcome.streams() + " streams failed: " + errors);
        }
        if (outcome.wrong() > 0) {
            error = errors;
        } else if (outcome.failed() > 0) {
            context.progress().note(program.name() + ": of " + outcome.streams() + " streams, " + errors);
        }
        return outcome;
    }

    /** Requests of which some may fail; that none worked, or that content was wrong, is an error. */
    RequestLoad.Outcome load(ClientProcess client, RequestLoad load, int requests, String what)
            throws IOException, InterruptedException, TimeoutException {
        context.check();
        RequestLoad.Outcome outcome = load.run(over -> step(over, requests, what + ": " + over + " of " + requests));
        String errors = outcome.describeErrors();
        if (outcome.wrong() > 0) {
            error = what + ": " + errors;
        } else if (outcome.done() == 0) {
            client.requireAlive();
            throw new IOException(what + ": none of " + requests + " requests was served"
                    + (errors.isEmpty() ? " in time" : ": " + errors));
        } else if (outcome.failed() > 0) {
            context.progress().note(program.name() + ", " + what + ": of " + requests + " requests, " + errors);
        }
        return outcome;
    }

    /** Percentiles of something, each a number of its own. */
    void percentiles(String name, LatencyTracker times) {
        smaller(name + ": p50", "ms", times.percentile(50).toNanos() / 1e6);
        smaller(name + ": p95", "ms", times.percentile(95).toNanos() / 1e6);
        smaller(name + ": p99", "ms", times.percentile(99).toNanos() / 1e6);
        smaller(name + ": max", "ms", times.max().toNanos() / 1e6);
    }

    /** A number that is better when small. */
    void smaller(String name, String unit, double value) {
        figure(name, new Figure(unit, Metric.Goal.AT_MOST, value, null));
    }

    /** A number that is better when large. */
    void larger(String name, String unit, double value) {
        figure(name, new Figure(unit, Metric.Goal.AT_LEAST, value, null));
    }

    /** A number and the largest value that passes. */
    void atMost(String name, String unit, double value, double most) {
        figure(name, new Figure(unit, Metric.Goal.AT_MOST, value, most));
    }

    /** A number and the smallest value that passes. */
    void atLeast(String name, String unit, double value, double least) {
        figure(name, new Figure(unit, Metric.Goal.AT_LEAST, value, least));
    }

    /** A number that is neither good nor bad. */
    void told(String name, double value) {
        figure(name, new Figure("", Metric.Goal.NONE, value, null));
    }

    private void figure(String name, Figure figure) {
        if (figures.put(name, figure) != null) {
            throw new IllegalStateException("two figures are called " + name);
        }
    }

    /** A curve for the report. */
    void series(Series curve) {
        series.add(curve);
    }

    /** Adds work done and the time it took. */
    void worked(long count, double seconds) {
        operations += count;
        workNanos += Math.round(seconds * 1e9);
    }

    /** What the program held; the largest counts. */
    void memory(MemorySnapshot snapshot) {
        memoryInUse = Math.max(memoryInUse, snapshot.resident());
    }

    Map<String, Figure> figures() {
        return figures;
    }

    List<Series> series() {
        return series;
    }

    long workNanos() {
        return workNanos;
    }

    long operations() {
        return operations;
    }

    long memoryInUse() {
        return memoryInUse;
    }

    /** Says that the measurement is void, and why. */
    void invalid(String why) {
        error = why;
    }

    @Nullable String error() {
        return error;
    }
}
