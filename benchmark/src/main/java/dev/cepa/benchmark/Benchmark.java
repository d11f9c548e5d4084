package dev.cepa.benchmark;

import java.util.Locale;

/**
 * One benchmark: a strategy that does some work on a network and says what it cost. An instance may be run several times,
 * one after the other. Those that {@code cepa benchmark} is to find have a public constructor without arguments and are
 * named in {@code META-INF/services/dev.cepa.benchmark.Benchmark}; they run in that order.
 */
public interface Benchmark {
    /** What a benchmark is about; the command selects by it. */
    enum Category {
        /** Building circuits. */
        CIRCUIT,
        /** Time to the first byte. */
        LATENCY,
        /** Relays that fail under way. */
        CHURN,
        /** The ports by which programs come in. */
        WAYS,
        /** What the process holds. */
        MEMORY,
        /** Many streams at once. */
        STREAMS,
        /** From the start to the first byte. */
        START,
        /** One stream's throughput. */
        BULK,
        /** Onion services, on both sides. */
        ONION;

        /** As in the command's flags. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Its name in reports: words with capitals, such as {@code Circuit Build}; unique within a suite. */
    String name();

    /** What it is about. */
    Category category();

    /**
     * Does the work. Waits no longer than {@link BenchmarkContext#deadline} and looks now and then whether it has been
     * cancelled, by {@link BenchmarkContext#check}.
     *
     * @return what was measured, whether or not the targets were met
     * @throws Exception if it could not be measured; the suite turns it into an error result
     */
    Result run(BenchmarkContext context) throws Exception;
}
