package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.channel.QueueMemory;
import dev.cepa.channel.QueueMemory.Block;
import dev.cepa.event.TorEvents;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamBufferTest {
    private final QueueMemory pool = new QueueMemory(new TorEvents());
    private final StreamBuffer buffer = new StreamBuffer(pool);

    @Test
    void givesBytesBackInTheirOrder() {
        Random random = new Random(3);
        byte[] all = new byte[300_000];
        random.nextBytes(all);
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        int in = 0;
        while (got.size() < all.length) {
            int n = Math.min(random.nextInt(3 * Block.SIZE), all.length - in);
            buffer.append(all, in, n);
            in += n;
            int out = Math.min(random.nextInt(3 * Block.SIZE), buffer.size());
            byte[] read = new byte[out + 2];
            buffer.copy(read, 1, out);
            buffer.drop(out);
            got.write(read, 1, out);
            assertThat(buffer.size()).isEqualTo(in - got.size());
        }
        assertThat(got.toByteArray()).isEqualTo(all);
    }

    @Test
    void reusesBlocksWhenEmptied() {
        Block block = pool.take();
        pool.give(block);
        buffer.append(new byte[Block.SIZE], 0, Block.SIZE);
        assertThat(pool.take()).isNotSameAs(block);
        buffer.drop(Block.SIZE);
        assertThat(pool.take()).isSameAs(block);
    }

    @Test
    void blocksThatAReaderMayStillCopyFromAreNotUsedAgain() {
        byte[] secret = new byte[100];
        Arrays.fill(secret, (byte) 7);
        buffer.append(secret, 0, 100);
        buffer.clear();
        assertThat(buffer.size()).isZero();
        assertThat(pool.take().bytes).containsOnly(0);
    }
}
