package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.RelayMessage;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.event.TorEvents;
import java.lang.management.ManagementFactory;
import java.security.MessageDigest;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a cell costs the collector, from the channel's reader to the user and from the user to the channel's writer, on a
 * circuit of three hops: what it takes to read tor1's SHA-1 while it runs, and nothing else.
 *
 * <p>What all threads of the process allocate is counted, and divided by many cells: what is made once for a hundred cells,
 * such as a SENDME, is in it.
 */
@Timeout(120)
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CELLS = 400;
    /** What the channel takes at once without making the writer wait. */
    private static final int SENT_AT_ONCE = 112;
    private static final int DATA = 498;
    private static final int ROUNDS = 12;
    /** SENDMEs, and threads that go to sleep and wake up: once for many cells, some 25 bytes a cell. */
    private static final long MORE_RECEIVED = 48;
    /** Some 7 bytes a cell. */
    private static final long MORE_SENT = 20;

    private final PlayedLink link = new PlayedLink();
    private Circuit circuit;
    private TorStream stream;

    @BeforeEach
    void open() throws Exception {
        Channel channel = link.open();
        Deadline soon = Deadline.in(Duration.ofSeconds(20));
        circuit = Circuit.create(channel, link.hop(0), CircuitSettings.DEFAULT, new TorEvents(), 1, "GENERAL", soon);
        circuit.extend(link.hop(1), soon);
        circuit.extend(link.hop(2), soon);
        stream = circuit.open("example.com", 80, 0, soon);
    }

    @AfterEach
    void close() {
        link.close();
    }

    /** Bytes that it takes to read a running SHA-1: a copy, and its working space as long as no compiler has come by. */
    private static long readingDigest() throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-1");
        digest.update(new byte[509]);
        byte[] to = new byte[20];
        long most = 0;
        for (int i = 0; i < 3; i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int n = 0; n < 100; n++) {
                ((MessageDigest) digest.clone()).digest(to, 0, to.length);
            }
            most = Math.max(most, (THREADS.getCurrentThreadAllocatedBytes() - before) / 100);
        }
        return most;
    }

    private interface Round {
        void run() throws Exception;
    }

    /** Bytes a cell in the round that took the fewest: the first ones load classes and fill pools. */
    private static long leastPerCell(int cells, Round prepare, Round measured, Round clean) throws Exception {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++) {
            prepare.run();
            Thread.sleep(5); // what is under way comes to rest
            long before = THREADS.getTotalThreadAllocatedBytes();
            measured.run();
            least = Math.min(least, THREADS.getTotalThreadAllocatedBytes() - before);
            clean.run();
        }
        return least / cells;
    }

    @Test
    void aReceivedCellCostsOneReadingOfTheDigest() throws Exception {
        byte[] data = new byte[DATA];
        byte[] to = new byte[16 * 1024];
        byte[][] cells = new byte[1][];
        long perCell = leastPerCell(
                CELLS,
                () -> {
                    ByteWriter all = new ByteWriter(CELLS * Cell.LENGTH);
                    for (int i = 0; i < CELLS; i++) {
                        all.bytes(link.cell(2, RelayMessage.DATA, link.streamId, data));
                    }
                    cells[0] = all.toByteArray();
                },
                () -> {
                    link.feed(cells[0]);
                    for (int left = CELLS * DATA; left > 0; ) {
                        left -= stream.input().read(to, 0, Math.min(to.length, left));
                    }
                },
                link::acknowledge);
        assertThat(perCell).isLessThan(readingDigest() + MORE_RECEIVED);
    }

    @Test
    void aSentCellCostsOneReadingOfTheDigest() throws Exception {
        byte[] data = new byte[16 * DATA];
        assertCheapToSend(() -> {
            for (int i = 0; i < SENT_AT_ONCE / 16; i++) {
                stream.output().write(data);
            }
        });
    }

    /** Each is padded, and sent for itself. */
    @Test
    void aSmallWriteCostsNoMore() throws Exception {
        byte[] data = new byte[10];
        assertCheapToSend(() -> {
            for (int i = 0; i < SENT_AT_ONCE; i++) {
                stream.output().write(data);
            }
        });
    }

    @Test
    void aByteCostsNoMore() throws Exception {
        assertCheapToSend(() -> {
            for (int i = 0; i < SENT_AT_ONCE; i++) {
                stream.output().write(i);
            }
        });
    }

    private void assertCheapToSend(Round write) throws Exception {
        long perCell = leastPerCell(
                SENT_AT_ONCE, () -> link.hold(true), () -> {
                    write.run();
                    link.hold(false);
                    link.awaitWritten(SENT_AT_ONCE);
                }, link::acknowledge);
        assertThat(perCell).isLessThan(readingDigest() + MORE_SENT);
    }
}
