package dev.cepa.benchmark;

import dev.cepa.error.Deadline;
import dev.cepa.testnet.WebServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What a benchmark works with. The network, the web server and the folder are its maker's to close and delete.
 * Thread-safe.
 */
public final class BenchmarkContext {
    private final @Nullable NetworkUnderTest network;
    private final @Nullable WebServer web;
    private final @Nullable Path folder;
    private final String host;
    private final int iterations;
    private final int turns;
    private final boolean quick;
    private final List<Path> rivals;
    private final Deadline deadline;
    private final Progress progress;
    private volatile boolean cancelled;

    private BenchmarkContext(Builder builder) {
        network = builder.network;
        web = builder.web;
        folder = builder.folder;
        host = builder.host;
        iterations = builder.iterations;
        turns = builder.turns;
        quick = builder.quick;
        rivals = List.copyOf(builder.rivals);
        deadline = Deadline.in(builder.timeout);
        progress = builder.progress;
    }

    /** A context with nothing in it yet. */
    public static Builder builder() {
        return new Builder();
    }

    /** The network under test. */
    public NetworkUnderTest network() {
        return present(network, "network");
    }

    /** Whether there is a network: benchmarks of other things need none. */
    public boolean hasNetwork() {
        return network != null;
    }

    /** The web server that the network's exits can reach, as {@link #host}. */
    public WebServer web() {
        return present(web, "web server");
    }

    /** The name by which the exits of the network reach {@link #web}. */
    public String host() {
        return host;
    }

    /** A folder for files of the run. Whoever needs a data directory makes a new one in it. */
    public Path folder() {
        return present(folder, "folder");
    }

    /** How many circuits, requests or streams to measure: what the user asked for, else the first number, in a quick run the second. */
    public int iterations(int full, int quickly) {
        return iterations > 0 ? iterations : quick ? quickly : full;
    }

    /** How many turns to give each program: what the user asked for, else that number, in a quick run one. */
    public int turns(int usual) {
        return turns > 0 ? turns : quick ? 1 : usual;
    }

    /** Whether this is a short run that shows that everything works, rather than a measurement. */
    public boolean quick() {
        return quick;
    }

    /** Programs to do the same work with, for comparison; empty unless asked for. They take a torrc file by {@code -f}. */
    public List<Path> rivals() {
        return rivals;
    }

    /** When the whole run must be over. */
    public Deadline deadline() {
        return deadline;
    }

    /** Asks the benchmark that is running to stop. */
    public void cancel() {
        cancelled = true;
    }

    /** Whether it was asked to. */
    public boolean isCancelled() {
        return cancelled;
    }

    /** Goes on, or stops the benchmark: to be called between operations. */
    public void check() throws InterruptedException, TimeoutException {
        if (cancelled || Thread.interrupted()) {
            throw new InterruptedException("stopped");
        }
        if (deadline.passed()) {
            throw new TimeoutException("the time for the whole run is up");
        }
    }

    /** Says how far the benchmark is. */
    public void progress(long done, long total, String what) {
        progress.moved(total <= 0 ? 0 : Math.clamp((double) done / total, 0, 1), what);
    }

    /** Who hears of progress. */
    public Progress progress() {
        return progress;
    }

    private static <T> T present(@Nullable T thing, String what) {
        if (thing == null) {
            throw new IllegalStateException("this run has no " + what);
        }
        return thing;
    }

    /** Collects what a context has. Not thread-safe. */
    public static final class Builder {
        private @Nullable NetworkUnderTest network;
        private @Nullable WebServer web;
        private @Nullable Path folder;
        private String host = "www.cepa.test";
        private int iterations;
        private int turns;
        private boolean quick;
        private List<Path> rivals = List.of();
        private Duration timeout = Duration.ofHours(1);
        private Progress progress = Progress.NONE;

        private Builder() {}

        /** The network. */
        public Builder network(NetworkUnderTest value) {
            network = value;
            return this;
        }

        /** The web server. */
        public Builder web(WebServer value) {
            web = value;
            return this;
        }

        /** The folder, which exists. */
        public Builder folder(Path value) {
            folder = value;
            return this;
        }

        /** The name by which exits reach the web server; one under {@code .test} unless set. */
        public Builder host(String value) {
            host = value;
            return this;
        }

        /** How many turns each program gets, 1 or more; each benchmark's own number unless set. */
        public Builder turns(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("turns must be 1 or more: " + value);
            }
            turns = value;
            return this;
        }

        /** How many circuits, requests or streams to measure, 1 or more; each benchmark's own number unless set. */
        public Builder iterations(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("iterations must be 1 or more: " + value);
            }
            iterations = value;
            return this;
        }

        /** Whether the run is a short one. */
        public Builder quick(boolean value) {
            quick = value;
            return this;
        }

        /** Programs to compare with. */
        public Builder rivals(List<Path> value) {
            rivals = value;
            return this;
        }

        /** How long the whole run may take, from {@link #build} on; an hour unless set. */
        public Builder timeout(Duration value) {
            timeout = value;
            return this;
        }

        /** Who hears of progress. */
        public Builder progress(Progress value) {
            progress = value;
            return this;
        }

        /** The context; its time runs. */
        public BenchmarkContext build() {
            return new BenchmarkContext(this);
        }
    }
}
