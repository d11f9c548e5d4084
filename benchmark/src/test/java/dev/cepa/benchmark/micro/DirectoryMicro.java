package dev.cepa.benchmark.micro;

import dev.cepa.benchmark.directory.MadeUpDirectory;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.Consensus;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.NetDirBuilder;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a directory of 9,000 relays costs: to parse, and to choose from. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgs = {"-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx256m"})
public class DirectoryMicro {
    private static final int RELAYS = 9000;

    private byte[] consensusText;
    private byte[] microdescs;
    private Consensus consensus;
    private NetDir dir;
    private PathSelector selector;

    @Setup
    public void setUp() throws ProtocolException {
        MadeUpDirectory made = MadeUpDirectory.of(RELAYS);
        consensusText = made.consensus();
        microdescs = made.microdescs();
        consensus = Consensus.parse(consensusText);
        dir = parseMicrodescs();
        if (dir.size() != RELAYS) {
            throw new IllegalStateException("the directory has " + dir.size() + " relays");
        }
        selector = selector();
    }

    private PathSelector selector() {
        // A fast source of random numbers: what is measured is choosing.
        return new PathSelector(dir, PathSettings.DEFAULT, new SplittableRandom(1));
    }

    @Benchmark
    public Consensus parseConsensus() throws ProtocolException {
        return Consensus.parse(consensusText);
    }

    @Benchmark
    public NetDir parseMicrodescs() throws ProtocolException {
        NetDirBuilder builder = new NetDirBuilder(consensus);
        if (builder.add(microdescs, 0, microdescs.length) != RELAYS) {
            throw new IllegalStateException("microdescriptors are missing");
        }
        return builder.build();
    }

    /** Exit, first hop and middle of one path, in a selector that has chosen before. */
    @Benchmark
    public int choosePath() throws TorException {
        return choose(selector);
    }

    /** As {@link #choosePath} after a new consensus, when weights have to be summed up first. */
    @Benchmark
    public int chooseFirstPath() throws TorException {
        return choose(selector());
    }

    private static int choose(PathSelector from) throws TorException {
        int exit = from.pickExit(ExitRequest.ipv4(443, false));
        int guard = from.pickGuardCandidate(false, exit);
        return from.pickMiddle(exit, guard);
    }
}
