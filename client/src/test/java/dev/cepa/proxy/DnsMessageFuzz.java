package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class DnsMessageFuzz {
    private static final byte[] QUESTION = Wire.bytes("{12 34 01 00 00 01 00 00 00 00 00 00}{03}www{07}example{00 00 01 00 01}");

    @Property(tries = 5000)
    void readsAnyBytesAndAnswersWithinBounds(@ForAll byte[] data, @ForAll long seed) throws Exception {
        check(data);
        Random random = new Random(seed);
        byte[] mutated = QUESTION.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            mutated[random.nextInt(mutated.length)] = (byte) random.nextInt(256);
        }
        check(mutated);
        check(Arrays.copyOf(mutated, random.nextInt(mutated.length)));
    }

    private static void check(byte[] data) throws Exception {
        DnsMessage message = DnsMessage.read(data, data.length);
        if (message == null) {
            return;
        }
        message.reverseAddress();
        if (message.problem() == DnsMessage.NO_ERROR && message.type() != 0) {
            message.add(InetAddress.getByAddress(new byte[message.type() == DnsMessage.A ? 4 : 16]), Long.MAX_VALUE);
        }
        byte[] reply = message.reply(message.problem(), 512);
        assertThat(reply).hasSizeBetween(12, 512);
        assertThat(reply[0] == data[0] && reply[1] == data[1]).isTrue();
        assertThat(reply[2] & 0x80).isEqualTo(0x80);
        assertThat(DnsMessage.read(reply, reply.length)).as("no reply is a question").isNull();
    }
}
