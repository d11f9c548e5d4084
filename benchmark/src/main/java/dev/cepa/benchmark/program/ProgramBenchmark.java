package dev.cepa.benchmark.program;

import dev.cepa.benchmark.Benchmark;
import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.benchmark.Metric;
import dev.cepa.benchmark.Result;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A benchmark of our program, and of others if they are asked for. All do the same work on the same network, taking turns:
 * in every round each has one turn, and every other round goes through them backwards, so that what changes on the machine
 * meanwhile meets all of them. The result is our program's: the median over its turns, and of what has a target the worst.
 * Another program adds the medians of its own and, for each number, the median, the smallest and the largest of the ratios
 * of the rounds: ours divided by its.
 */
abstract class ProgramBenchmark implements Benchmark {
    private static final int ROUNDS_WITH_RIVALS = 3;

    private final String name;
    private final Category category;
    private final @Nullable ClientProgram program;

    /** @param program what to measure; null for our own */
    ProgramBenchmark(String name, Category category, @Nullable ClientProgram program) {
        this.name = name;
        this.category = category;
        this.program = program;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final Category category() {
        return category;
    }

    /** One turn: starts what it needs, does the work, tells the run what was measured, and leaves no process behind. */
    abstract void measure(Run run) throws IOException, InterruptedException, TimeoutException;

    /** How many turns each program has. */
    int rounds(BenchmarkContext context) {
        return context.turns(context.rivals().isEmpty() ? 1 : ROUNDS_WITH_RIVALS);
    }

    @Override
    public final Result run(BenchmarkContext context) throws Exception {
        List<ClientProgram> programs = new ArrayList<>();
        programs.add(program == null ? ClientProgram.cepa() : program);
        for (Path rival : context.rivals()) {
            programs.add(ClientProgram.named(rival.toString()));
        }
        LatencyTracker latency = new LatencyTracker();
        List<List<Run>> turns = new ArrayList<>();
        programs.forEach(each -> turns.add(new ArrayList<>()));
        int rounds = rounds(context);
        Result.Builder result = Result.builder(this);
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < programs.size(); i++) {
                int which = round % 2 == 0 ? i : programs.size() - 1 - i;
                context.check();
                context.progress((long) round * programs.size() + i, (long) rounds * programs.size(),
                        programs.get(which).name());
                Run.Place place = new Run.Place(round * programs.size() + i, rounds * programs.size(), which > 0);
                Run run = new Run(context, programs.get(which), place, which == 0 ? latency : new LatencyTracker());
                turn(run);
                turns.get(which).add(run);
            }
        }
        ours(result, turns.getFirst());
        if (latency.count() > 0) {
            result.latency(latency);
        }
        for (int i = 1; i < programs.size(); i++) {
            compare(result, turns.getFirst(), turns.get(i), programs.get(i).name());
        }
        return result.build();
    }

    private void turn(Run run) throws IOException, InterruptedException, TimeoutException {
        try {
            measure(run);
        } catch (IOException e) {
            throw new IOException(run.program().name() + ": " + e.getMessage(), e);
        }
    }

    private static void ours(Result.Builder result, List<Run> runs) {
        long nanos = 0;
        long operations = 0;
        long memory = MemorySnapshot.UNKNOWN;
        for (Run run : runs) {
            nanos += run.workNanos();
            operations += run.operations();
            memory = Math.max(memory, run.memoryInUse());
            if (run.error() != null) {
                result.error(run.error());
            }
        }
        // What this JVM allocates is the load's, not the program's.
        result.duration(Duration.ofNanos(nanos)).operations(operations).memoryInUse(memory)
                .memoryAllocated(MemorySnapshot.UNKNOWN);
        for (Map.Entry<String, Run.Figure> figure : runs.getFirst().figures().entrySet()) {
            add(result, figure.getKey(), figure.getValue(), values(runs, figure.getKey()));
        }
        runs.getLast().series().forEach(result::series);
    }

    private static void add(Result.Builder result, String name, Run.Figure figure, double[] values) {
        Double target = figure.target();
        boolean small = figure.goal() == Metric.Goal.AT_MOST;
        if (target != null && small) {
            result.atMost(name, figure.unit(), Arrays.stream(values).max().orElse(Double.NaN), target);
        } else if (target != null) {
            result.atLeast(name, figure.unit(), Arrays.stream(values).min().orElse(Double.NaN), target);
        } else if (figure.goal() == Metric.Goal.NONE) {
            result.metric(name, figure.unit(), median(values));
        } else if (small) {
            result.smallerIsBetter(name, figure.unit(), median(values));
        } else {
            result.largerIsBetter(name, figure.unit(), median(values));
        }
    }

    private static void compare(Result.Builder result, List<Run> ours, List<Run> theirs, String rival) {
        for (Run run : theirs) {
            if (run.error() != null) {
                result.error(rival + ": " + run.error());
            }
        }
        for (Map.Entry<String, Run.Figure> figure : ours.getFirst().figures().entrySet()) {
            String name = figure.getKey();
            double[] mine = values(ours, name);
            double[] other = values(theirs, name);
            if (!theirs.getFirst().figures().containsKey(name)) {
                continue; // only ours tells that
            }
            result.metric(name + ", " + rival, figure.getValue().unit(), median(other));
            if (!figure.getValue().unit().isEmpty()) {
                ratios(result, name + ", ratio to " + rival, mine, other);
            }
        }
    }

    private static void ratios(Result.Builder result, String name, double[] ours, double[] theirs) {
        double[] ratios = new double[ours.length];
        for (int i = 0; i < ours.length; i++) {
            ratios[i] = ours[i] / theirs[i];
            if (!Double.isFinite(ratios[i])) {
                return; // nothing to compare with: CPU time too short to be counted, say
            }
        }
        result.metric(name + " (median)", "", median(ratios));
        // One round has no spread.
        if (ratios.length > 1) {
            Arrays.sort(ratios);
            result.metric(name + " (min)", "", ratios[0]);
            result.metric(name + " (max)", "", ratios[ratios.length - 1]);
        }
    }

    private static double[] values(List<Run> runs, String name) {
        double[] values = new double[runs.size()];
        for (int i = 0; i < values.length; i++) {
            Run.Figure figure = runs.get(i).figures().get(name);
            values[i] = figure == null ? Double.NaN : figure.value();
        }
        return values;
    }

    /** The middle value; between the two middle ones of an even number. */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
