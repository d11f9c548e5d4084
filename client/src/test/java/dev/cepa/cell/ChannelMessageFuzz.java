package dev.cepa.cell;

import dev.cepa.cell.ChannelMessage.AuthChallenge;
import dev.cepa.cell.ChannelMessage.Certs;
import dev.cepa.cell.ChannelMessage.Create2;
import dev.cepa.cell.ChannelMessage.CreateFast;
import dev.cepa.cell.ChannelMessage.Created2;
import dev.cepa.cell.ChannelMessage.CreatedFast;
import dev.cepa.cell.ChannelMessage.Destroy;
import dev.cepa.cell.ChannelMessage.Netinfo;
import dev.cepa.cell.ChannelMessage.Padding;
import dev.cepa.cell.ChannelMessage.PaddingNegotiate;
import dev.cepa.cell.ChannelMessage.Versions;
import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class ChannelMessageFuzz {
    private static final int KINDS = 11;

    @Property
    void anyBytesAreAMessageOrRefused(
            @ForAll @IntRange(min = 0, max = 135) int command, @ForAll @Size(max = 1000) byte[] body)
            throws ProtocolException {
        ChannelMessage message = MessageFuzz.readOrRefuse(ChannelMessage::read, command, body);
        if (message != null) {
            MessageFuzz.roundTrip(ChannelMessage::read, command, message, message::write);
        }
    }

    @Property
    void messagesAreReadAsTheyWereWritten(@ForAll @IntRange(min = 0, max = KINDS - 1) int kind, @ForAll long seed)
            throws ProtocolException {
        ChannelMessage message = message(kind, new Random(seed));
        MessageFuzz.roundTrip(ChannelMessage::read, message.command(), message, message::write);
    }

    @Property
    void damagedMessagesAreReadOrRefused(@ForAll @IntRange(min = 0, max = KINDS - 1) int kind, @ForAll long seed)
            throws ProtocolException {
        Random random = new Random(seed);
        ChannelMessage message = message(kind, random);
        ByteWriter out = new ByteWriter();
        message.write(out);
        byte[] body = MessageFuzz.mutated(out.toByteArray(), random);
        ChannelMessage read = MessageFuzz.readOrRefuse(ChannelMessage::read, message.command(), body);
        if (read != null) {
            MessageFuzz.roundTrip(ChannelMessage::read, read.command(), read, read::write);
        }
    }

    private static ChannelMessage message(int kind, Random random) {
        return switch (kind) {
            case 0 -> new Versions(list(random, 5, () -> random.nextInt(65_536)));
            case 1 -> new Certs(
                    list(random, 6, () -> new Certs.Certificate(random.nextInt(256), bytes(random, random.nextInt(300)))));
            case 2 -> new AuthChallenge(bytes(random, 32), list(random, 5, () -> random.nextInt(65_536)));
            case 3 -> new Netinfo(
                    random.nextLong(0x1_0000_0000L),
                    random.nextInt(4) == 0 ? null : address(random),
                    list(random, 5, () -> address(random)));
            case 4 -> new PaddingNegotiate(random.nextBoolean(), random.nextInt(65_536), random.nextInt(65_536));
            case 5 -> new CreateFast(bytes(random, 20));
            case 6 -> new CreatedFast(bytes(random, 20), bytes(random, 20));
            case 7 -> new Create2(random.nextInt(65_536), bytes(random, random.nextInt(506)));
            case 8 -> new Created2(bytes(random, random.nextInt(508)));
            case 9 -> new Destroy(random.nextInt(256));
            default -> new Padding(random.nextBoolean(), random.nextInt(510));
        };
    }

    private static <T> List<T> list(Random random, int max, Supplier<T> element) {
        List<T> list = new ArrayList<>();
        for (int i = random.nextInt(max); i > 0; i--) {
            list.add(element.get());
        }
        return list;
    }

    private static InetAddress address(Random random) {
        byte[] ip = bytes(random, random.nextBoolean() ? 4 : 16);
        ip[0] = (byte) (1 + random.nextInt(255)); // neither all zeros, which means none, nor IPv4 in IPv6
        try {
            return InetAddress.getByAddress(ip);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
