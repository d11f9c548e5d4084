package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.proxy.LocalSocket;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OutboxTest {
    /** A controller that reads nothing before it is let go, or closed. */
    private static final class Deaf implements LocalSocket {
        private final CountDownLatch released = new CountDownLatch(1);
        private final CountDownLatch closed = new CountDownLatch(1);
        private final ByteArrayOutputStream read = new ByteArrayOutputStream();

        @Override
        public InputStream input() {
            return new ByteArrayInputStream(new byte[0]);
        }

        @Override
        public OutputStream output() {
            return new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    try {
                        released.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    if (closed.getCount() == 0) {
                        throw new IOException("closed");
                    }
                    synchronized (read) {
                        read.write(bytes, offset, length);
                    }
                }
            };
        }

        @Override
        public void setReadTimeout(int millis) {}

        @Override
        public void shutdownOutput() {}

        @Override
        public @Nullable InetAddress client() {
            return null;
        }

        @Override
        public void close() {
            closed.countDown();
            released.countDown();
        }

        String read() {
            synchronized (read) {
                return read.toString(StandardCharsets.US_ASCII);
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void eventsThatComeDuringACommandFollowItsReply() throws Exception {
        Deaf controller = new Deaf();
        controller.released.countDown();
        Outbox outbox = new Outbox(controller, 1, new Outbox.Total());
        outbox.start();
        outbox.event(bytes("a"));
        outbox.hold();
        outbox.event(bytes("c"));
        outbox.reply(bytes("b"));
        outbox.release();
        outbox.event(bytes("d"));
        outbox.close(System.nanoTime() + 20_000_000_000L);
        assertThat(controller.read()).isEqualTo("abcd");
        assertThat(controller.closed.getCount()).isZero();
    }

    @Test
    void eventsThatACommandKeepsBackAreSentToOneWhoIsClosedMeanwhile() throws Exception {
        Deaf controller = new Deaf();
        controller.released.countDown();
        Outbox outbox = new Outbox(controller, 1, new Outbox.Total());
        outbox.start();
        outbox.hold();
        outbox.reply(bytes("a"));
        outbox.event(bytes("b"));
        outbox.close(System.nanoTime() + 20_000_000_000L);
        outbox.release();
        assertThat(controller.read()).isEqualTo("ab");
    }

    @Test
    void cutsOffWhoHoldsTooMuch() throws Exception {
        Deaf controller = new Deaf();
        Outbox outbox = new Outbox(controller, 1, new Outbox.Total());
        outbox.start();
        byte[] mebibyte = new byte[1 << 20];
        for (int i = 0; i < 4; i++) {
            outbox.event(mebibyte);
        }
        assertThat(controller.closed.getCount()).isEqualTo(1);
        outbox.event(bytes("x"));
        controller.closed.await();
    }

    @Test
    void cutsOffThoseWhoHoldMuchWhenAllTogetherHoldTooMuch() throws Exception {
        Outbox.Total total = new Outbox.Total();
        long most = Math.max(4L << 20, Runtime.getRuntime().maxMemory() / 6);
        byte[] mebibyte = new byte[1 << 20];
        Deaf modest = new Deaf();
        Outbox little = new Outbox(modest, 0, total);
        little.event(bytes("x"));
        Deaf cut = null;
        long held = 0;
        for (int i = 1; cut == null && i < 10_000; i++) {
            Deaf controller = new Deaf();
            Outbox outbox = new Outbox(controller, i, total);
            for (int j = 0; j < 3; j++) {
                outbox.event(mebibyte);
                held += mebibyte.length;
            }
            cut = held > most + 4 * mebibyte.length ? controller : null;
            if (cut != null) {
                cut.closed.await();
            }
        }
        assertThat(cut).isNotNull();
        little.event(bytes("y"));
        assertThat(modest.closed.getCount()).as("whoever reads is not cut off").isEqualTo(1);
    }
}
