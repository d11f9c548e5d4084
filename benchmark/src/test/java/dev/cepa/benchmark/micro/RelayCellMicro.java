package dev.cepa.benchmark.micro;

import dev.cepa.cell.Cell;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.crypto.KeyStream;
import dev.cepa.crypto.Tor1HopCrypto;
import java.util.Arrays;
import java.util.Random;
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

/** What a cell of 509 bytes costs in tor1 on a circuit of three hops, in place, as the client does it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgs = {"-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx256m"})
public class RelayCellMicro {
    private static final int HOPS = 3;
    /** So many cells come from the exit before the digests begin anew; each is prepared once. */
    private static final int CELLS = 4096;

    private final byte[] outbound = new byte[Cell.LENGTH];
    private final byte[] buffer = new byte[Cell.LENGTH];
    private byte[][] inbound;
    private HopCrypto[] sending;
    private HopCrypto[] receiving;
    private int next;

    /** Each side takes the same key material; for a relay the two directions are exchanged. */
    private static HopCrypto hop(int hop, boolean relay) {
        Random random = new Random(hop);
        byte[][] parts = {new byte[20], new byte[20], new byte[16], new byte[16]};
        for (byte[] part : parts) {
            random.nextBytes(part);
        }
        int[] order = relay ? new int[] {1, 0, 3, 2} : new int[] {0, 1, 2, 3};
        return Tor1HopCrypto.client(new KeyStream() {
            private int taken;

            @Override
            public byte[] take(int n) {
                return parts[order[taken++]].clone();
            }
        });
    }

    private static HopCrypto[] hops(boolean relay) {
        HopCrypto[] hops = new HopCrypto[HOPS];
        for (int i = 0; i < HOPS; i++) {
            hops[i] = hop(i, relay);
        }
        return hops;
    }

    @Setup
    public void setUp() {
        sending = hops(false);
        HopCrypto[] relays = hops(true);
        inbound = new byte[CELLS][Cell.LENGTH];
        Random random = new Random(9);
        for (byte[] cell : inbound) {
            random.nextBytes(cell);
            relays[HOPS - 1].originate(Cell.RELAY, cell, Cell.HEADER);
            for (int hop = HOPS - 2; hop >= 0; hop--) {
                relays[hop].encrypt(Cell.RELAY, cell, Cell.HEADER);
            }
        }
        next = 0;
        receiving = hops(false);
        random.nextBytes(outbound);
    }

    /** To the exit: digest and three layers. */
    @Benchmark
    public byte[] send() {
        sending[HOPS - 1].originate(Cell.RELAY, outbound, Cell.HEADER);
        for (int hop = HOPS - 2; hop >= 0; hop--) {
            sending[hop].encrypt(Cell.RELAY, outbound, Cell.HEADER);
        }
        return outbound;
    }

    /** From the exit: three layers, and the digest. Copying the prepared cell is in it, some tens of nanoseconds. */
    @Benchmark
    public boolean receive() {
        if (next == CELLS) {
            next = 0;
            receiving = hops(false);
        }
        System.arraycopy(inbound[next++], 0, buffer, 0, Cell.LENGTH);
        for (int hop = 0; hop < HOPS; hop++) {
            if (receiving[hop].decrypt(Cell.RELAY, buffer, Cell.HEADER, hop == HOPS - 1)) {
                if (hop != HOPS - 1) {
                    throw new IllegalStateException("a cell of the exit was taken for one of hop " + hop);
                }
                return true;
            }
        }
        throw new IllegalStateException("a cell was not recognised: " + Arrays.toString(buffer));
    }
}
