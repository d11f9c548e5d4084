package dev.cepa.cell;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cepa.cell.OnionMessage.EstablishRendezvous;
import dev.cepa.cell.OnionMessage.Introduce1;
import dev.cepa.cell.OnionMessage.IntroduceAck;
import dev.cepa.cell.OnionMessage.Rendezvous2;
import dev.cepa.cell.OnionMessage.RendezvousEstablished;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.cell.RelayMessage.BeginDir;
import dev.cepa.cell.RelayMessage.Connected;
import dev.cepa.cell.RelayMessage.Drop;
import dev.cepa.cell.RelayMessage.End;
import dev.cepa.cell.RelayMessage.Extend2;
import dev.cepa.cell.RelayMessage.Extended2;
import dev.cepa.cell.RelayMessage.Resolve;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.cell.RelayMessage.Sendme;
import dev.cepa.cell.RelayMessage.Truncate;
import dev.cepa.cell.RelayMessage.Truncated;
import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class RelayMessageFuzz {
    private static final int KINDS = 18;

    @Property
    void anyBytesAreAMessageOrRefused(@ForAll @IntRange(min = 0, max = 50) int command, @ForAll @Size(max = 498) byte[] body)
            throws ProtocolException {
        RelayMessage message = MessageFuzz.readOrRefuse(RelayMessage::read, command, body);
        if (message != null) {
            MessageFuzz.roundTrip(RelayMessage::read, command, message, message::write);
        }
    }

    @Property
    void messagesAreReadAsTheyWereWritten(@ForAll @IntRange(min = 0, max = KINDS - 1) int kind, @ForAll long seed)
            throws ProtocolException {
        RelayMessage message = message(kind, new Random(seed));
        MessageFuzz.roundTrip(RelayMessage::read, message.command(), message, message::write);
    }

    @Property
    void damagedMessagesAreReadOrRefused(@ForAll @IntRange(min = 0, max = KINDS - 1) int kind, @ForAll long seed)
            throws ProtocolException {
        Random random = new Random(seed);
        RelayMessage message = message(kind, random);
        ByteWriter out = new ByteWriter();
        message.write(out);
        byte[] body = MessageFuzz.mutated(out.toByteArray(), random);
        RelayMessage read = MessageFuzz.readOrRefuse(RelayMessage::read, message.command(), body);
        if (read != null) {
            MessageFuzz.roundTrip(RelayMessage::read, read.command(), read, read::write);
        }
    }

    private static RelayMessage message(int kind, Random random) {
        return switch (kind) {
            case 0 -> new Begin(random.nextBoolean() ? text(random, 255) : "2001:db8::" + random.nextInt(10), port(random),
                    random.nextInt());
            case 1 -> new End(1 + random.nextInt(14));
            case 2 -> new End(EndReason.EXITPOLICY.code(), address(random), seconds(random));
            case 3 -> new Connected(address(random), seconds(random));
            case 4 -> new Sendme(random.nextInt(3) == 0 ? null : bytes(random, random.nextBoolean() ? 20 : 16));
            case 5 -> new Truncated(random.nextInt(256));
            case 6 -> new Resolve(text(random, 255));
            case 7 -> new Resolved(answers(random));
            case 8 -> new Extend2(specifiers(random), random.nextInt(65_536), bytes(random, random.nextInt(200)));
            case 9 -> new Extended2(bytes(random, random.nextInt(497)));
            case 10 -> random.nextBoolean() ? new Drop() : new BeginDir();
            case 11 -> new EstablishRendezvous(bytes(random, 20));
            case 12 -> new Introduce1(bytes(random, 32), bytes(random, random.nextInt(442)));
            case 13 -> random.nextBoolean() ? new IntroduceAck(random.nextInt(65_536)) : new RendezvousEstablished();
            case 14 -> new Rendezvous2(bytes(random, random.nextInt(498)));
            case 15 -> random.nextBoolean() ? new ConfluxMessage.Link(link(random)) : new ConfluxMessage.Linked(link(random));
            case 16 -> random.nextBoolean()
                    ? new ConfluxMessage.Switch(random.nextLong(ConfluxMessage.Switch.LIMIT))
                    : new ConfluxMessage.LinkedAck();
            default -> random.nextBoolean() ? new Truncate() : new Connected(null, 0);
        };
    }

    private static ConfluxMessage.LinkBody link(Random random) {
        return new ConfluxMessage.LinkBody(
                bytes(random, ConfluxMessage.NONCE), random.nextLong(Long.MAX_VALUE), random.nextLong(Long.MAX_VALUE),
                DesiredUx.values()[random.nextInt(DesiredUx.values().length)]);
    }

    private static List<Answer> answers(Random random) {
        List<Answer> answers = new ArrayList<>();
        for (int i = random.nextInt(6); i > 0; i--) {
            answers.add(
                    switch (random.nextInt(3)) {
                        case 0 -> new Answer.Address(address(random), seconds(random));
                        case 1 -> new Answer.Name(text(random, 255), seconds(random));
                        default -> new Answer.Failure(random.nextBoolean(), seconds(random));
                    });
        }
        return answers;
    }

    private static List<LinkSpecifier> specifiers(Random random) {
        List<LinkSpecifier> specifiers = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            specifiers.add(
                    switch (random.nextInt(4)) {
                        case 0 -> new LinkSpecifier.Address(new InetSocketAddress(address(random), port(random)));
                        case 1 -> new LinkSpecifier.Rsa(RsaId.of(bytes(random, 20)));
                        case 2 -> new LinkSpecifier.Ed25519(Ed25519Id.of(bytes(random, 32)));
                        default -> new LinkSpecifier.Unknown(4 + random.nextInt(250), bytes(random, random.nextInt(50)));
                    });
        }
        return specifiers;
    }

    private static InetAddress address(Random random) {
        byte[] ip = bytes(random, random.nextBoolean() ? 4 : 16);
        ip[0] = (byte) (1 + random.nextInt(255)); // neither 0.0.0.0, which CONNECTED can't carry, nor IPv4 in IPv6
        try {
            return InetAddress.getByAddress(ip);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int port(Random random) {
        return 1 + random.nextInt(65_535);
    }

    private static long seconds(Random random) {
        return random.nextLong(0x1_0000_0000L);
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String text(Random random, int max) {
        byte[] text = new byte[1 + random.nextInt(max)];
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) "abcdefghijklmnopqrstuvwxyz0123456789-._~!".charAt(random.nextInt(41));
        }
        return new String(text, US_ASCII);
    }
}
