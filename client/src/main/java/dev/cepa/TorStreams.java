package dev.cepa;

import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.http.TorHttpClientBuilder;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.StreamRequest;
import dev.cepa.pool.StreamSource;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import javax.net.SocketFactory;

/**
 * Opens streams that may share circuits with one another, and with no others. Thread-safe, without cost of its own: make
 * as many as there are things to be kept apart. Had from {@link TorClient#isolated} and {@link PinnedCircuit#streams}.
 */
public final class TorStreams {
    private final StreamSource source;
    private final IsolationKey key;
    private final boolean prebuilt;
    private final Supplier<Duration> timeout;
    private final Change change;

    /** What is done to each request before it is made. */
    interface Change {
        StreamRequest apply(StreamRequest request) throws TorException;
    }

    /** @param timeout how long opening a stream may take if its caller does not say */
    TorStreams(StreamSource source, IsolationKey key, boolean prebuilt, Supplier<Duration> timeout) {
        this(source, key, prebuilt, timeout, request -> request);
    }

    private TorStreams(
            StreamSource source, IsolationKey key, boolean prebuilt, Supplier<Duration> timeout, Change change) {
        this.source = source;
        this.key = key;
        this.prebuilt = prebuilt;
        this.timeout = timeout;
        this.change = change;
    }

    TorStreams with(Change other) {
        return new TorStreams(source, key, prebuilt, timeout, other);
    }

    TorStreams with(IsolationKey other) {
        return new TorStreams(source, other, prebuilt, timeout, change);
    }

    /**
     * The same streams on circuits that are built when they are asked for. A first stream then takes longer; its circuit
     * has not been there before.
     *
     * @return another view of the same streams
     */
    public TorStreams onDemand() {
        return new TorStreams(source, key, false, timeout, change);
    }

    /**
     * Opens a stream; the host is resolved by the exit.
     *
     * @param host a name, or an address as text
     * @param port 1 to 65535
     * @return the open stream
     * @throws TorException whose kind says why not
     */
    public TorSocket open(String host, int port) throws TorException {
        return open(host, port, timeout.get());
    }

    /**
     * Opens a stream within that time.
     *
     * @param host a name, or an address as text
     * @param port 1 to 65535
     * @param within how long that may take
     * @return the open stream
     * @throws TorException whose kind says why not
     */
    public TorSocket open(String host, int port, Duration within) throws TorException {
        return TorSocket.connected(openStream(host, port, Deadline.in(within)), host, port);
    }

    private TorStream openStream(String host, int port, Deadline deadline) throws TorException {
        if (port < 1 || port > 65535) {
            throw new TorException(ErrorKind.BAD_REQUEST, "port " + port + " is not from 1 to 65535");
        }
        return source.openStream(request(host, port), deadline);
    }

    private StreamRequest request(String host, int port) throws TorException {
        StreamRequest request = StreamRequest.to(Hosts.check(host), port, key);
        return change.apply(prebuilt ? request : request.onDemand());
    }

    /**
     * Asks an exit for a name's addresses.
     *
     * @param host the name
     * @param within how long that may take
     * @return at least one
     * @throws TorException of kind NAME_NOT_FOUND if it has none
     */
    public List<InetAddress> resolve(String host, Duration within) throws TorException {
        List<InetAddress> addresses = new ArrayList<>();
        for (Resolved.Answer answer : source.resolve(request(host, 0), Deadline.in(within))) {
            if (answer instanceof Resolved.Answer.Address address) {
                addresses.add(address.address());
            }
        }
        if (addresses.isEmpty()) {
            throw new TorException(ErrorKind.NAME_NOT_FOUND, "the name has no address, seen from the exit");
        }
        return addresses;
    }

    /** {@return a factory of sockets whose connections are such streams} */
    public SocketFactory socketFactory() {
        return new TorSocketFactory(this::openStream, timeout.get());
    }

    /** {@return an HTTP client over such streams, with the defaults of {@link #httpClientBuilder}} */
    public HttpClient httpClient() {
        return httpClientBuilder().build();
    }

    /**
     * Builds HTTP clients over such streams: HTTP/1.1 with and without TLS. Proxies and authenticators are refused; no
     * header is added that was not asked for.
     *
     * @return a builder of its own for each call
     */
    public HttpClient.Builder httpClientBuilder() {
        return new TorHttpClientBuilder(
                (host, port, deadline) -> TorSocket.connected(openStream(host, port, deadline), host, port));
    }
}
