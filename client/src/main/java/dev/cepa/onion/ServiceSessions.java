package dev.cepa.onion;

import dev.cepa.cell.EndReason;
import dev.cepa.cell.OnionMessage.Rendezvous1;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CongestionSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.circuit.StreamBytes;
import dev.cepa.circuit.TorStream;
import dev.cepa.crypto.HsNtor;
import dev.cepa.crypto.Tor1HopCrypto;
import dev.cepa.error.Deadline;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.ServiceStatus.Action;
import dev.cepa.pool.CongestionParams;
import dev.cepa.pool.InternalCircuits;
import dev.cepa.pool.ServiceCircuits;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The clients of our service: meets each where it waits, and hands its streams to those who serve them. Thread-safe.
 */
final class ServiceSessions {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceSessions.class);
    /** After that a client has given up. */
    private static final Duration MEETING_TIME = Duration.ofSeconds(30);
    /** Circuits that are built to clients at once; who comes then is not met. */
    private static final int MOST_MEETINGS = 64;
    /** Clients at once. */
    private static final int MOST_CLIENTS = 4096;
    /** A circuit that has carried no stream for so long is closed; a client closes its own much earlier. */
    private static final Duration MAX_IDLE = Duration.ofMinutes(30);
    /** The same while half of the places are taken. */
    private static final Duration MAX_IDLE_CROWDED = Duration.ofMinutes(1);

    private final ServiceCircuits circuits;
    private final Map<Integer, StreamHandler> ports;
    private final Map<Integer, StreamBytes> bytes = new TreeMap<>();
    private final Listener listener;
    private final SecureRandom random;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock, as all below. */
    private final Set<Circuit> open = new HashSet<>();

    private ServiceSettings settings;
    private int meetings;
    private boolean closed;

    /** Who is told what becomes of clients. */
    interface Listener {
        void tell(Action action, @Nullable Duration time, @Nullable TorException failure);
    }

    /** @param ports who serves which port; not changed afterwards */
    ServiceSessions(
            ServiceCircuits circuits, Map<Integer, StreamHandler> ports, ServiceSettings settings, Listener listener,
            SecureRandom random) {
        this.listener = listener;
        this.circuits = circuits;
        this.ports = ports;
        for (int port : ports.keySet()) {
            bytes.put(port, new StreamBytes());
        }
        this.settings = settings;
        this.random = random;
    }

    void setSettings(ServiceSettings newSettings) {
        lock.lock();
        try {
            settings = newSettings;
        } finally {
            lock.unlock();
        }
    }

    /** What went through each port; not to be changed. */
    Map<Integer, StreamBytes> bytes() {
        return bytes;
    }

    /** Circuits that are being built to clients. */
    int meetings() {
        lock.lock();
        try {
            return meetings;
        } finally {
            lock.unlock();
        }
    }

    /** Whether another client would be met. */
    boolean hasRoom() {
        lock.lock();
        try {
            return meetings < MOST_MEETINGS && open.size() < MOST_CLIENTS;
        } finally {
            lock.unlock();
        }
    }

    /** Meets a client, on a thread of its own; it is left to wait if there are too many. */
    void meet(ServicePoint point, ServicePoint.Opened opened) {
        lock.lock();
        try {
            if (closed || meetings >= MOST_MEETINGS || open.size() >= MOST_CLIENTS) {
                LOG.debug("Too many clients at once: {} are met, {} are there", meetings, open.size());
                return;
            }
            meetings++;
        } finally {
            lock.unlock();
        }
        Thread.ofVirtual().name("cepa-onion-meeting").start(() -> {
            try {
                meetNow(point, opened);
            } catch (TorException e) {
                listener.tell(Action.CLIENT_MISSED, null, e);
                LOG.debug("A client of our onion service could not be met: {}", e.getMessage());
            } finally {
                lock.lock();
                try {
                    meetings--;
                } finally {
                    lock.unlock();
                }
            }
        });
    }

    private void meetNow(ServicePoint point, ServicePoint.Opened opened) throws TorException {
        Introduction introduction = opened.introduction();
        HopTarget relay = Connector.hop(introduction.specifiers(), introduction.ntorKey());
        CongestionSettings congestion = congestion(introduction);
        long begun = System.nanoTime();
        HsNtor.Answer answer = point.answer(opened, random);
        byte[] handshake = new byte[Rendezvous1.HANDSHAKE];
        random.nextBytes(handshake);
        System.arraycopy(answer.answer(), 0, handshake, 0, answer.answer().length);
        Circuit circuit = circuits.to(relay, InternalCircuits.Purpose.SERVICE_RENDEZVOUS, Deadline.in(MEETING_TIME));
        if (!enter(circuit)) {
            circuit.close();
            return;
        }
        circuit.onClose(() -> leave(circuit));
        try {
            circuit.meet(
                    new Rendezvous1(introduction.cookie(), handshake),
                    Tor1HopCrypto.onionService(answer.keys(), false),
                    congestion,
                    (stream, port) -> begin(circuit, stream, port));
            listener.tell(Action.CLIENT_MET, Duration.ofNanos(System.nanoTime() - begun), null);
            circuit.onClose(() -> listener.tell(Action.CLIENT_LEFT, null, null));
        } catch (TorException | RuntimeException e) {
            circuit.close();
            throw e;
        }
    }

    /** Null if the client has not asked for it; what our descriptor offers is what the consensus says. */
    private @Nullable CongestionSettings congestion(Introduction introduction) throws TorException {
        if (introduction.extension(Introduction.Extension.CONGESTION_CONTROL) == null) {
            return null;
        }
        CongestionSettings agreed = CongestionParams.of(
                circuits.directory(Deadline.in(MEETING_TIME)).consensus(),
                circuits.areDirect() ? CongestionParams.Kind.EXIT : CongestionParams.Kind.ONION);
        if (agreed == null) {
            throw new ProtocolException("a client asks for congestion control, which is turned off");
        }
        return agreed;
    }

    private boolean enter(Circuit circuit) {
        lock.lock();
        try {
            return !closed && open.add(circuit);
        } finally {
            lock.unlock();
        }
    }

    private void leave(Circuit circuit) {
        lock.lock();
        try {
            open.remove(circuit);
        } finally {
            lock.unlock();
        }
    }

    /** On the channel's reader. */
    private void begin(Circuit circuit, TorStream stream, int port) {
        ServiceSettings.Streams rules;
        boolean over;
        lock.lock();
        try {
            rules = settings.streams();
            over = closed;
        } finally {
            lock.unlock();
        }
        if (over) {
            // Its turn to be closed would have come in a moment.
            circuit.close();
            return;
        }
        StreamHandler handler = ports.get(port);
        if (handler == null && rules.unknownPortClosesCircuit()) {
            LOG.debug("A client of our onion service wants port {}", port);
            circuit.close();
            return;
        }
        if (rules.most() > 0 && circuit.streamCount() > rules.most()) {
            LOG.debug("A client of our onion service wants more than {} streams", rules.most());
            if (rules.closesCircuit()) {
                circuit.close();
                return;
            }
            handler = null;
        }
        StreamBytes counter = bytes.get(port);
        if (counter != null) {
            stream.countBytes(counter);
        }
        StreamHandler chosen = handler;
        Thread.ofVirtual().name("cepa-onion-stream").start(() -> serve(chosen, stream, circuit.id()));
    }

    /** @param handler null if nobody serves it; the client is told no more than that it has ended */
    private static void serve(@Nullable StreamHandler handler, TorStream stream, long circuit) {
        if (handler == null) {
            stream.refuse(EndReason.DONE);
            return;
        }
        try {
            handler.handle(stream, circuit);
        } catch (IOException e) {
            LOG.debug("A stream to our onion service could not be served: {}", e.getMessage());
            stream.refuse(EndReason.CONNECTREFUSED);
        } catch (RuntimeException e) {
            LOG.warn("A stream to an onion service could not be served", e);
            stream.refuse(EndReason.INTERNAL);
        }
    }

    /** Makes room for others; to be called now and then. */
    void closeIdle() {
        List<Circuit> all;
        lock.lock();
        try {
            all = List.copyOf(open);
        } finally {
            lock.unlock();
        }
        Duration most = all.size() > MOST_CLIENTS / 2 ? MAX_IDLE_CROWDED : MAX_IDLE;
        for (Circuit circuit : all) {
            if (circuit.streamCount() == 0 && System.nanoTime() - circuit.lastUsedNanos() > most.toNanos()) {
                circuit.close();
            }
        }
    }

    /** How many clients are there. */
    int size() {
        lock.lock();
        try {
            return open.size();
        } finally {
            lock.unlock();
        }
    }

    /** Meets nobody any more; gives the circuits that are to be closed. */
    List<Circuit> close() {
        lock.lock();
        try {
            closed = true;
            return List.copyOf(open);
        } finally {
            lock.unlock();
        }
    }
}
