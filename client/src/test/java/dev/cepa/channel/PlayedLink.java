package dev.cepa.channel;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RsaId;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.crypto.RelayHandshakes;
import dev.cepa.crypto.X25519;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A channel over no network, to one client's circuit with one stream, whose three relays are played on the threads that
 * use them. While a stream carries data nothing is done here but copying, so that a test can tell what the client does.
 */
final class PlayedLink {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int ROOM = 2000;

    private final X25519 onionKey = X25519.generate(RANDOM);
    private final List<HopCrypto> relays = new ArrayList<>();
    private final InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9001);
    private final In in = new In();
    private final Out out = new Out();
    private int circuitId;
    private int dataCells;
    private int streamCells;
    private Channel channel;
    int streamId;

    private static HopTarget target(X25519 key, InetSocketAddress address, int hop) {
        byte[] id = new byte[Ed25519Id.LENGTH];
        Arrays.fill(id, (byte) (hop + 1));
        return new HopTarget(
                new ChannelTarget(RsaId.of(Arrays.copyOf(id, RsaId.LENGTH)), Ed25519Id.of(id), List.of(address)),
                key.publicKey(), false, "relay" + hop);
    }

    HopTarget hop(int hop) {
        return target(onionKey, address, hop);
    }

    Channel open() throws IOException {
        ChannelTarget target = hop(0).link();
        Socket socket = new Socket() {
            @Override
            public InputStream getInputStream() {
                return in;
            }

            @Override
            public OutputStream getOutputStream() {
                return out;
            }

            @Override
            public void setSoTimeout(int timeout) {
                // Half a cell never comes.
            }
        };
        channel = new Channel(
                1, target,
                new LinkHandshake.Result(5, new LinkVerifier.Identity(target.rsaId(), target.ed25519Id()), null), address,
                socket, socket, new TorEvents(), Duration.ofMinutes(1), Duration.ofMinutes(1), 1,
                new PaddingTimer(() -> ChannelPadding.DEFAULT.in(ChannelPadding.Mode.OFF), new Random(1)),
                new QueueMemory(new TorEvents()), new LinkLimits());
        out.playing = true;
        channel.start();
        return channel;
    }

    void close() {
        channel.close(new dev.cepa.error.TorException(dev.cepa.error.ErrorKind.CLOSED, "the test is over"));
        in.end();
    }

    /** A cell that a relay sends to the client. */
    byte[] cell(int hop, int command, int stream, byte[] body) {
        byte[] bytes = new ByteWriter(Cell.LENGTH)
                .u32(circuitId).u8(Cell.RELAY)
                .u8(command).u16(0).u16(stream).u32(0).u16(body.length).bytes(body)
                .zeros(Cell.BODY - 11 - body.length)
                .toByteArray();
        relays.get(hop).originate(Cell.RELAY, bytes, Cell.HEADER);
        for (int i = hop - 1; i >= 0; i--) {
            relays.get(i).encrypt(Cell.RELAY, bytes, Cell.HEADER);
        }
        return bytes;
    }

    /** Lets the client read these bytes, once it has read all before. */
    void feed(byte[] bytes) {
        in.feed(bytes);
    }

    /** Whether to take nothing that the client writes, so that it gathers. */
    void hold(boolean on) {
        out.hold(on);
    }

    /** Waits until the client has written so many cells since {@link #acknowledge}. */
    void awaitWritten(int cells) throws InterruptedException {
        out.await(cells * Cell.LENGTH);
    }

    /** Has the relays take what the client has written, and sends it the SENDMEs that it may expect. */
    void acknowledge() throws IOException {
        for (byte[] cell : out.takeAll()) {
            take(cell);
        }
    }

    private void take(byte[] cell) throws IOException {
        circuitId = new ByteReader(cell).i32();
        byte[] body = Arrays.copyOfRange(cell, Cell.HEADER, Cell.LENGTH);
        int command = cell[4] & 0xff;
        if (command == Cell.CREATE2) {
            ByteReader create = new ByteReader(body);
            create.skip(2);
            byte[] answer = shake(create.bytes(create.u16()));
            byte[] created = new ByteWriter().u16(answer.length).bytes(answer).toByteArray();
            feed(new ByteWriter(Cell.LENGTH)
                    .u32(circuitId).u8(Cell.CREATED2).bytes(created).zeros(Cell.BODY - created.length).toByteArray());
            return;
        }
        for (int hop = 0; command != Cell.DESTROY && hop < relays.size(); hop++) {
            if (relays.get(hop).decrypt(command, body, 0, false)) {
                ByteReader message = new ByteReader(body);
                int relayCommand = message.u8();
                message.skip(2);
                int stream = message.u16();
                message.skip(4);
                answer(hop, relayCommand, stream, message.bytes(message.u16()));
                return;
            }
        }
    }

    private void answer(int hop, int command, int stream, byte[] body) throws IOException {
        switch (command) {
            case RelayMessage.EXTEND2 -> {
                RelayMessage.Extend2 extend = (RelayMessage.Extend2) RelayMessage.read(command, new ByteReader(body));
                byte[] answer = shake(extend.handshake());
                feed(cell(hop, RelayMessage.EXTENDED2, 0, new ByteWriter().u16(answer.length).bytes(answer).toByteArray()));
            }
            case RelayMessage.BEGIN -> {
                streamId = stream;
                out.playing = false;
                feed(cell(hop, RelayMessage.CONNECTED, stream, new byte[0]));
            }
            case RelayMessage.DATA -> {
                if (++dataCells % 100 == 0) {
                    byte[] tag = new byte[20];
                    relays.get(hop).receivedTag(tag);
                    feed(cell(hop, RelayMessage.SENDME, 0, new ByteWriter().u8(1).u16(20).bytes(tag).toByteArray()));
                }
                if (++streamCells % 50 == 0) {
                    feed(cell(hop, RelayMessage.SENDME, stream, new byte[0]));
                }
            }
            default -> {
                // A SENDME of the client's.
            }
        }
    }

    private byte[] shake(byte[] handshake) throws IOException {
        RelayHandshakes.Answer made =
                RelayHandshakes.ntor(hop(relays.size()).link().rsaId(), onionKey, handshake, RANDOM);
        relays.add(RelayHandshakes.tor1(made.keys()));
        return made.message();
    }

    /** What the client reads. */
    private static final class In extends InputStream {
        private byte[] bytes = {};
        private int at;
        private boolean ended;

        synchronized void feed(byte[] more) {
            try {
                while (at < bytes.length) {
                    wait();
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            bytes = more;
            at = 0;
            notifyAll();
        }

        synchronized void end() {
            ended = true;
            notifyAll();
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException();
        }

        @Override
        public synchronized int read(byte[] to, int offset, int length) throws IOException {
            try {
                while (at == bytes.length && !ended) {
                    wait();
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            if (ended) {
                return -1;
            }
            int n = Math.min(length, bytes.length - at);
            System.arraycopy(bytes, at, to, offset, n);
            at += n;
            notifyAll();
            return n;
        }
    }

    /** What the client writes: played at once while a circuit is made, else kept. */
    private final class Out extends OutputStream {
        private final byte[] kept = new byte[ROOM * Cell.LENGTH];
        private int size;
        private boolean held;
        private volatile boolean playing;

        @Override
        public void write(int b) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            if (playing) {
                for (int i = 0; i < length; i += Cell.LENGTH) {
                    take(Arrays.copyOfRange(from, offset + i, offset + i + Cell.LENGTH));
                }
                return;
            }
            synchronized (this) {
                try {
                    while (held) {
                        wait();
                    }
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                System.arraycopy(from, offset, kept, size, length);
                size += length;
                notifyAll();
            }
        }

        synchronized void hold(boolean on) {
            held = on;
            notifyAll();
        }

        synchronized void await(int bytes) throws InterruptedException {
            while (size < bytes) {
                wait();
            }
        }

        synchronized List<byte[]> takeAll() {
            List<byte[]> cells = new ArrayList<>();
            for (int i = 0; i < size; i += Cell.LENGTH) {
                cells.add(Arrays.copyOfRange(kept, i, i + Cell.LENGTH));
            }
            size = 0;
            return cells;
        }
    }
}
