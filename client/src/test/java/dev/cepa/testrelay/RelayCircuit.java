package dev.cepa.testrelay;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.ChannelMessage.Create2;
import dev.cepa.cell.ChannelMessage.Created2;
import dev.cepa.cell.ChannelMessage.Destroy;
import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Extend2;
import dev.cepa.cell.RelayMessage.Extended2;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.Channel;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.channel.CircuitHandler;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One circuit as a test relay sees it: the layer of cryptography shared with the client, the way on to the next relay, and
 * streams to an echo. Tests send the client whatever they like with it. Cells from the client come on the link's reader;
 * what goes to the client is guarded by a lock, so that any thread may send.
 */
public final class RelayCircuit {
    /** A message that the client sent to this relay; DATA is not kept. */
    public record Received(int command, int streamId, byte[] body) {}

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final RelayCircuits circuits;
    private final RelayLink link;
    private final int id;
    private final HopCrypto crypto;
    private final Echo echo = new Echo(this);
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final BlockingQueue<Integer> destroyed = new LinkedBlockingQueue<>();
    private final ReentrantLock sending = new ReentrantLock();
    private volatile Onward onward;

    RelayCircuit(RelayCircuits circuits, RelayLink link, int id, HopCrypto crypto) {
        this.circuits = circuits;
        this.link = link;
        this.id = id;
        this.crypto = crypto;
    }

    /** The client's link. */
    public RelayLink link() {
        return link;
    }

    /** The circuit's id on that link. */
    public int id() {
        return id;
    }

    /** Sends a relay message to the client. */
    public void send(int command, int streamId, byte... body) throws IOException {
        send(command, streamId, body.length, body);
    }

    /** Sends one whose length field says something else. */
    public void send(int command, int streamId, int claimedLength, byte[] body) throws IOException {
        sending.lock();
        try {
            byte[] cell = message(command, streamId, claimedLength, body);
            crypto.originate(Cell.RELAY, cell, 0);
            link.send(id, Cell.RELAY, cell);
        } finally {
            sending.unlock();
        }
    }

    public void send(int streamId, RelayMessage message) throws IOException {
        ByteWriter body = new ByteWriter();
        message.write(body);
        send(message.command(), streamId, body.toByteArray());
    }

    /** Sends a message that comes from somebody behind this relay, such as an onion service. */
    public void sendFor(HopCrypto behind, int streamId, RelayMessage message) throws IOException {
        ByteWriter body = new ByteWriter();
        message.write(body);
        sendFor(behind, message.command(), streamId, body.toByteArray());
    }

    public void sendFor(HopCrypto behind, int command, int streamId, byte[] body) throws IOException {
        sending.lock();
        try {
            byte[] cell = message(command, streamId, body.length, body);
            behind.originate(Cell.RELAY, cell, 0);
            crypto.encrypt(Cell.RELAY, cell, 0);
            link.send(id, Cell.RELAY, cell);
        } finally {
            sending.unlock();
        }
    }

    /** Sends many of one message in few writes. */
    public void flood(int command, int streamId, int count, byte... body) throws IOException {
        sending.lock();
        try {
            for (int left = count; left > 0; left -= Math.min(left, 200)) {
                ByteWriter cells = new ByteWriter(200 * Cell.LENGTH);
                for (int i = Math.min(left, 200); i > 0; i--) {
                    byte[] cell = message(command, streamId, body.length, body);
                    crypto.originate(Cell.RELAY, cell, 0);
                    cells.bytes(RelayLink.fixed(id, Cell.RELAY, cell));
                }
                link.sendRaw(cells.toByteArray());
            }
        } finally {
            sending.unlock();
        }
    }

    /** Sends a message of which one bit was changed on the way, so that its digest does not verify. */
    public void sendUnverifiable(int command, int streamId, byte... body) throws IOException {
        sending.lock();
        try {
            byte[] cell = message(command, streamId, body.length, body);
            crypto.originate(Cell.RELAY, cell, 0);
            cell[Cell.BODY - 1] ^= 1;
            link.send(id, Cell.RELAY, cell);
        } finally {
            sending.unlock();
        }
    }

    /** Sends any cell on this circuit, unencrypted. */
    public void sendCell(int command, byte... body) throws IOException {
        link.send(id, command, body);
    }

    /** Destroys the circuit towards the client. */
    public void destroy(int reason) throws IOException {
        link.send(id, new Destroy(reason));
    }

    /** The next message that the client sends to this relay, DATA apart. */
    public Received next() throws InterruptedException {
        return orFail(received.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS), "no message came");
    }

    /** The next message of one kind. */
    public Received next(int command) throws InterruptedException {
        Received message = next();
        while (message.command() != command) {
            message = next();
        }
        return message;
    }

    /** Waits until the client destroys the circuit; its reason. */
    public int awaitDestroyed() throws InterruptedException {
        return orFail(destroyed.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS), "no DESTROY came");
    }

    /** Whether the client has destroyed the circuit. */
    public boolean isDestroyed() {
        return !destroyed.isEmpty();
    }

    /** The tag of the hundredth, two hundredth ... DATA cell that the client sent, the oldest first. */
    public byte[] nextTag() throws InterruptedException {
        return orFail(echo.tags().poll(PATIENCE.toSeconds(), TimeUnit.SECONDS), "not a hundred DATA cells came");
    }

    private static <T> T orFail(T value, String why) {
        if (value == null) {
            throw new AssertionError(why);
        }
        return value;
    }

    private static byte[] message(int command, int streamId, int claimedLength, byte[] body) {
        ByteWriter out = new ByteWriter(Cell.BODY);
        out.u8(command).u16(0).u16(streamId).u32(0).u16(claimedLength).bytes(body);
        return out.zeros(Cell.BODY - out.size()).toByteArray();
    }

    // ---- from the client ----

    void onCell(int command, byte[] body) throws IOException {
        if (crypto.decrypt(command, body, 0, false)) {
            ByteReader in = new ByteReader(body);
            int relayCommand = in.u8();
            in.skip(2);
            int streamId = in.u16();
            in.skip(4);
            onMessage(relayCommand, streamId, in.bytes(in.u16()));
            return;
        }
        if (circuits.script().onUnrecognised(this, command, body)) {
            return;
        }
        Onward next = onward;
        if (next == null) {
            throw new IllegalStateException("a relay cell that no relay recognises");
        }
        try {
            next.channel.send(next.id, command, body, 0);
        } catch (TorException e) {
            truncated(DestroyReason.CHANNEL_CLOSED.code());
        }
    }

    private void onMessage(int command, int streamId, byte[] body) throws IOException {
        if (command == RelayMessage.DATA) {
            echo.count(crypto);
        } else {
            received.add(new Received(command, streamId, body));
        }
        if (circuits.script().onMessage(this, command, streamId, body)) {
            return;
        }
        if (command == RelayMessage.EXTEND2) {
            Extend2 extend = (Extend2) RelayMessage.read(command, new ByteReader(body));
            Thread.ofVirtual().name("test-relay-extend").start(() -> extend(extend));
        } else {
            echo.onMessage(command, streamId, body);
        }
    }

    void onDestroy(int reason) {
        destroyed.add(reason);
        Onward next = onward;
        if (next != null) {
            onward = null;
            next.channel.detach(next.id);
            try {
                next.channel.send(next.id, new Destroy(reason));
            } catch (TorException e) {
                // The next relay has gone before.
            }
        }
    }

    // ---- the way on ----

    private void extend(Extend2 extend) {
        Onward next = new Onward();
        try {
            next.channel = circuits.onward().get(circuits.script().next(target(extend.specifiers())), Deadline.in(PATIENCE));
            next.id = next.channel.attach(next);
            onward = next;
            next.channel.send(next.id, new Create2(extend.handshakeType(), extend.handshake()));
        } catch (TorException e) {
            truncated(DestroyReason.CONNECTFAILED.code());
        }
    }

    private static ChannelTarget target(List<LinkSpecifier> specifiers) {
        RsaId rsaId = null;
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (LinkSpecifier specifier : specifiers) {
            switch (specifier) {
                case LinkSpecifier.Rsa(RsaId id) -> rsaId = id;
                case LinkSpecifier.Address(InetSocketAddress address) -> addresses.add(address);
                default -> {
                    // RSA identity and address are enough.
                }
            }
        }
        return new ChannelTarget(rsaId, null, addresses);
    }

    private void truncated(int reason) {
        try {
            send(RelayMessage.TRUNCATED, 0, (byte) reason);
        } catch (IOException e) {
            // The client has gone.
        }
    }

    /** The next relay, as a client of it sees it. */
    private final class Onward implements CircuitHandler {
        private Channel channel;
        private int id;

        @Override
        public void onCell(int command, byte[] buf, int offset) {
            byte[] body = Arrays.copyOfRange(buf, offset, offset + Cell.BODY);
            try {
                switch (command) {
                    case Cell.CREATED2 -> {
                        Created2 created = (Created2) ChannelMessage.read(command, new ByteReader(body));
                        byte[] handshake = circuits.script().extended(created.handshake());
                        if (handshake != null) {
                            send(0, new Extended2(handshake));
                        }
                    }
                    case Cell.RELAY -> passBack(body);
                    case Cell.DESTROY -> truncated(body[0] & 0xff);
                    default -> throw new IllegalStateException("unexpected " + Cell.name(command));
                }
            } catch (IOException e) {
                // The client has gone, or the next relay is one of those that misbehave.
            }
        }

        private void passBack(byte[] body) throws IOException {
            sending.lock();
            try {
                crypto.encrypt(Cell.RELAY, body, 0);
                link.send(RelayCircuit.this.id, Cell.RELAY, body);
            } finally {
                sending.unlock();
            }
        }

        @Override
        public void onChannelClosed(TorException cause) {
            truncated(DestroyReason.CHANNEL_CLOSED.code());
        }
    }
}
