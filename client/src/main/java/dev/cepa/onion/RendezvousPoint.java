package dev.cepa.onion;

import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.OnionMessage.EstablishRendezvous;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CongestionSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.HsNtor;
import dev.cepa.crypto.Tor1HopCrypto;
import dev.cepa.error.Deadline;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.pool.InternalCircuits;
import java.io.Closeable;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A relay that waits to be told by a service who is meant by a cookie (rend-spec-v3 section 4). It can be joined with a
 * service once. A rendezvous point could try to answer in the service's place: so its answer is taken once, after it has
 * agreed and only then, and nothing is sent to the service before the answer has proved to be the service's own.
 *
 * <p>Used by one thread at a time.
 */
final class RendezvousPoint implements Closeable {
    private final Circuit circuit;
    private final HopTarget relay;
    private final byte[] cookie;
    private final Circuit.Expected answer;
    private volatile boolean joined;

    private RendezvousPoint(Circuit circuit, HopTarget relay, byte[] cookie, Circuit.Expected answer) {
        this.circuit = circuit;
        this.relay = relay;
        this.cookie = cookie;
        this.answer = answer;
    }

    /** Builds a circuit and has its last relay agree. */
    static RendezvousPoint establish(
            InternalCircuits circuits, SecureRandom random, Patience patience, Deadline deadline) throws TorException {
        Circuit circuit = circuits.toRendezvousPoint(deadline);
        try {
            byte[] cookie = new byte[EstablishRendezvous.COOKIE];
            random.nextBytes(cookie);
            circuit.ask(
                    new EstablishRendezvous(cookie),
                    OnionMessage.RENDEZVOUS_ESTABLISHED,
                    deadline.atMost(patience.answer()));
            List<HopTarget> path = circuit.path();
            return new RendezvousPoint(
                    circuit, path.getLast(), cookie, circuit.expectMessage(OnionMessage.RENDEZVOUS2));
        } catch (TorException | RuntimeException e) {
            circuit.close();
            throw e;
        }
    }

    /** What to tell the service. */
    Introduction introduction(List<Introduction.Extension> extensions) throws TorException {
        byte[] key = relay.ntorKey();
        if (key == null) {
            throw new IllegalStateException("rendezvous point " + relay + " without an onion key");
        }
        return new Introduction(cookie, extensions, key, relay.linkSpecifiers());
    }

    /** Whether it can still be named to a service. */
    boolean isOpen() {
        return circuit.isOpen();
    }

    /**
     * Waits for the service, and verifies that it is the one.
     *
     * @param handshake of the introduction that named this point
     * @param congestion how congestion is controlled, if the service was asked for that
     * @return the circuit, whose streams go to the service
     * @throws ProtocolException if somebody else answered
     */
    Circuit join(HsNtor.Client handshake, @Nullable CongestionSettings congestion, Deadline deadline)
            throws TorException {
        byte[] message = answer.await(deadline);
        try {
            if (message.length < HsNtor.ANSWER_LENGTH) {
                throw new ProtocolException("RENDEZVOUS2 of " + message.length + " bytes from " + relay);
            }
            circuit.join(
                    Tor1HopCrypto.onionService(
                            handshake.complete(java.util.Arrays.copyOf(message, HsNtor.ANSWER_LENGTH)), true),
                    congestion);
            joined = true;
            return circuit;
        } catch (TorException e) {
            circuit.close();
            throw e;
        }
    }

    /** Whether a service was joined. */
    boolean isJoined() {
        return joined;
    }

    /** Ends the circuit, unless a service was joined. */
    @Override
    public void close() {
        if (!joined) {
            circuit.close();
        }
    }
}
