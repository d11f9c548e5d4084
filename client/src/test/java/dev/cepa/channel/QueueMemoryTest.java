package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.channel.QueueMemory.Block;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class QueueMemoryTest {
    private static final long BOUND = QueueMemory.LEAST_BOUND;
    /** One more is too much. */
    private static final int BLOCKS = (int) (BOUND / Block.SIZE);

    private final List<TorEvent> told = new ArrayList<>();
    private final QueueMemory memory;

    QueueMemoryTest() {
        TorEvents events = new TorEvents();
        events.add(told::add);
        memory = new QueueMemory(events);
        memory.setBound(1);
    }

    /** Holds blocks until it is given up. */
    private final class Holder implements QueueMemory.Queue {
        private final int blocks;
        private Block first;
        private TorException reason;

        Holder(int blocks) {
            this.blocks = blocks;
            for (int i = 0; i < blocks; i++) {
                Block block = memory.take();
                first = first == null ? block : first;
            }
            memory.add(this);
        }

        @Override
        public @Nullable Long waitingSince() {
            return first == null ? null : first.since;
        }

        @Override
        public void giveUp(TorException why) {
            reason = why;
            first = null;
            memory.lost(blocks);
            memory.remove(this);
        }
    }

    @Test
    void givesUpTheOldestUntilATenthIsFree() {
        Holder young = new Holder(BLOCKS / 2);
        Holder old = new Holder(BLOCKS / 20);
        Holder middle = new Holder(BLOCKS / 2 - BLOCKS / 20);
        old.first.since -= 2_000_000_000L;
        middle.first.since -= 1_000_000_000L;
        memory.relieveIfOver();
        assertThat(told).as("it is just enough").isEmpty();

        new Holder(2);
        memory.relieveIfOver();
        assertThat(old.reason).isNotNull();
        assertThat(old.reason.kind()).isEqualTo(ErrorKind.RESOURCE_LIMIT);
        assertThat(old.reason).hasMessageContaining("MaxMemInQueues");
        assertThat(middle.reason).as("a twentieth was not enough").isNotNull();
        assertThat(young.reason).isNull();
        assertThat(memory.used()).isEqualTo((BLOCKS / 2 + 2L) * Block.SIZE);
        assertThat(told).containsExactly(new TorEvent.LowMemory(
                BOUND, (2L * (BLOCKS / 2) + 2) * Block.SIZE, (long) (BLOCKS / 2) * Block.SIZE, 2));
    }

    @Test
    void arraysOfCellsCountToo() {
        Holder some = new Holder(2);
        memory.resized(BOUND);
        memory.relieveIfOver();
        assertThat(some.reason).isNotNull();
        memory.resized(-BOUND);
        assertThat(memory.used()).isZero();
    }

    @Test
    void whatHoldsNothingIsLeftAlone() {
        Holder empty = new Holder(0);
        Holder gone = new Holder(1);
        memory.remove(gone);
        memory.resized(2 * BOUND);
        memory.relieveIfOver();
        assertThat(empty.reason).isNull();
        assertThat(gone.reason).isNull();
        assertThat(told).isEmpty();
    }

    @Test
    void blocksAreUsedAgain() {
        Block block = memory.take();
        memory.give(block);
        assertThat(memory.take()).isSameAs(block);
        assertThat(memory.used()).isEqualTo(Block.SIZE);
    }

    private void giveMany(int count) {
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(memory.take());
        }
        blocks.forEach(memory::give);
    }

    @Test
    void spareBlocksGoWhenTheyWereNotNeededForAWhile() {
        giveMany(2 * QueueMemory.MOST_SPARE);
        assertThat(memory.spares()).isEqualTo(QueueMemory.MOST_SPARE);
        memory.trim(); // some were needed since the last time
        giveMany(5);
        memory.trim();
        assertThat(memory.spares()).as("those that were needed since").isEqualTo(5);
        memory.trim();
        assertThat(memory.spares()).isZero();
    }

    @Test
    void spareBlocksGoWhileOthersAreInUse() {
        giveMany(QueueMemory.MOST_SPARE);
        for (int i = 0; i < 2048; i++) {
            giveMany(1);
        }
        assertThat(memory.spares()).isLessThan(3);
    }

    @Test
    void theBoundIsAQuarterOfTheHeapUnlessItIsSet() {
        assertThat(QueueMemory.defaultBound()).isEqualTo(Runtime.getRuntime().maxMemory() / 4);
    }
}
