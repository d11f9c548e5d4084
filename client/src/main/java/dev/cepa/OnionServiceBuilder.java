package dev.cepa;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.onion.AuthorizedClients;
import dev.cepa.onion.OnionAddress;
import dev.cepa.onion.ServiceSettings;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an onion service offers, before it is {@linkplain #start started}. Made by {@link TorClient#onionService}. Not
 * thread-safe.
 */
public final class OnionServiceBuilder {
    private final TorClient client;
    private final OnionServiceKey key;
    /** Whether the key is nobody else's, so that it is to be forgotten once it has been used. */
    private boolean ownsKey;

    private boolean keyForgotten;

    private final Map<Integer, List<SocketAddress>> ports = new LinkedHashMap<>();
    private final List<byte[]> clients = new ArrayList<>();
    private ServiceSettings settings = ServiceSettings.DEFAULT;

    OnionServiceBuilder(TorClient client, OnionServiceKey key) {
        this.client = client;
        this.key = key;
    }

    static OnionServiceBuilder owning(TorClient client, OnionServiceKey key) {
        OnionServiceBuilder builder = new OnionServiceBuilder(client, key);
        builder.ownsKey = true;
        return builder;
    }

    /**
     * Has streams to a port of the service carried to a server of this computer. If that is said more than once of one
     * port, each stream goes to one of the servers.
     *
     * @param port of the service, 1 to 65,535
     * @param target where the server listens: an address and port, or a socket in the file system
     * @return this builder
     */
    public OnionServiceBuilder port(int port, SocketAddress target) {
        ports.computeIfAbsent(checked(port), none -> new ArrayList<>()).add(target);
        return this;
    }

    /**
     * Has streams to a port of the service taken by this program, by {@link HostedOnionService#accept}.
     *
     * @param port of the service, 1 to 65,535
     * @return this builder
     */
    public OnionServiceBuilder port(int port) {
        ports.put(checked(port), new ArrayList<>());
        return this;
    }

    private static int checked(int port) {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("there is no port " + port);
        }
        return port;
    }

    /**
     * Sets the number of introduction points; 3 if it is not said.
     *
     * @param number from 1 to 20
     * @return this builder
     */
    public OnionServiceBuilder introductionPoints(int number) {
        settings = settings.withIntroPoints(number);
        return this;
    }

    /**
     * Bounds the streams that one client may have open at once.
     *
     * @param number up to 65,535; 0, as it is if it is not said, for no such bound
     * @param closesCircuit whether a client that wants more loses all its streams, instead of the new one alone
     * @return this builder
     */
    public OnionServiceBuilder maxStreams(int number, boolean closesCircuit) {
        settings = settings.withMaxStreams(number, closesCircuit);
        return this;
    }

    /**
     * Has a client that asks for a port which the service does not have lose its circuit with all its streams, so that
     * looking for ports takes longer. It is told no more than that its stream has ended, one way or the other.
     *
     * @return this builder
     */
    public OnionServiceBuilder closeOnUnknownPort() {
        ServiceSettings.Streams now = settings.streams();
        settings = settings.withStreams(
                new ServiceSettings.Streams(now.most(), now.closesCircuit(), true, now.exportsCircuit()));
        return this;
    }

    /**
     * Tells servers which of their streams are of the same client, by the first line of each connection: that of
     * HAProxy's protocol of version 1, whose source address ends with the number of the client's circuit.
     *
     * @return this builder
     */
    public OnionServiceBuilder exportCircuitId() {
        ServiceSettings.Streams now = settings.streams();
        settings = settings.withStreams(
                new ServiceSettings.Streams(now.most(), now.closesCircuit(), now.unknownPortClosesCircuit(), true));
        return this;
    }

    /**
     * Has clients prove that they have worked when more come than can be served: who has worked most is served first.
     * How much is asked for follows from how many come; as long as all can be served it is nothing.
     *
     * @param rate clients a second that are served at most; 0 for no such bound; C tor's default is 250
     * @param burst how many more after a quiet time, at least the rate; C tor's default is 2500
     * @return this builder
     */
    public OnionServiceBuilder proofOfWork(int rate, int burst) {
        settings = settings.withProofOfWork(new ServiceSettings.ProofOfWork(rate, burst));
        return this;
    }

    /**
     * Has each introduction point pass on no more introductions than that; it refuses the others. Holds for points that
     * are established from then on.
     *
     * @param rate introductions a second; C tor's default is 25
     * @param burst how many at once after a quiet time, at least the rate; C tor's default is 200
     * @return this builder
     */
    public OnionServiceBuilder limitIntroductions(int rate, int burst) {
        settings = settings.withIntroductionLimit(new ServiceSettings.IntroductionLimit(rate, burst));
        return this;
    }

    /**
     * Makes the service one of those behind an OnionBalance front end: who wants to go to the front end's address, and was
     * sent here by its descriptor, is served. Said of several, they all are in front of this one.
     *
     * @param address the front end's, 56 characters and {@code .onion}
     * @return this builder
     * @throws TorException of kind BAD_REQUEST if that is no address
     */
    public OnionServiceBuilder onionBalance(String address) throws TorException {
        List<OnionAddress> masters = new ArrayList<>(settings.masters());
        masters.add(OnionAddress.parse(address));
        settings = settings.withMasters(masters);
        return this;
    }

    /**
     * Lets a client find the service, and nobody who is not named so.
     *
     * @param publicKey {@code descriptor:x25519:} and the client's public key in base32, or the latter alone
     * @return this builder
     * @throws TorException of kind CONFIG if it is no such key
     */
    public OnionServiceBuilder authorize(String publicKey) throws TorException {
        clients.add(AuthorizedClients.parse(publicKey));
        return this;
    }

    /**
     * Sets all bounds at once; for programs that are part of Cepa.
     *
     * @param all what is to hold, but for the authorised clients, which stay as they are
     * @return this builder
     */
    public OnionServiceBuilder settings(ServiceSettings all) {
        settings = all;
        return this;
    }

    OnionServiceBuilder authorize(List<byte[]> keys) {
        clients.addAll(keys);
        return this;
    }

    /**
     * Has a service that runs take over the bounds and the authorised clients said here; its ports stay as they are.
     *
     * @param running a service that was started
     * @throws TorException of kind CONFIG, and all is as it was, if there are more clients than fit into its descriptor
     */
    public void applyTo(HostedOnionService running) throws TorException {
        try {
            running.setSettings(settings.withClients(clients));
        } finally {
            forgetKey();
        }
    }

    /**
     * Starts the service and returns at once; {@link HostedOnionService#awaitPublished} waits until it can be found.
     *
     * @return the service, which lasts until it or the client is closed
     * @throws TorException of kind CONFIG if there is no port, or there are more clients than fit into its descriptor,
     *     RESOURCE_LIMIT or CLOSED
     */
    public HostedOnionService start() throws TorException {
        if (keyForgotten) {
            throw new IllegalStateException("the service was started, and its key read from the folder forgotten");
        }
        if (ports.isEmpty()) {
            throw new TorException(ErrorKind.CONFIG, "an onion service without a port");
        }
        HostedOnionService service = client.start(key, ports, settings.withClients(clients));
        forgetKey();
        return service;
    }

    private void forgetKey() {
        if (ownsKey) {
            key.wipe();
            keyForgotten = true;
        }
    }
}
