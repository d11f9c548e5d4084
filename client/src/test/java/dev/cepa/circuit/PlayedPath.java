package dev.cepa.circuit;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.channel.CircuitHandler;
import dev.cepa.channel.QueueMemory;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.crypto.RelayHandshakes;
import dev.cepa.crypto.X25519;
import dev.cepa.error.Deadline;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A channel with real relay-side cryptography behind it, and relays that do what the test tells them. Handshakes are
 * answered at once, on the thread that sends them; all else waits in {@link #received}, and goes back when the test calls
 * {@link #reply}, so that a test is one thread and always runs the same way.
 */
final class PlayedPath implements CircuitLink {
    /** A message that reached a relay. */
    record Received(int hop, int cellCommand, int command, int streamId, byte[] body) {}

    private static final SecureRandom RANDOM = new SecureRandom();

    final Queue<Received> received = new ConcurrentLinkedQueue<>();
    /** Of every hundredth DATA cell, or as many as a test says, as the relay computes them. */
    final Queue<byte[]> tags = new ConcurrentLinkedQueue<>();

    int cellsATag = 100;
    /** What relays grant to whoever extends to them by ntor-v3. */
    byte[] granted = {0};

    private int dataCells;
    final List<ChannelMessage> channelMessages = new ArrayList<>();
    final QueueMemory memory = new QueueMemory(new TorEvents());
    final List<HopCrypto> relays = new ArrayList<>();
    private final X25519 onionKey = X25519.generate(RANDOM);
    private @Nullable CircuitHandler handler;
    boolean detached;
    boolean endsBatches = true;
    /** Changes what a relay answers to a handshake. */
    UnaryOperator<byte[]> answer = UnaryOperator.identity();

    @Nullable TorException sendFailure;
    byte[] lastExtensions = {};

    static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(20));
    }

    HopTarget target(int hop, boolean v3) {
        byte[] id = new byte[RsaId.LENGTH];
        Arrays.fill(id, (byte) (hop + 1));
        byte[] ed = new byte[Ed25519Id.LENGTH];
        Arrays.fill(ed, (byte) (hop + 1));
        try {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, 1}), 9001);
            return new HopTarget(
                    new ChannelTarget(RsaId.of(id), Ed25519Id.of(ed), List.of(address)),
                    onionKey.publicKey(),
                    v3,
                    "relay" + hop);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A circuit of so many hops. */
    Circuit build(int length) throws TorException {
        return build(length, CircuitSettings.DEFAULT, new TorEvents());
    }

    Circuit build(int length, CircuitSettings settings, TorEvents events) throws TorException {
        Circuit circuit = Circuit.create(this, target(0, true), settings, events, 7, "GENERAL", soon());
        for (int i = 1; i < length; i++) {
            circuit.extend(target(i, i % 2 == 0), soon());
        }
        circuit.markBuilt();
        return circuit;
    }

    /** The next message that reached a relay. */
    Received next() {
        return received.remove();
    }

    /** Waits until so many messages have reached relays and have not been taken. */
    void awaitReceived(int count) throws InterruptedException {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (received.size() < count) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(received.size() + " messages instead of " + count);
            }
            Thread.sleep(1);
        }
    }

    /** Sends a message from a relay to the client. */
    void reply(int hop, int command, int streamId, byte... body) {
        reply(hop, command, streamId, body.length, body);
    }

    /** Sends one whose length field says something else. */
    void reply(int hop, int command, int streamId, int claimedLength, byte[] body) {
        byte[] cell = cell(command, streamId, claimedLength, body);
        relays.get(hop).originate(Cell.RELAY, cell, Cell.HEADER);
        for (int i = hop - 1; i >= 0; i--) {
            relays.get(i).encrypt(Cell.RELAY, cell, Cell.HEADER);
        }
        deliver(Cell.RELAY, cell);
    }

    void reply(int hop, int streamId, RelayMessage message) {
        ByteWriter out = new ByteWriter();
        message.write(out);
        reply(hop, message.command(), streamId, out.toByteArray());
    }

    /** Gives the client a cell, with room before its body as on a channel. */
    void deliver(int command, byte[] cell) {
        handler().onCell(command, cell, Cell.HEADER);
        if (endsBatches) {
            handler().onBatchEnd();
        }
    }

    CircuitHandler handler() {
        return java.util.Objects.requireNonNull(handler);
    }

    static byte[] cell(int command, int streamId, int claimedLength, byte[] body) {
        byte[] bytes = new byte[Cell.LENGTH];
        byte[] start = new ByteWriter()
                .zeros(Cell.HEADER)
                .u8(command)
                .u16(0)
                .u16(streamId)
                .u32(0)
                .u16(claimedLength)
                .bytes(body)
                .toByteArray();
        System.arraycopy(start, 0, bytes, 0, start.length);
        return bytes;
    }

    @Override
    public void attach(CircuitHandler circuit) throws TorException {
        if (sendFailure != null) {
            throw sendFailure;
        }
        handler = circuit;
    }

    @Override
    public void detach() {
        detached = true;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public QueueMemory memory() {
        return memory;
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void awaitWritable(Deadline deadline) {
        // Always writable.
    }

    @Override
    public long lastReceivedNanos() {
        return System.nanoTime();
    }

    @Override
    public void send(ChannelMessage message) throws TorException {
        channelMessages.add(message);
        switch (message) {
            case ChannelMessage.CreateFast(byte[] x) -> {
                RelayHandshakes.Answer made = RelayHandshakes.createFast(x, RANDOM);
                relays.add(RelayHandshakes.tor1(made.keys()));
                byte[] cell = new byte[Cell.LENGTH];
                byte[] data = answer.apply(made.message());
                System.arraycopy(data, 0, cell, Cell.HEADER, data.length);
                deliver(Cell.CREATED_FAST, cell);
            }
            case ChannelMessage.Create2(int type, byte[] handshake) -> {
                byte[] cell = new byte[Cell.LENGTH];
                byte[] data = answer.apply(shake(type, handshake));
                byte[] body = new ByteWriter().u16(data.length).bytes(data).toByteArray();
                System.arraycopy(body, 0, cell, Cell.HEADER, Math.min(body.length, Cell.BODY));
                deliver(Cell.CREATED2, cell);
            }
            default -> {
                // Kept for the test to look at.
            }
        }
    }

    private byte[] shake(int type, byte[] handshake) throws ProtocolException {
        HopTarget me = target(relays.size(), true);
        RelayHandshakes.Answer made = type == 3
                ? RelayHandshakes.ntorV3(
                        java.util.Objects.requireNonNull(me.link().ed25519Id()),
                        onionKey,
                        handshake,
                        extensions -> {
                            lastExtensions = extensions;
                            return granted;
                        },
                        RANDOM)
                : RelayHandshakes.ntor(me.link().rsaId(), onionKey, handshake, RANDOM);
        relays.add(RelayHandshakes.tor1(made.keys()));
        return made.message();
    }

    @Override
    public void send(int cellCommand, byte[] body, int offset) throws TorException {
        if (sendFailure != null) {
            throw sendFailure;
        }
        byte[] cell = Arrays.copyOfRange(body, offset, offset + Cell.BODY);
        for (int i = 0; i < relays.size(); i++) {
            if (relays.get(i).decrypt(cellCommand, cell, 0, false)) {
                ByteReader in = new ByteReader(cell);
                int command = in.u8();
                in.skip(2);
                int streamId = in.u16();
                in.skip(4);
                Received message = new Received(i, cellCommand, command, streamId, in.bytes(in.u16()));
                if (command == RelayMessage.DATA && ++dataCells % cellsATag == 0) {
                    byte[] tag = new byte[20];
                    relays.get(i).receivedTag(tag);
                    tags.add(tag);
                }
                received.add(message);
                if (command == RelayMessage.EXTEND2 && i == relays.size() - 1) {
                    extend(message);
                }
                return;
            }
        }
        throw new AssertionError("no relay recognises the cell");
    }

    private void extend(Received message) throws ProtocolException {
        int hop = message.hop();
        RelayMessage.Extend2 extend =
                (RelayMessage.Extend2) RelayMessage.read(RelayMessage.EXTEND2, new ByteReader(message.body()));
        byte[] data = answer.apply(shake(extend.handshakeType(), extend.handshake()));
        reply(hop, RelayMessage.EXTENDED2, 0, new ByteWriter().u16(data.length).bytes(data).toByteArray());
    }
}
