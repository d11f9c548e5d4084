package dev.cepa.onion;

import dev.cepa.crypto.X25519;
import java.util.List;

/**
 * How a service of ours is run. Immutable; the defaults are C tor's.
 *
 * @param introPoints how many introduction points it has, 0 to {@value #MAX_INTRO_POINTS}; with 0 nobody can reach it
 * @param maxStreams how many streams one client may have at once; 0: as many as a circuit carries
 * @param maxStreamsClosesCircuit whether a client that wants more loses its circuit, instead of that stream alone
 * @param clients public X25519 keys of 32 bytes of those who may know where it is; none: everybody who knows its address
 */
public record ServiceSettings(int introPoints, int maxStreams, boolean maxStreamsClosesCircuit, List<byte[]> clients) {
    /** C tor allows no more. */
    public static final int MAX_INTRO_POINTS = 20;
    /** More clients than a descriptor of 50,000 bytes can name. */
    public static final int MAX_CLIENTS = 350;

    /** Three introduction points, no bounds, open to all. */
    public static final ServiceSettings DEFAULT = new ServiceSettings(3, 0, false, List.of());

    /** @throws IllegalArgumentException if a number is out of range; the message says which */
    public ServiceSettings {
        if (introPoints < 0 || introPoints > MAX_INTRO_POINTS) {
            throw new IllegalArgumentException(
                    "introduction points must be 0 to " + MAX_INTRO_POINTS + ", not " + introPoints);
        }
        if (maxStreams < 0 || maxStreams > 65_535) {
            throw new IllegalArgumentException("streams of one client must be 0 to 65535, not " + maxStreams);
        }
        if (clients.size() > MAX_CLIENTS) {
            throw new IllegalArgumentException("more than " + MAX_CLIENTS + " authorised clients");
        }
        for (byte[] client : clients) {
            if (client.length != X25519.LENGTH) {
                throw new IllegalArgumentException("a client's key of " + client.length + " bytes");
            }
        }
        clients = List.copyOf(clients);
    }

    /** With another number of introduction points. */
    public ServiceSettings withIntroPoints(int number) {
        return new ServiceSettings(number, maxStreams, maxStreamsClosesCircuit, clients);
    }

    /** With another bound on one client's streams. */
    public ServiceSettings withMaxStreams(int number, boolean closesCircuit) {
        return new ServiceSettings(introPoints, number, closesCircuit, clients);
    }

    /** For other clients. */
    public ServiceSettings withClients(List<byte[]> keys) {
        return new ServiceSettings(introPoints, maxStreams, maxStreamsClosesCircuit, keys);
    }
}
