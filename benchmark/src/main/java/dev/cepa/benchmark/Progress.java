package dev.cepa.benchmark;

/** Hears how a run gets on. Called by the thread that runs the suite and by threads of benchmarks. */
public interface Progress {
    /** Hears nothing. */
    Progress NONE = new Progress() {};

    /** Something outside of any benchmark: the network is starting. */
    default void note(String text) {}

    /** A benchmark begins, the {@code index}-th of {@code count} from 1. */
    default void begun(Benchmark benchmark, int index, int count) {}

    /** A benchmark gets on: a fraction from 0 to 1, and what it is doing. */
    default void moved(double fraction, String text) {}

    /** A benchmark has ended. */
    default void ended(Result result) {}
}
