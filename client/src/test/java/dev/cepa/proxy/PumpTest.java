package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PumpTest {
    private final CopyBuffers buffers = new CopyBuffers();

    @Test
    void copiesAllThatComesAndCountsIt() throws Exception {
        byte[] data = new byte[100_000];
        new Random(1).nextBytes(data);
        ByteArrayOutputStream to = new ByteArrayOutputStream();
        Pump pump = new Pump(new ByteArrayInputStream(data), to, buffers);
        pump.run();
        assertThat(to.toByteArray()).isEqualTo(data);
        assertThat(pump.bytes()).isEqualTo(data.length);
    }

    @Test
    void aLargeBufferIsUsedAgainByTheNextBurst() throws Exception {
        byte[][] used = new byte[2][];
        for (int i = 0; i < 2; i++) {
            int turn = i;
            new Pump(new ByteArrayInputStream(new byte[50_000]), new OutputStream() {
                @Override
                public void write(int b) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public void write(byte[] from, int offset, int length) {
                    used[turn] = from;
                }
            }, buffers).run();
        }
        assertThat(used[0]).hasSize(CopyBuffers.SIZE).isSameAs(used[1]);
    }

    @Test
    void aBrokenCopyGivesItsBufferBack() {
        byte[] only = buffers.take();
        buffers.give(only);
        Pump pump = new Pump(new ByteArrayInputStream(new byte[50_000]), new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("gone");
            }

            @Override
            public void write(byte[] from, int offset, int length) throws IOException {
                if (length > Pump.SMALL) {
                    throw new IOException("gone");
                }
            }
        }, buffers);
        assertThat(pump).satisfies(p -> {
            try {
                p.run();
            } catch (IOException e) {
                assertThat(e).hasMessage("gone");
            }
        });
        assertThat(buffers.take()).isSameAs(only);
    }

    @Test
    void onlyAFewAreKeptAndNoneOnceCleared() {
        byte[][] all = new byte[2 * CopyBuffers.KEPT][];
        for (int i = 0; i < all.length; i++) {
            all[i] = buffers.take();
        }
        for (byte[] buffer : all) {
            buffers.give(buffer);
        }
        int again = 0;
        for (int i = 0; i < all.length; i++) {
            byte[] taken = buffers.take();
            for (byte[] buffer : all) {
                again += taken == buffer ? 1 : 0;
            }
        }
        assertThat(again).isEqualTo(CopyBuffers.KEPT);
        buffers.give(all[0]);
        buffers.clear();
        assertThat(buffers.take()).isNotSameAs(all[0]);
    }
}
