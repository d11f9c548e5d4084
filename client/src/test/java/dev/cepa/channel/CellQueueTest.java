package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Cell;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CellQueueTest {
    private final QueueMemory memory = new QueueMemory(new TorEvents());
    private final CellQueue queue = new CellQueue(memory, e -> {});
    private final byte[] body = new byte[Cell.BODY];

    @Test
    void givesAllThatHasGatheredAsOneBatch() throws Exception {
        queue.add(0x80000001, Cell.RELAY, body, 0, Cell.BODY, true);
        queue.add(0x80000002, Cell.DESTROY, body, 0, 1, true);
        assertThat(queue.take(1)).isEqualTo(2 * Cell.LENGTH);
        assertThat(queue.batch()).startsWith(0x80, 0, 0, 1, 3);
        assertThat(Arrays.copyOfRange(queue.batch(), Cell.LENGTH, Cell.LENGTH + 5)).containsExactly(0x80, 0, 0, 2, 4);
        assertThat(queue.take(1)).isZero();
    }

    /** The arrays are used again and again; what was in them must not go out as padding. */
    @Test
    void padsWithZerosWhateverTheArrayHeldBefore() throws Exception {
        Arrays.fill(body, (byte) 7);
        for (int i = 0; i < 4; i++) {
            queue.add(-1, Cell.RELAY, body, 0, Cell.BODY, true);
            queue.take(1);
        }
        queue.add(-1, Cell.DESTROY, body, 0, 1, true);
        queue.take(1);
        byte[] cell = Arrays.copyOf(queue.batch(), Cell.LENGTH);
        assertThat(Arrays.copyOfRange(cell, Cell.HEADER, Cell.LENGTH)).startsWith(7).endsWith(new byte[Cell.BODY - 1]);
    }

    @Test
    void hasRoomAgainOnceTheWriterTakesTheBatch() throws Exception {
        while (queue.add(-1, Cell.RELAY, body, 0, Cell.BODY, true)) {
            // to the hard bound
        }
        assertThatThrownBy(() -> queue.awaitRoom(Deadline.in(Duration.ofMillis(10)), "room"))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
        int taken = queue.take(1);
        assertThat(taken).isBetween(CellQueue.HARD_BOUND - Cell.LENGTH + 1, CellQueue.HARD_BOUND);
        queue.awaitRoom(Deadline.in(Duration.ofMillis(10)), "room");
    }

    @Test
    void doesNotKeepLargeArrays() throws Exception {
        while (queue.add(-1, Cell.RELAY, body, 0, Cell.BODY, true)) {
            // to the hard bound
        }
        queue.take(1);
        queue.take(1);
        queue.take(1);
        assertThat(queue.batch().length).isLessThanOrEqualTo(256 * 1024);
    }

    @Test
    void wakesTheWriterAndRefusesSendersWhenClosed() throws Exception {
        Thread writer = Thread.ofVirtual().unstarted(() -> {
            try {
                assertThat(queue.take(Long.MAX_VALUE)).isEqualTo(-1);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        writer.start();
        queue.close(new TorException(ErrorKind.CLOSED, "enough"));
        assertThat(writer.join(Duration.ofSeconds(20))).isTrue();
        assertThatThrownBy(() -> queue.add(-1, Cell.RELAY, body, 0, Cell.BODY, true)).hasMessage("enough");
    }

    private final BlockingQueue<Integer> taken = new LinkedBlockingQueue<>();

    /** A writer that waits for cells, and stops once it has got some. */
    private Thread idleWriter() throws InterruptedException {
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                taken.add(queue.take(Long.MAX_VALUE));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        while (writer.getState() != Thread.State.WAITING && writer.getState() != Thread.State.TIMED_WAITING) {
            Thread.sleep(1);
        }
        return writer;
    }

    @Test
    void letsASenderWriteAFewCellsInPlaceOfAnIdleWriter() throws Exception {
        Thread writer = idleWriter();
        queue.add(7, Cell.RELAY, body, 0, Cell.BODY, false);
        assertThat(queue.takeOver(Cell.LENGTH)).isEqualTo(Cell.LENGTH);
        assertThat(queue.batch()).startsWith(0, 0, 0, 7, 3);
        queue.handBack();
        assertThat(writer.getState()).isIn(Thread.State.WAITING, Thread.State.TIMED_WAITING);
        assertThat(taken).isEmpty();

        queue.add(8, Cell.RELAY, body, 0, Cell.BODY, true);
        assertThat(taken.poll(20, TimeUnit.SECONDS)).isEqualTo(Cell.LENGTH);
        assertThat(queue.batch()).startsWith(0, 0, 0, 8, 3);
    }

    @Test
    void leavesMoreThanAFewCellsToTheWriter() throws Exception {
        idleWriter();
        queue.add(7, Cell.RELAY, body, 0, Cell.BODY, false);
        queue.add(7, Cell.RELAY, body, 0, Cell.BODY, false);
        assertThat(queue.takeOver(Cell.LENGTH)).isZero();
        assertThat(taken.poll(20, TimeUnit.SECONDS)).isEqualTo(2 * Cell.LENGTH);
    }

    /** Else cells would overtake one another, and no relay could decrypt them any more. */
    @Test
    void keepsTheWriterOutUntilTheSenderHasWritten() throws Exception {
        Thread writer = idleWriter();
        queue.add(7, Cell.RELAY, body, 0, Cell.BODY, false);
        assertThat(queue.takeOver(Cell.LENGTH)).isEqualTo(Cell.LENGTH);
        queue.add(8, Cell.RELAY, body, 0, Cell.BODY, true);
        assertThat(queue.takeOver(Cell.LENGTH)).isZero();
        writer.join(50);
        assertThat(taken).isEmpty();
        assertThat(queue.batch()).startsWith(0, 0, 0, 7, 3);
        queue.handBack();
        assertThat(taken.poll(20, TimeUnit.SECONDS)).isEqualTo(Cell.LENGTH);
    }

    @Test
    void asksNoSenderToWriteWhileTheWriterIsAtWork() throws Exception {
        queue.add(7, Cell.RELAY, body, 0, Cell.BODY, true);
        queue.take(1);
        queue.add(8, Cell.RELAY, body, 0, Cell.BODY, false);
        assertThat(queue.takeOver(Cell.LENGTH)).isZero();
        assertThat(queue.take(1)).isEqualTo(Cell.LENGTH);
    }
}
