package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.channel.QueueMemory;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When the far end of a stream without a window is told to stop, and to go on; messages of both kinds never cross. */
class StreamInboxTest {
    private final QueueMemory.Queue owner = new QueueMemory.Queue() {
        @Override
        public Long waitingSince() {
            return null;
        }

        @Override
        public void giveUp(TorException reason) {
            // There is memory enough.
        }
    };
    private final QueueMemory memory = new QueueMemory(new TorEvents());
    private final StreamInbox inbox = new StreamInbox(memory, owner, 100);

    @BeforeEach
    void connect() {
        memory.add(owner);
        inbox.connected(null);
    }

    private boolean deliver(int length) throws IOException {
        return inbox.deliver(new byte[length], 0, length);
    }

    private boolean readAll() throws IOException {
        byte[] to = new byte[inbox.available()];
        assertThat(inbox.read(to, 0, to.length, 0)).isEqualTo(to.length);
        return inbox.takeGoDue();
    }

    @Test
    void stopsOnceAboveTheLimitAndGoesOnWhenAllIsRead() throws Exception {
        assertThat(deliver(100)).isFalse();
        assertThat(deliver(1)).isTrue();
        assertThat(deliver(100)).as("it was told").isFalse();
        assertThat(inbox.stopSent()).isFalse();
        assertThat(inbox.read(new byte[200], 0, 200, 0)).isEqualTo(200);
        assertThat(inbox.takeGoDue()).as("one byte is left").isFalse();
        assertThat(readAll()).isTrue();
        inbox.goSent();
        assertThat(deliver(101)).isTrue();
    }

    @Test
    void aReaderThatIsFasterThanTheMessageGoesOnRightAfterIt() throws Exception {
        assertThat(deliver(101)).isTrue();
        assertThat(readAll()).as("stopping is not said yet").isFalse();
        assertThat(inbox.stopSent()).isTrue();
        inbox.goSent();
        assertThat(deliver(101)).isTrue();
    }

    @Test
    void doesNotStopAgainBeforeItHasSaidToGoOn() throws Exception {
        deliver(101);
        inbox.stopSent();
        assertThat(readAll()).isTrue();
        assertThat(deliver(500)).as("going on is not said yet").isFalse();
        inbox.goSent();
        assertThat(deliver(1)).isTrue();
    }
}
