package dev.cepa.proxy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port for DNS clients, by UDP and, if it is free, by TCP. Each question is answered on a virtual thread of its own, so
 * many at once. Thread-safe; owns its sockets.
 */
final class DnsListener implements Listener {
    private static final Logger LOG = LoggerFactory.getLogger(DnsListener.class);
    /** No question is longer: a name, and what resolvers add. */
    private static final int LONGEST_QUESTION = 4096;
    /** What every client takes without having said so. */
    private static final int LONGEST_REPLY = 512;
    /** Questions under way at once; whoever floods us is not answered. */
    private static final int MOST_QUESTIONS = 1000;

    private static final int PORT_ATTEMPTS = 20;
    private static final long RETRY_MILLIS = 100;

    private final DatagramSocket socket;
    private final SocketAddress address;
    private final @Nullable StreamListener tcp;
    private final ProgramRequests requests;
    private final AtomicInteger underWay = new AtomicInteger();
    private volatile PortSettings settings;

    private DnsListener(
            DatagramSocket socket, @Nullable StreamListener tcp, PortSettings settings, ProgramRequests requests) {
        this.socket = socket;
        this.address = socket.getLocalSocketAddress();
        this.tcp = tcp;
        this.settings = settings;
        this.requests = requests;
    }

    /**
     * Listens on that address; port 0 lets the system choose one.
     *
     * @throws TorException of kind CONFIG if the address can't be had by UDP
     */
    static DnsListener open(InetSocketAddress address, PortSettings settings, ProgramRequests requests, TorEvents events)
            throws TorException {
        LOG.info("Opening {} listener on {}", ListenerKind.DNS.title(), StreamListener.text(address));
        for (int attempt = 1; ; attempt++) {
            DatagramSocket socket = bind(address);
            InetSocketAddress bound = (InetSocketAddress) socket.getLocalSocketAddress();
            StreamListener tcp = null;
            try {
                tcp = StreamListener.open(ListenerKind.DNS, bound, settings, requests, new TorEvents());
            } catch (TorException e) {
                if (address.getPort() == 0 && attempt < PORT_ATTEMPTS) {
                    socket.close();
                    continue;
                }
                LOG.warn("The DNS port answers by UDP only. {}", e.getMessage());
            }
            DnsListener listener = new DnsListener(socket, tcp, settings, requests);
            Thread.ofVirtual().name("cepa-dns").start(listener::receiveAll);
            events.emit(new TorEvent.ListenerOpened(ListenerKind.DNS.title(), StreamListener.text(bound)));
            return listener;
        }
    }

    private static DatagramSocket bind(InetSocketAddress address) throws TorException {
        try {
            return new DatagramSocket(address);
        } catch (SocketException e) {
            String holder = address.getPort() == 0 ? "" : PortHolder.find("udp", address.getPort());
            throw new TorException(
                    ErrorKind.CONFIG, "Could not bind to " + StreamListener.text(address) + ": " + e.getMessage()
                            + ". Is Tor already running?"
                            + (holder.isEmpty() ? "" : " The port is in use by " + holder + "."), e);
        }
    }

    private void receiveAll() {
        byte[] buffer = new byte[LONGEST_QUESTION];
        while (!socket.isClosed()) {
            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
            try {
                socket.receive(packet);
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    LOG.debug("receiving a DNS question failed", e);
                    pause();
                }
                continue;
            }
            if (underWay.incrementAndGet() > MOST_QUESTIONS) {
                underWay.decrementAndGet();
                continue;
            }
            byte[] question = Arrays.copyOf(packet.getData(), packet.getLength());
            InetSocketAddress client = (InetSocketAddress) packet.getSocketAddress();
            Thread.ofVirtual().name("cepa-dns-question").start(() -> answer(question, client));
        }
    }

    private void answer(byte[] question, InetSocketAddress client) {
        try {
            byte[] reply = DnsQuestions.reply(
                    question, question.length, client.getAddress(), settings, requests, LONGEST_REPLY);
            if (reply != null) {
                socket.send(new DatagramPacket(reply, reply.length, client));
            }
        } catch (IOException e) {
            LOG.debug("answering a DNS question failed", e);
        } finally {
            underWay.decrementAndGet();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(RETRY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public ListenerKind kind() {
        return ListenerKind.DNS;
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public void reconfigure(PortSettings changed) {
        settings = changed;
        if (tcp != null) {
            tcp.reconfigure(changed);
        }
    }

    @Override
    public int connectionCount() {
        return underWay.get() + (tcp == null ? 0 : tcp.connectionCount());
    }

    @Override
    public void stopListening() {
        socket.close();
        if (tcp != null) {
            tcp.stopListening();
        }
    }

    @Override
    public void close() {
        stopListening();
        if (tcp != null) {
            tcp.close();
        }
    }
}
