package dev.cepa.testrelay;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.ChannelMessage.AuthChallenge;
import dev.cepa.cell.ChannelMessage.Certs;
import dev.cepa.cell.ChannelMessage.Netinfo;
import dev.cepa.cell.ChannelMessage.Versions;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLSocket;

/**
 * A relay on a loopback port. It is honest unless told otherwise: each knob of its {@link Builder} changes one thing that it
 * says or does. Once the link is open a {@link CellHandler} has the cells, or circuits as a {@link RelayScript} wants them.
 */
public final class TestRelay implements Closeable {
    private final Builder behaviour;
    private final ServerSocket server;
    private final RelayCircuits circuits;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Throwable> troubles = new CopyOnWriteArrayList<>();
    private final LinkedBlockingQueue<RelayLink> links = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Netinfo> netinfos = new LinkedBlockingQueue<>();
    private final AtomicInteger connections = new AtomicInteger();

    private TestRelay(Builder behaviour) throws IOException {
        this.behaviour = behaviour;
        circuits = behaviour.script == null ? null : new RelayCircuits(behaviour.keys, behaviour.script);
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("test-relay").start(this::accept);
    }

    /** An honest relay that ignores all cells. */
    public static TestRelay start() throws IOException {
        return builder().start();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** What a test relay does differently from an honest one. */
    public static final class Builder {
        private RelayKeys keys = RelayKeys.shared();
        private UnaryOperator<List<Certs.Certificate>> certificates = UnaryOperator.identity();
        private UnaryOperator<List<byte[]>> link = UnaryOperator.identity();
        private List<Integer> versions = List.of(3, 4, 5);
        private Instant time;
        private byte[] insteadOfTls;
        private boolean silent;
        private boolean closesAfterLink;
        private CellHandler cells = (l, circuitId, command, body) -> {};
        private RelayScript script;

        /** Its keys; by default those that tests share. */
        public Builder keys(RelayKeys relayKeys) {
            keys = relayKeys;
            return this;
        }

        /** Changes the certificates in CERTS. */
        public Builder certificates(UnaryOperator<List<Certs.Certificate>> change) {
            certificates = change;
            return this;
        }

        /** Changes what it sends in the link handshake: by default four cells, VERSIONS, CERTS, AUTH_CHALLENGE, NETINFO. */
        public Builder link(UnaryOperator<List<byte[]>> change) {
            link = change;
            return this;
        }

        /** The link protocols that it offers. */
        public Builder versions(Integer... offered) {
            versions = List.of(offered);
            return this;
        }

        /** What its clock says: its certificates and NETINFO go by it. */
        public Builder time(Instant now) {
            time = now;
            return this;
        }

        /** Answers a connection with these bytes instead of TLS, and closes it. */
        public Builder insteadOfTls(byte... bytes) {
            insteadOfTls = bytes;
            return this;
        }

        /** Accepts TCP connections and never says a word. */
        public Builder silent() {
            silent = true;
            return this;
        }

        /** Closes the connection once it has sent its part of the link handshake. */
        public Builder closesAfterLink() {
            closesAfterLink = true;
            return this;
        }

        /** What it does with cells once the link is open. */
        public Builder cells(CellHandler handler) {
            cells = handler;
            return this;
        }

        /** Has circuits, with streams to an echo, instead of bare cells. */
        public Builder circuits(RelayScript behaviour) {
            script = behaviour;
            return this;
        }

        public TestRelay start() throws IOException {
            return new TestRelay(this);
        }
    }

    /** Its keys. */
    public RelayKeys keys() {
        return behaviour.keys;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    }

    /** How many TCP connections came so far. */
    public int connections() {
        return connections.get();
    }

    /** The next link that has opened; waits up to twenty seconds for it. */
    public RelayLink nextLink() throws InterruptedException {
        return orFail(links.poll(20, TimeUnit.SECONDS), "no link was opened");
    }

    /** The next circuit that was created here; waits up to twenty seconds for it. */
    public RelayCircuit nextCircuit() throws InterruptedException {
        return orFail(circuits.created().poll(20, TimeUnit.SECONDS), "no circuit was created");
    }

    /** The NETINFO of the client whose link has opened next. */
    public Netinfo nextNetinfo() throws InterruptedException {
        return orFail(netinfos.poll(20, TimeUnit.SECONDS), "no NETINFO came");
    }

    /** What went wrong on this side, apart from connections that broke. */
    public List<Throwable> troubles() {
        return List.copyOf(troubles);
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        if (circuits != null) {
            circuits.close();
        }
    }

    private static <T> T orFail(T value, String why) {
        if (value == null) {
            throw new AssertionError(why);
        }
        return value;
    }

    private void accept() {
        try {
            while (true) {
                Socket tcp = server.accept();
                connections.incrementAndGet();
                sockets.add(tcp);
                Thread.ofVirtual().name("test-relay-link").start(() -> {
                    try (tcp) {
                        serve(tcp);
                    } catch (IOException e) {
                        // the client has gone
                    } catch (RuntimeException | Error e) {
                        troubles.add(e);
                    }
                });
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket tcp) throws IOException {
        if (behaviour.silent) {
            tcp.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
            return;
        }
        if (behaviour.insteadOfTls != null) {
            tcp.getOutputStream().write(behaviour.insteadOfTls);
            return;
        }
        tcp.setTcpNoDelay(true);
        SSLSocket tls = (SSLSocket) behaviour.keys.tls().getSocketFactory().createSocket(tcp, null, true);
        tls.setUseClientMode(false);
        DataInputStream in = new DataInputStream(tls.getInputStream());
        RelayLink link = new RelayLink(tcp, tls.getOutputStream());
        readVersions(in);
        for (byte[] cell : behaviour.link.apply(handshake(tcp))) {
            link.sendRaw(cell);
        }
        if (behaviour.closesAfterLink) {
            return;
        }
        byte[] netinfo = new byte[Cell.LENGTH];
        in.readFully(netinfo);
        netinfos.add((Netinfo) ChannelMessage.read(
                netinfo[4], new ByteReader(netinfo, Cell.HEADER, Cell.BODY)));
        links.add(link);
        CellHandler cells = circuits == null ? behaviour.cells : circuits;
        while (true) {
            int circuitId = in.readInt();
            int command = in.readUnsignedByte();
            byte[] body = new byte[Cell.isVariable(command) ? in.readUnsignedShort() : Cell.BODY];
            in.readFully(body);
            cells.onCell(link, circuitId, command, body);
        }
    }

    private List<byte[]> handshake(Socket tcp) {
        Instant now = behaviour.time == null ? Instant.now() : behaviour.time;
        InetAddress client = ((InetSocketAddress) tcp.getRemoteSocketAddress()).getAddress();
        List<byte[]> cells = new ArrayList<>();
        cells.add(RelayLink.encode(new Versions(behaviour.versions)));
        cells.add(RelayLink.encode(new Certs(behaviour.certificates.apply(behaviour.keys.certificates(now)))));
        cells.add(RelayLink.encode(new AuthChallenge(new byte[32], List.of(3))));
        cells.add(RelayLink.encode(new Netinfo(now.getEpochSecond(), client, List.of(server.getInetAddress()))));
        return cells;
    }

    private static void readVersions(DataInputStream in) throws IOException {
        int circuitId = in.readUnsignedShort();
        int command = in.readUnsignedByte();
        byte[] body = new byte[in.readUnsignedShort()];
        in.readFully(body);
        Versions versions = (Versions) ChannelMessage.read(command, new ByteReader(body));
        if (circuitId != 0 || !versions.versions().equals(List.of(4, 5))) {
            throw new IllegalStateException("unexpected " + versions);
        }
    }
}
