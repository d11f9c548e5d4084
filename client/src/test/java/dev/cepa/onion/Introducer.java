package dev.cepa.onion;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.OnionMessage.Introduce1;
import dev.cepa.cell.OnionMessage.IntroduceAck;
import dev.cepa.cell.RelayMessage;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.HsNtor;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.InternalCircuits;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A client that has itself introduced to a service by way of real relays, and wants nothing of it. */
public final class Introducer {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final InternalCircuits circuits;
    private final OnionAddress address;

    public Introducer(InternalCircuits circuits, String address) throws TorException {
        this.circuits = circuits;
        this.address = OnionAddress.parse(address);
    }

    /**
     * What was sent to a relay.
     *
     * @param status of its answer; 0 if it passed it on
     */
    public record Sent(HopTarget relay, Introduce1 message, int status) {}

    private DescriptorStore.Found descriptor() throws TorException {
        DescriptorFetcher fetcher = new DescriptorFetcher(circuits, new TorEvents(), InstantSource.system(), RANDOM);
        DescriptorStore store = new DescriptorStore(fetcher, circuits, true, InstantSource.system());
        return store.get(address, Deadline.in(PATIENCE));
    }

    /** The effort that the service's newest descriptor suggests; -1 if it wants no work. */
    public long suggestedEffort() throws TorException {
        PowParams pow = descriptor().descriptor().pow();
        return pow == null ? -1 : pow.suggestedEffort();
    }

    /** Whether its descriptor says that it does not hide. */
    public boolean isSingleOnion() throws TorException {
        return descriptor().descriptor().singleOnion();
    }

    /** The link specifiers and keys of its introduction points, as one line each. */
    public List<String> introductionPoints() throws TorException {
        List<String> points = new ArrayList<>();
        for (IntroPoint point : descriptor().descriptor().introPoints()) {
            points.add(point.specifiers() + " " + Base32.encode(point.authKey()));
        }
        return points;
    }

    /** Has itself introduced so often, one after the other, without work. */
    public List<Sent> introduce(int times) throws TorException {
        DescriptorStore.Found found = descriptor();
        List<IntroPoint> points = found.descriptor().introPoints();
        List<Sent> sent = new ArrayList<>();
        Random random = new Random();
        for (int i = 0; i < times; i++) {
            IntroPoint point = points.get(random.nextInt(points.size()));
            HopTarget relay = Connector.hop(point.specifiers(), point.ntorKey());
            HsNtor.Client handshake =
                    new HsNtor.Client(point.authKey(), point.encryptionKey(), found.keys().subcredential(), RANDOM);
            byte[] cookie = new byte[20];
            RANDOM.nextBytes(cookie);
            // It is met at its introduction point, which does not know the cookie.
            Introduction introduction = new Introduction(cookie, List.of(), point.ntorKey(), point.specifiers());
            byte[] sealed = handshake.seal(Introduce1.header(point.authKey()), introduction.toBytes());
            sent.add(send(relay, new Introduce1(point.authKey(), sealed)));
        }
        return sent;
    }

    /** Whether the service comes to meet it in that time, though it has not worked. */
    public boolean isMet(Duration patience) throws TorException {
        DescriptorStore.Found found = descriptor();
        IntroPoint point = found.descriptor().introPoints().getFirst();
        HsNtor.Client handshake =
                new HsNtor.Client(point.authKey(), point.encryptionKey(), found.keys().subcredential(), RANDOM);
        try (RendezvousPoint at = RendezvousPoint.establish(circuits, RANDOM, Patience.DEFAULT, Deadline.in(PATIENCE))) {
            byte[] sealed = handshake.seal(
                    Introduce1.header(point.authKey()), at.introduction(List.of()).toBytes());
            send(Connector.hop(point.specifiers(), point.ntorKey()), new Introduce1(point.authKey(), sealed));
            at.join(handshake, null, Deadline.in(patience)).close();
            return true;
        } catch (TorException e) {
            if (e.kind() == ErrorKind.TIMEOUT) {
                return false;
            }
            throw e;
        }
    }

    /** Sends what was sent before once more. */
    public Sent repeat(Sent before) throws TorException {
        return send(before.relay, before.message);
    }

    private Sent send(HopTarget relay, Introduce1 message) throws TorException {
        Deadline deadline = Deadline.in(PATIENCE);
        try (Circuit circuit = circuits.to(relay, InternalCircuits.Purpose.INTRODUCTION, deadline)) {
            byte[] answer = circuit.ask(message, OnionMessage.INTRODUCE_ACK, deadline);
            IntroduceAck ack = (IntroduceAck) RelayMessage.read(OnionMessage.INTRODUCE_ACK, new ByteReader(answer));
            return new Sent(relay, message, ack.status());
        }
    }
}
