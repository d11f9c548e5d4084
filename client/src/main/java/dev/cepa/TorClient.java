package dev.cepa;

import dev.cepa.channel.ChannelManager;
import dev.cepa.directory.DataDirectory;
import dev.cepa.directory.DirectoryManager;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.onion.OnionClient;
import dev.cepa.onion.OnionStreams;
import dev.cepa.onion.ServiceFolder;
import dev.cepa.onion.ServiceSettings;
import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSelector;
import dev.cepa.path.StateFile;
import dev.cepa.path.Vanguards;
import dev.cepa.pool.CircuitPool;
import dev.cepa.pool.ControlledCircuits;
import dev.cepa.pool.DirectCircuits;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.PoolStatistics;
import dev.cepa.pool.ServiceCircuits;
import dev.cepa.pool.SessionParameters;
import dev.cepa.pool.Sessions;
import dev.cepa.pool.StreamSource;
import dev.cepa.pool.UnattachedStreams;
import dev.cepa.pool.VanguardCircuits;
import dev.cepa.proxy.AddressMap;
import dev.cepa.proxy.ListenerKind;
import dev.cepa.proxy.ProgramRequests;
import java.io.Closeable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Tor client: bootstraps, and opens streams through the Tor network.
 *
 * <pre>{@code
 * try (TorClient tor = TorClient.connect()) {
 *     HttpClient http = tor.httpClient();
 *     TorSocket raw = tor.open("example.com", 443);
 * }
 * }</pre>
 *
 * <p>Thread-safe. Nothing is static: clients with different data directories live side by side. All threads are virtual
 * and end with {@link #close}. No child process, no native library, and no port unless the configuration asks for one.
 */
public final class TorClient implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(TorClient.class);
    private static final Duration LOOK_INTERVAL = Duration.ofSeconds(5);
    private static final int TURNS_A_SAVE = 6;
    private static final int TURNS_A_RARE_SAVE = 720;

    /** Held while the configuration changes, and while the client is being closed. */
    private final ReentrantLock changing = new ReentrantLock();

    private volatile TorConfig config;
    private final TorEvents events = new TorEvents();
    private final Bootstrapper bootstrap;
    private final @Nullable DataDirectory data;
    private final StateFile state;
    private final ControlDoor door;
    private final ChannelManager channels;
    private final GuardManager guards;
    private final DirectoryManager directory;
    private final CircuitPool pool;
    private final OnionClient onions;
    private final HostedServices services;
    private final Vanguards vanguards;
    private final VanguardCircuits internalCircuits;
    private final TorStreams streams;
    private final Sessions sessions;
    private final ProgramRequests programRequests;
    private final Listeners listeners;
    private final Dormancy dormancy;
    /** The state saver's. */
    private final ClockWatch clockWatch;

    private volatile boolean closed;
    private volatile boolean savingFails;
    private @Nullable Thread saver;

    private TorClient(TorConfig config, ClockWatch clockWatch) throws TorException {
        this.config = config;
        this.clockWatch = clockWatch;
        Path folder = config.dataDirectory;
        data = folder == null ? null : DataDirectory.open(folder, config.dataForGroup);
        try {
            InstantSource clock = InstantSource.system();
            String version = "Cepa " + version();
            state = data == null
                    ? StateFile.inMemory(version, clock)
                    : StateFile.load(data.path().resolve("state"), version, clock);
            AtomicLong circuitIds = new AtomicLong();
            dormancy = new Dormancy(state, config.dormant, clock);
            channels = new ChannelManager(config.channels, events);
            channels.prepare();
            channels.memory().setBound(config.maxMemoryInQueues);
            channels.setOutbound(config.outbound);
            channels.setLinks(config.links);
            channels.setProxy(config.proxy);
            channels.setOnly(config.onlyAddresses());
            guards = new GuardManager(state, clock, new SecureRandom(), events);
            directory = new DirectoryManager(
                    config.directorySettings(cacheFolder(config, data)),
                    channels,
                    guards,
                    config.paths,
                    events,
                    circuitIds::incrementAndGet);
            directory.setDropsBridgeDescriptors(config.dropsBridgeDescriptors);
            BuildTimeouts timeouts = new BuildTimeouts(state, config.paths, clock, new SecureRandom(), events);
            pool = new CircuitPool(
                    config.pool,
                    config.circuits,
                    this::paths,
                    channels,
                    guards,
                    timeouts,
                    events,
                    circuitIds::incrementAndGet);
            pool.trackHosts(config.trackedHosts, config.trackedHostsLifetime);
            vanguards = new Vanguards(config.vanguards, clock, new SecureRandom(), events);
            internalCircuits = new VanguardCircuits(
                    config.pool,
                    config.circuits,
                    this::paths,
                    channels,
                    guards,
                    vanguards,
                    timeouts,
                    events,
                    circuitIds::incrementAndGet);
            services = new HostedServices(serviceCircuits(circuitIds::incrementAndGet), config.testingNetwork, events, clock, this::noteUse);
            onions = new OnionClient(
                    internalCircuits,
                    config.testingNetwork,
                    () -> this.config.pool.maxCircuitDirtiness(),
                    events,
                    clock,
                    new SecureRandom());
            onions.setSettings(config.onions);
            services.setPublishing(config.onions.publishes());
            OnionStreams router = new OnionStreams(pool, onions, this::noteUse);
            StreamSource source = config.nonAnonymousServices ? new NoStreams() : router;
            directory.addListener((dir, otherGuards) -> {
                if (otherGuards) {
                    pool.retireAll();
                    onions.networkChanged();
                    internalCircuits.drop();
                }
                pool.directoryChanged();
                services.directoryChanged();
                updatePadding(dir);
            });
            updatePadding(null);
            streams = new TorStreams(source, IsolationKey.DEFAULT, true, () -> this.config.pool.streamTimeout());
            sessions = new Sessions(() -> this.config.countryFiles);
            programRequests = new ProgramRequests(router, config.requestRules, sessions, events);
            listeners = new Listeners(programRequests, events);
            bootstrap = new Bootstrapper(events, directory, pool);
            door = new ControlDoor(() -> new NetworkControl(
                    directory, guards, channels, pool, timeouts, () -> this.config.countryFiles,
                    new ControlledCircuits(config.circuits, this::paths, channels, guards, events, circuitIds::incrementAndGet),
                    new UnattachedStreams(events, circuitIds::incrementAndGet)));
        } catch (TorException | RuntimeException e) {
            if (data != null) {
                data.close();
            }
            throw e;
        }
    }

    private static @Nullable Path cacheFolder(TorConfig config, @Nullable DataDirectory data) throws TorException {
        Path other = config.cacheDirectory;
        return data == null ? null : other == null ? data.path() : DataDirectory.prepareCache(other, config.cacheForGroup);
    }

    private void updatePadding(@Nullable NetDir dir) {
        channels.setPadding(PaddingRules.of(config, dir == null ? null : dir.consensus()));
    }

    /** The current directory with the settings to choose relays by; null while it is not enough for circuits. */
    private @Nullable PathSelector paths() {
        try {
            return directory.isUsable() ? directory.selector() : null;
        } catch (TorException e) {
            return null; // it has expired between the two calls
        }
    }

    /**
     * Connects to the public Tor network with the defaults; see {@link #connect(TorConfig)}.
     *
     * @return a client that is ready
     * @throws TorException if it can't be done in time, or its data directory or its ports can't be had
     */
    public static TorClient connect() throws TorException {
        return connect(TorConfig.builder().build());
    }

    /**
     * Starts a client and waits until it can open streams.
     *
     * @param config how the client is set up
     * @return a client that is ready
     * @throws TorException if it can't within {@link TorConfigBuilder#bootstrapTimeout}; the message says where it stands
     *     and why it waits
     */
    public static TorClient connect(TorConfig config) throws TorException {
        TorClient client = start(config);
        try {
            client.awaitReady(config.bootstrapTimeout);
            return client;
        } catch (TorException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /**
     * Starts a client that bootstraps in the background.
     *
     * @param config how the client is set up
     * @return the client, which may not be ready yet
     * @throws TorException if its data directory or its ports can't be had
     */
    public static TorClient start(TorConfig config) throws TorException {
        return start(config, event -> {});
    }

    /**
     * The same, with a listener that hears everything from the first moment on.
     *
     * @param config how the client is set up
     * @param listener who is to hear of events
     * @return the client, which may not be ready yet
     * @throws TorException if its data directory or its ports can't be had
     */
    public static TorClient start(TorConfig config, TorEventListener listener) throws TorException {
        return start(config, listener, new ClockWatch(InstantSource.system(), System::nanoTime));
    }

    /** @param clockWatch says when the clock has jumped */
    static TorClient start(TorConfig config, TorEventListener listener, ClockWatch clockWatch) throws TorException {
        TorClient client = new TorClient(config, clockWatch);
        client.events.add(listener);
        try {
            client.listeners.open(config.openPorts());
            client.begin();
            return client;
        } catch (TorException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    private void begin() {
        door.leaveUnattached(config.leaveStreamsUnattached);
        saver = Thread.ofVirtual().name("cepa-state").start(this::keepHouseUntilClosed);
        pool.onRequest(this::noteUse);
        if (config.networkDisabled) {
            channels.setEnabled(false);
            pool.setNetworkEnabled(false);
            onions.setNetworkEnabled(false);
            internalCircuits.setNetworkEnabled(false);
        } else if (dormancy.isDormant()) {
            setResting(true);
        } else {
            pool.start();
            bootstrap.start();
        }
    }

    /** Has the client rest until a stream is asked for: it fetches nothing and builds nothing. Streams that are open stay. */
    public void rest() {
        changing.lock();
        try {
            if (!closed && dormancy.rest()) {
                setResting(true);
            }
        } finally {
            changing.unlock();
        }
    }

    /** Wakes a client that rests, as asking for a stream does. */
    public void wake() {
        changing.lock();
        try {
            if (!closed && dormancy.used()) {
                setResting(false);
            }
        } finally {
            changing.unlock();
        }
    }

    /** {@return whether the client rests because nobody has used it for long} */
    public boolean isDormant() {
        return dormancy.isDormant();
    }

    private void noteUse() {
        if (dormancy.isDormant()) {
            wake();
        } else {
            dormancy.used();
        }
    }

    private void setResting(boolean resting) {
        events.emit(new TorEvent.Dormant(resting));
        if (resting) {
            directory.setNetworkEnabled(false);
            pool.rest();
            internalCircuits.rest();
        } else if (!config.networkDisabled) {
            directory.setNetworkEnabled(true);
            directory.noteNetworkChange();
            pool.start();
            bootstrap.start();
        }
    }

    /**
     * Begins to describe an onion service that this client is to run.
     *
     * @param key its key, which its address is made of
     * @return what says its ports, and starts it
     */
    public OnionServiceBuilder onionService(OnionServiceKey key) {
        return new OnionServiceBuilder(this, key);
    }

    /**
     * The same with the key in a folder as C tor keeps it ({@code HiddenServiceDir}), and the clients that it authorises.
     * Folder and key are made if there are none.
     *
     * @param folder the service's own
     * @return what says its ports, and starts it
     * @throws TorException of kind STORAGE if the folder can't be used, CONFIG if what it says of clients can't
     */
    public OnionServiceBuilder onionService(Path folder) throws TorException {
        return onionService(folder, false);
    }

    /**
     * The same with a folder whose names and {@code hostname} a group of the computer's users may read
     * ({@code HiddenServiceDirGroupReadable}).
     *
     * @param folder the service's own
     * @param groupReadable whether the group may; with false a folder that it can read is refused
     * @return the description, for the service to be {@linkplain OnionServiceBuilder#start started}
     * @throws TorException of kind STORAGE or CONFIG if the folder can't be used
     */
    public OnionServiceBuilder onionService(Path folder, boolean groupReadable) throws TorException {
        ServiceFolder kept = ServiceFolder.open(
                folder, new ServiceFolder.Use(groupReadable, config.nonAnonymousServices), new SecureRandom());
        return OnionServiceBuilder.owning(this, OnionServiceKey.of(kept.identity())).authorize(kept.clients());
    }

    HostedOnionService start(OnionServiceKey key, Map<Integer, List<SocketAddress>> ports, ServiceSettings settings)
            throws TorException {
        return services.start(key, ports, settings);
    }

    /** {@return how it is configured at this moment} */
    public TorConfig config() {
        return config;
    }

    /**
     * Goes over to another configuration without losing a stream. Circuits whose path it forbids carry no new streams;
     * SOCKS ports are opened and closed, and connections that came in by a port that is closed stay; the network is
     * enabled or disabled. To change a few settings, begin with {@link TorConfig#toBuilder} of {@link #config}.
     *
     * @param next the configuration to go over to
     * @throws TorException of kind CONFIG, and all is as it was, if something is to change that can't while running (data
     *     directory, authorities, fallback directories, the kind of network), or a SOCKS port can't be opened; CLOSED
     */
    public void reconfigure(TorConfig next) throws TorException {
        changing.lock();
        try {
            if (closed) {
                throw new TorException(ErrorKind.CLOSED, "the client is closed");
            }
            TorConfig before = config;
            next.checkReplaces(before);
            listeners.open(next.openPorts());
            programRequests.setRules(next.requestRules);
            boolean sameHosts = next.trackedHosts.equals(before.trackedHosts)
                    && next.trackedHostsLifetime.equals(before.trackedHostsLifetime);
            if (!sameHosts) {
                pool.trackHosts(next.trackedHosts, next.trackedHostsLifetime);
            }
            config = next;
            channels.memory().setBound(next.maxMemoryInQueues);
            channels.setOutbound(next.outbound);
            channels.setLinks(next.links);
            channels.setProxy(next.proxy);
            channels.setOnly(next.onlyAddresses());
            directory.setDropsBridgeDescriptors(next.dropsBridgeDescriptors);
            boolean otherBridges = !next.onlyAddresses().equals(before.onlyAddresses())
                    || !next.paths.tuning().bridges().equals(before.paths.tuning().bridges());
            if (otherBridges) {
                channels.retireOpen();
            }
            pool.setSettings(next.pool);
            door.leaveUnattached(next.leaveStreamsUnattached);
            onions.setSettings(next.onions);
            services.setPublishing(next.onions.publishes());
            internalCircuits.setSettings(next.pool);
            vanguards.setSettings(next.vanguards);
            updatePadding(directory.latest());
            if (!next.paths.equals(before.paths) || next.dropsBridgeDescriptors && next.paths.tuning().usesBridges()) {
                directory.setPathSettings(next.paths);
            }
            boolean otherWay = !Objects.equals(next.proxy, before.proxy);
            if (otherWay) {
                channels.retireOpen();
            }
            if (otherWay || otherBridges || next.paths.useEntryGuards() != before.paths.useEntryGuards()) {
                pool.retireAll();
                onions.networkChanged();
                internalCircuits.drop();
            }
            if (next.networkDisabled != before.networkDisabled) {
                dormancy.used();
                setNetworkEnabled(!next.networkDisabled);
            }
            pool.directoryChanged();
        } finally {
            changing.unlock();
        }
    }

    private void setNetworkEnabled(boolean enabled) {
        if (enabled) {
            channels.setEnabled(true);
            pool.setNetworkEnabled(true);
            onions.setNetworkEnabled(true);
            internalCircuits.setNetworkEnabled(true);
            directory.setNetworkEnabled(true);
            guards.noteNetworkChange();
            directory.noteNetworkChange();
            pool.start();
            services.networkChanged();
            bootstrap.start();
        } else {
            bootstrap.stop();
            directory.setNetworkEnabled(false);
            pool.setNetworkEnabled(false);
            onions.setNetworkEnabled(false);
            internalCircuits.setNetworkEnabled(false);
            channels.setEnabled(false);
        }
    }

    /** {@return what happens in this client} */
    public TorEvents events() {
        return events;
    }

    /**
     * Tells a listener that joins late how things stand, in the events that led there: bootstrapping, the consensus, guards,
     * channels, circuits, streams, ports. To be called once it is among the {@link #events}: what happens meanwhile it may
     * hear of first, and of things that end that they have ended twice.
     *
     * @param listener who is to know
     */
    public void describe(TorEventListener listener) {
        listener.onEvent(status());
        Standing.tell(directory.latest(), guards.guards(), vanguards, channels.channels(), listeners, listener);
        door.describe(listener);
        if (isDormant()) {
            listener.onEvent(new TorEvent.Dormant(true));
        }
    }

    /** {@return where bootstrapping stands, and why it waits} */
    public TorEvent.Bootstrap status() {
        return bootstrap.status();
    }

    /**
     * Waits until the client can open streams; returns at once when it can.
     *
     * @param timeout how long it may take
     * @throws TorException of kind TIMEOUT, with where it stands and why it waits; CLOSED
     */
    public void awaitReady(Duration timeout) throws TorException {
        wake();
        bootstrap.awaitDone(Deadline.in(timeout));
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
        return streams.open(host, port);
    }

    /**
     * Opens a stream within that time.
     *
     * @param host a name, or an address as text
     * @param port 1 to 65535
     * @param timeout how long it may take
     * @return the open stream
     * @throws TorException whose kind says why not
     */
    public TorSocket open(String host, int port, Duration timeout) throws TorException {
        return streams.open(host, port, timeout);
    }

    /**
     * Asks an exit for a name's addresses.
     *
     * @param host a name, or an address as text
     * @param timeout how long it may take
     * @return at least one
     * @throws TorException of kind NAME_NOT_FOUND if it has none
     */
    public List<InetAddress> resolve(String host, Duration timeout) throws TorException {
        return streams.resolve(host, timeout);
    }

    /** {@return a factory of sockets whose connections are streams of this client} */
    public SocketFactory socketFactory() {
        return streams.socketFactory();
    }

    /** {@return an HTTP client over this client's streams, with the defaults of {@link #httpClientBuilder}} */
    public HttpClient httpClient() {
        return streams.httpClient();
    }

    /**
     * Builds HTTP clients over this client's streams: HTTP/1.1 with and without TLS. Proxies and authenticators are
     * refused; no header is added that was not asked for.
     *
     * @return a builder of its own for each call
     */
    public HttpClient.Builder httpClientBuilder() {
        return streams.httpClientBuilder();
    }

    /** {@return this client's streams, as {@link #open} opens them} */
    public TorStreams streams() {
        return streams;
    }

    /** {@return streams that share no circuit with any others: an exit can't tell that they come from the same client} */
    public TorStreams isolated() {
        return streams.with(pool.newOwner());
    }

    /**
     * The same with exits and circuits of one's own choice. That has a price: whoever chooses exits by habit can be told by
     * it, and few exits see more of him than many.
     *
     * @param parameters such as {@code exit={de},{fr};lifetime=10m} or {@code fresh}: {@code exit} lists the only exits that
     *     will do, as torrc's {@code ExitNodes}; {@code lifetime} is how long a circuit takes streams after its first;
     *     {@code fresh} is a new circuit for each stream
     * @return streams that share no circuit with any others
     * @throws TorException of kind BAD_REQUEST for an unknown key, or a value that makes no sense
     */
    public TorStreams isolated(String parameters) throws TorException {
        SessionParameters parsed = SessionParameters.parse(parameters);
        if (!parsed.exit().isEmpty()) {
            sessions.exits(parsed.exit());
        }
        return isolated().with(request -> sessions.apply(parsed, request));
    }

    /**
     * A circuit of one's own: its relays can be listed, its streams share it with no others, and it stays until it is
     * closed or fails.
     *
     * @param port a port that its exit must take; 0: any exit
     * @param timeout how long to wait for it
     * @return the circuit, to be closed by the caller
     * @throws TorException if none can be had by then
     */
    public PinnedCircuit pin(int port, Duration timeout) throws TorException {
        if (config.nonAnonymousServices) {
            throw NoStreams.refusal();
        }
        if (port < 0 || port > 65535) {
            throw new TorException(ErrorKind.BAD_REQUEST, "port " + port + " is not from 0 to 65535");
        }
        return new PinnedCircuit(pool.pin(port, true, Deadline.in(timeout)), () -> config.pool.streamTimeout());
    }

    /** {@return what the pool of circuits has and has done} */
    public PoolStatistics poolStatistics() {
        return pool.statistics();
    }

    /** {@return what a controller may see and do; for the program that has a control port} */
    public NetworkControl control() {
        return door.open();
    }

    /** {@return how many bytes this client has received from relays and sent to them; cheap enough for every second} */
    public Traffic traffic() {
        return new Traffic(channels.bytesRead(), channels.bytesWritten());
    }

    /** {@return how each onion service that this client runs is at this moment} */
    public List<OnionServiceState> onionServices() {
        return services.states();
    }

    /** {@return addresses of the SOCKS ports that are TCP ports, in the order of the configuration} */
    public List<InetSocketAddress> socksAddresses() {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (SocketAddress address : listenerAddresses(ListenerKind.SOCKS)) {
            if (address instanceof InetSocketAddress inet) {
                addresses.add(inet);
            }
        }
        return addresses;
    }

    /**
     * Where programs may come in.
     *
     * @param kind what they speak there
     * @return addresses in the order of the configuration, each of a TCP port or of a socket in the file system
     */
    public List<SocketAddress> listenerAddresses(ListenerKind kind) {
        return listeners.addresses(kind);
    }

    /** {@return which names and addresses stand for others when programs ask for them, at this moment} */
    public AddressMap addressMap() {
        return programRequests.addressMap();
    }

    /** {@return what controllers may do about names and onion services} */
    public OnionControl onionControl() {
        return new OnionControl(onions, services, programRequests);
    }

    /** Makes all streams opened from now on use circuits that carried none before. */
    public void newIdentity() {
        programRequests.forgetAnswers();
        pool.retireAll();
        onions.retireAll();
        internalCircuits.renew();
    }

    private ServiceCircuits serviceCircuits(LongSupplier circuitIds) {
        if (!config.nonAnonymousServices) {
            return internalCircuits;
        }
        LOG.warn("This client runs its onion services in non-anonymous mode: they have NO ANONYMITY, and everybody may learn "
                + "where they are.");
        return new DirectCircuits(internalCircuits, config.circuits, this::paths, channels, events, circuitIds);
    }

    /** Circuits for onion services. */
    VanguardCircuits internalCircuits() {
        return internalCircuits;
    }

    /** {@return the version of this library} */
    public static String version() {
        return "0.1.0";
    }

    private void keepHouseUntilClosed() {
        try {
            for (long turn = 1; !closed; turn++) {
                Thread.sleep(LOOK_INTERVAL);
                ClockWatch.Jump jump = clockWatch.look();
                if (jump != null) {
                    abandonConnections(jump);
                }
                if (turn % TURNS_A_SAVE == 0) {
                    restIfUnused();
                }
                if (turn % (config.fewDiskWrites ? TURNS_A_RARE_SAVE : TURNS_A_SAVE) == 0) {
                    save();
                }
            }
        } catch (InterruptedException e) {
            // close() saves once more
        }
    }

    /** After a sleep connections look open and are dead, and the network may be another one. */
    private void abandonConnections(ClockWatch.Jump jump) {
        events.emit(new TorEvent.ClockJumped(jump.time(), jump.standstill()));
        channels.retireOpen();
        guards.noteNetworkChange();
        pool.networkChanged();
        onions.networkChanged();
        internalCircuits.drop();
        services.networkChanged();
        directory.noteNetworkChange();
    }

    private void restIfUnused() {
        changing.lock();
        try {
            if (!closed && dormancy.check(config.dormant, pool.streamCount() + onions.streamCount())) {
                setResting(true);
            }
        } finally {
            changing.unlock();
        }
    }

    private void save() {
        try {
            if (state.isDirty()) {
                state.save();
                savingFails = false;
            }
        } catch (TorException e) {
            // Once, until it works again: a full disk would otherwise be reported with each attempt.
            if (!savingFails) {
                savingFails = true;
                events.emit(new TorEvent.Warning(
                        "The state file could not be saved: " + e.getMessage() + ". " + e.remedy(), e));
            }
        }
    }

    /** Closes streams, circuits, channels and ports, saves the state, and frees the data directory. */
    @Override
    public void close() {
        changing.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            changing.unlock();
        }
        listeners.close();
        bootstrap.close();
        services.close();
        onions.close();
        pool.close();
        internalCircuits.close();
        directory.close();
        channels.close();
        Thread s = saver;
        if (s != null) {
            s.interrupt();
        }
        save();
        if (data != null) {
            try {
                data.close();
            } catch (TorException e) {
                LOG.warn("{}", e.getMessage());
            }
        }
    }
}
