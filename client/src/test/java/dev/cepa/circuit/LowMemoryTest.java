package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.QueueMemory;
import dev.cepa.circuit.WirePath.Built;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams whose users don't read, on real circuits, with little memory for all of them. */
@Timeout(120)
class LowMemoryTest {
    /** A stream's window, less than a quarter of the memory. */
    private static final int CELLS = 500;

    private static final int DATA = 498;

    private WirePath path;
    private QueueMemory memory;

    @BeforeEach
    void start() throws Exception {
        path = new WirePath();
        memory = path.channel(0).memory();
        memory.setBound(QueueMemory.LEAST_BOUND);
    }

    @AfterEach
    void close() throws Exception {
        path.close();
    }

    /** A circuit with a stream whose window is full. */
    private Built full() throws Exception {
        Built built = path.build(2);
        fill(built);
        return built;
    }

    private void fill(Built built) throws Exception {
        long before = memory.used();
        built.exit().flood(RelayMessage.DATA, built.streamId(), CELLS, new byte[DATA]);
        while (built.circuit().isOpen() && built.stream().inbox.available() < CELLS * DATA && memory.used() >= before) {
            Thread.sleep(1);
        }
    }

    private void assertGivenUp(Built built) throws Exception {
        TorException reason = built.awaitClosed();
        assertThat(reason.kind()).isEqualTo(ErrorKind.RESOURCE_LIMIT);
        assertThat(reason).hasMessageContaining("MaxMemInQueues");
        assertThat(built.guard().awaitDestroyed()).isZero();
        assertThatThrownBy(() -> built.stream().input().read())
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RESOURCE_LIMIT));
    }

    private static void assertWhole(Built built) throws Exception {
        built.stream().setReadTimeout(20_000);
        assertThat(built.stream().input().readNBytes(CELLS * DATA)).hasSize(CELLS * DATA);
        assertThat(built.circuit().isOpen()).isTrue();
    }

    @Test
    void theCircuitWithTheOldestDataGoesFirst() throws Exception {
        List<Built> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            all.add(full());
        }
        assertGivenUp(all.get(0));
        assertGivenUp(all.get(1));
        for (int i = 2; i < 6; i++) {
            assertWhole(all.get(i));
        }
        assertThat(path.events).filteredOn(TorEvent.LowMemory.class::isInstance).hasSize(2).allSatisfy(e -> {
            TorEvent.LowMemory low = (TorEvent.LowMemory) e;
            assertThat(low.ended()).isEqualTo(1);
            assertThat(low.before()).isGreaterThan(low.limit()).isEqualTo(QueueMemory.LEAST_BOUND + low.before() - low.limit());
            assertThat(low.freed()).isGreaterThanOrEqualTo((long) CELLS * DATA);
        });
    }

    @Test
    void dataThatIsReadIsNoLongerOld() throws Exception {
        Built read = full();
        Built unread = full();
        assertWhole(read);
        fill(read);
        full();
        full();
        full();
        assertGivenUp(unread);
        assertWhole(read);
    }

    @Test
    void whatEndedStreamsHaveLeftUnreadCounts() throws Exception {
        Built ended = full();
        ended.exit().send(ended.streamId(), new RelayMessage.End(6));
        List<Built> others = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            others.add(full());
        }
        assertGivenUp(ended);
        for (Built other : others) {
            assertWhole(other);
        }
    }

    @Test
    void nothingIsLeftWhenAllIsReadOrClosed() throws Exception {
        long before = memory.used();
        Built read = full();
        assertWhole(read);
        Built closed = full();
        closed.stream().close();
        Built circuitClosed = full();
        circuitClosed.circuit().close();
        circuitClosed.stream().input().readNBytes(CELLS * DATA);
        // Arrays of cells to be sent may have grown.
        assertThat(memory.used() - before).isLessThan(2L * QueueMemory.Block.SIZE + 128 * 1024);
    }
}
