package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.QueueMemory;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What the order of messages costs, and when one is known to be lost. */
class ConfluxSequencerTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MANY = 5000;
    private static final int ROUNDS = 10;

    private final QueueMemory memory = new QueueMemory(new TorEvents());
    private final ConfluxSequencer sequencer = new ConfluxSequencer(memory, Integer.MAX_VALUE);
    private final ConfluxSequencer.Leg first = sequencer.addLeg();
    private final ConfluxSequencer.Leg second = sequencer.addLeg();
    private final byte[] data = new byte[498];
    private long received;

    private final ConfluxSequencer.Receiver receiver = (command, streamId, buf, at, length) -> received++;

    private void receive(ConfluxSequencer.Leg leg) throws TorException {
        sequencer.received(leg, RelayMessage.DATA, 1, data, 0, data.length, receiver);
    }

    private interface Work {
        void run() throws TorException;
    }

    /** In the round that took the fewest: the first ones load classes and fill pools. */
    private static long leastAllocated(Work work) throws TorException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            work.run();
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    @Test
    void aMessageInOrderMakesNoObject() throws Exception {
        long bytes = leastAllocated(() -> {
            for (int i = 0; i < MANY; i++) {
                receive(first);
            }
        });
        assertThat(bytes).isLessThan(MANY / 10);
        assertThat(received).isEqualTo((long) ROUNDS * MANY);
    }

    @Test
    void aMessageThatWaitsMakesNoneEither() throws Exception {
        long bytes = leastAllocated(() -> {
            for (int i = 0; i < MANY / 50; i++) {
                // Fifty come too early by the second leg, and then the one before them.
                sequencer.switched(second, 1);
                for (int n = 0; n < 50; n++) {
                    receive(second);
                }
                if (sequencer.delivered() > 0) {
                    sequencer.switched(first, 50);
                }
                receive(first);
            }
        });
        assertThat(sequencer.queuedBytes()).isZero();
        assertThat(bytes).isLessThan(MANY);
        assertThat(received).isEqualTo((long) ROUNDS * MANY / 50 * 51);
    }

    @Test
    void aLegThatBroughtNothingLastMayGo() throws Exception {
        receive(second);
        sequencer.switched(first, 1);
        receive(first);
        assertThat(sequencer.lost(second)).isTrue();
        receive(first);
        assertThat(received).isEqualTo(3);
    }

    @Test
    void aLegThatBroughtTheLastMessageMayNot() throws Exception {
        receive(first);
        sequencer.switched(second, 1);
        receive(second);
        assertThat(sequencer.lost(second)).isFalse();
    }

    @Test
    void theLastLegMayNot() {
        sequencer.lost(first);
        assertThat(sequencer.lost(second)).isFalse();
    }

    @Test
    void aLegWhoseMessageIsWaitedForMayNot() throws Exception {
        sequencer.switched(second, 1);
        receive(second);
        assertThat(sequencer.lost(first)).isFalse();
    }

    @Test
    void whatWaitsOfALostLegIsGivenOutInItsTurn() throws Exception {
        sequencer.switched(second, 1);
        receive(second);
        // The first leg skips what the second one brought, and brings a later one too.
        receive(first);
        sequencer.switched(first, 1);
        assertThat(received).isEqualTo(2);
        receive(first);
        assertThat(sequencer.lost(second)).isTrue();
        assertThat(received).isEqualTo(3);
    }

    @Test
    void withThreeLegsTheLossOfOneEndsAllAsNobodyCouldTellWhatIsMissing() throws Exception {
        ConfluxSequencer.Leg third = sequencer.addLeg();
        receive(first);
        assertThat(sequencer.lost(third)).isFalse();
    }

    @Test
    void aMessageThatNoLegCanBringIsMissedAtOnce() throws Exception {
        sequencer.switched(first, 5);
        assertThatThrownBy(() -> sequencer.switched(second, 5))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("missing");
    }

    @Test
    void afterItsEndNothingIsGivenOut() throws Exception {
        sequencer.switched(second, 1);
        receive(second);
        sequencer.close();
        receive(first);
        assertThat(received).isZero();
        assertThat(memory.used()).isZero();
    }
}
