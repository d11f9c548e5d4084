package dev.cepa.monitor;

import dev.cepa.OnionServiceState;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a client has at this moment, put together from its events: circuits, streams, guards, channels, services. Health
 * and the page read it. Thread-safe: one lock, held for moments; everything that grows has a bound.
 */
final class NetworkState implements TorEventListener {
    /** Of each kind; what comes on top is counted by the metrics alone. */
    private static final int MOST = 4096;

    /** As long as nothing was heard. */
    private static final TorEvent.Bootstrap NOTHING = new TorEvent.Bootstrap(0, "starting", "Starting", null);

    /** A circuit that has not ended. */
    record CircuitView(long id, boolean built, String purpose, List<String> path, Instant since, long buildMillis) {
        /** What it is for, in small letters; those of one hop are for fetching directories. */
        String use() {
            return built && path.size() == 1 ? "directory" : purpose.toLowerCase(Locale.ROOT);
        }
    }

    /** A stream that has not ended. */
    record StreamView(long id, long circuit, boolean open, String target, Instant since) {
        /** Whether it asks a relay's directory, and goes nowhere else. */
        boolean isDirectory() {
            return NetworkState.isDirectory(target);
        }
    }

    /** An onion service of ours. */
    record ServiceView(String address, int points, int clients, boolean published, Instant since) {}

    /** Something that was tried, and how it last went. */
    record Outcome(@Nullable Instant succeeded, @Nullable Duration took, int failures, @Nullable TorException failure) {
        static final Outcome NONE = new Outcome(null, null, 0, null);

        Outcome success(Instant now, @Nullable Duration time) {
            return new Outcome(now, time == null ? took : time, 0, null);
        }

        Outcome failure(TorException e) {
            return new Outcome(succeeded, took, failures + 1, e);
        }
    }

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    // All below is guarded by the lock.
    private final Map<Long, CircuitView> circuits = new LinkedHashMap<>();
    private final Map<Long, StreamView> streams = new LinkedHashMap<>();
    private final Map<String, String> guards = new LinkedHashMap<>();
    private final Map<String, Integer> vanguards = new LinkedHashMap<>();
    private final Map<Long, String> channels = new LinkedHashMap<>();
    private final Map<Long, Long> channelsBegun = new HashMap<>();
    private final Map<String, ServiceView> services = new LinkedHashMap<>();
    private final Map<String, String> listeners = new LinkedHashMap<>();
    private TorEvent.Bootstrap bootstrap = NOTHING;
    private TorEvent.@Nullable ConsensusArrived consensus;
    private Outcome building = Outcome.NONE;
    private Outcome connecting = Outcome.NONE;
    private Outcome downloading = Outcome.NONE;
    /** To establish an introduction point or to meet a client; null without a service. */
    private @Nullable Duration serving;
    private Duration skew = Duration.ZERO;
    private String skewSource = "";
    private boolean dormant;

    NetworkState(InstantSource clock) {
        this.clock = clock;
    }

    static boolean isDirectory(String target) {
        return target.startsWith("directory of ");
    }

    @Override
    public void onEvent(TorEvent event) {
        lock.lock();
        try {
            switch (event) {
                case TorEvent.CircuitStatus circuit -> circuit(circuit);
                case TorEvent.StreamStatus stream -> stream(stream);
                case TorEvent.ChannelStatus channel -> channel(channel);
                case TorEvent.GuardStatus guard -> guard(guard);
                case TorEvent.Bootstrap b -> bootstrap = b;
                case TorEvent.ConsensusArrived c -> consensus = c;
                case TorEvent.ClockSkew s -> {
                    skew = s.skew();
                    skewSource = s.source();
                }
                case TorEvent.ClockJumped j -> skew = Duration.ZERO;
                case TorEvent.Dormant d -> dormant = d.dormant();
                case TorEvent.ListenerOpened l -> put(listeners, l.kind() + " " + l.address(), l.address());
                case TorEvent.DirectoryDownload d -> downloading = d.failure() != null
                        ? downloading.failure(d.failure())
                        : downloading.success(clock.instant(), d.time());
                case TorEvent.OnionDescriptor d -> descriptor(d);
                case TorEvent.ServiceStatus s -> service(s);
                default -> {}
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes what a client says of itself when it is joined late; what events have told is newer and counts. */
    void learn(TorEvent event) {
        lock.lock();
        try {
            boolean news = switch (event) {
                case TorEvent.Bootstrap b -> bootstrap.equals(NOTHING);
                case TorEvent.ConsensusArrived c -> consensus == null;
                case TorEvent.CircuitStatus c ->
                        c.status() == TorEvent.CircuitStatus.Status.CLOSED || !circuits.containsKey(c.circuitId());
                case TorEvent.StreamStatus s ->
                        s.status() == TorEvent.StreamStatus.Status.CLOSED || !streams.containsKey(s.streamId());
                case TorEvent.ChannelStatus c ->
                        c.status() == TorEvent.ChannelStatus.Status.CLOSED || !channels.containsKey(c.channelId());
                case TorEvent.GuardStatus g -> !guards.containsKey(g.relay()) && !vanguards.containsKey(g.relay());
                default -> true;
            };
            if (news) {
                onEvent(event);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The same of an onion service. */
    void learn(OnionServiceState service) {
        lock.lock();
        try {
            if (!services.containsKey(service.address())) {
                put(services, service.address(), new ServiceView(
                        service.address(), service.introductionPoints(), service.clients(), service.published(), clock.instant()));
            }
        } finally {
            lock.unlock();
        }
    }

    private static <K, V> void put(Map<K, V> map, K key, V value) {
        if (map.size() < MOST || map.containsKey(key)) {
            map.put(key, value);
        }
    }

    private void circuit(TorEvent.CircuitStatus event) {
        CircuitView before = circuits.get(event.circuitId());
        TorException reason = event.reason();
        switch (event.status()) {
            case CLOSED -> circuits.remove(event.circuitId());
            case FAILED -> {
                circuits.remove(event.circuitId());
                if (reason != null && reason.kind() != ErrorKind.CLOSED) {
                    building = building.failure(reason);
                }
            }
            case LAUNCHED, EXTENDED, BUILT -> {
                boolean built = event.status() == TorEvent.CircuitStatus.Status.BUILT || before != null && before.built();
                Duration time = event.buildTime();
                long millis = time != null ? time.toMillis() : before != null ? before.buildMillis() : 0;
                Instant since = before != null ? before.since() : clock.instant();
                put(circuits, event.circuitId(), new CircuitView(
                        event.circuitId(), built, event.purpose(), event.path(), since, millis));
                if (event.status() == TorEvent.CircuitStatus.Status.BUILT && event.path().size() > 1) {
                    building = building.success(clock.instant(), time);
                }
            }
        }
    }

    private void stream(TorEvent.StreamStatus event) {
        switch (event.status()) {
            case NEW, SENT_CONNECT, SUCCEEDED -> {
                StreamView before = streams.get(event.streamId());
                put(streams, event.streamId(), new StreamView(
                        event.streamId(), event.circuitId(), event.status() == TorEvent.StreamStatus.Status.SUCCEEDED,
                        event.target(), before != null ? before.since() : clock.instant()));
            }
            case FAILED, CLOSED -> streams.remove(event.streamId());
        }
    }

    private void channel(TorEvent.ChannelStatus event) {
        TorException error = event.error();
        switch (event.status()) {
            case LAUNCHED -> put(channelsBegun, event.channelId(), System.nanoTime());
            case REACHED, SECURED -> {}
            case CONNECTED -> {
                Long begun = channelsBegun.remove(event.channelId());
                put(channels, event.channelId(), event.relay());
                Duration took = begun == null ? null : Duration.ofNanos(System.nanoTime() - begun);
                connecting = connecting.success(clock.instant(), took);
            }
            case FAILED -> {
                channelsBegun.remove(event.channelId());
                if (error != null && error.kind() != ErrorKind.CLOSED) {
                    connecting = connecting.failure(error);
                }
            }
            case CLOSED -> channels.remove(event.channelId());
        }
    }

    private void guard(TorEvent.GuardStatus event) {
        String relay = event.relay();
        switch (event.status()) {
            case "DROPPED" -> guards.remove(relay);
            case "GOOD_L2" -> put(vanguards, relay, 2);
            case "GOOD_L3" -> put(vanguards, relay, 3);
            case "BAD_L2", "BAD_L3" -> vanguards.remove(relay);
            case "NEW" -> {
                if (!guards.containsKey(relay)) {
                    put(guards, relay, "untried");
                }
            }
            default -> put(guards, relay, event.status().toLowerCase(Locale.ROOT));
        }
    }

    private void descriptor(TorEvent.OnionDescriptor event) {
        ServiceView service = services.get(event.address());
        switch (event.action()) {
            case UPLOADED -> {
                if (service != null) {
                    services.put(event.address(), new ServiceView(
                            service.address(), service.points(), service.clients(), true, service.since()));
                }
            }
            case REQUESTED, RECEIVED, UPLOADING, CREATED, FAILED -> {}
        }
    }

    private void service(TorEvent.ServiceStatus event) {
        ServiceView now = services.get(event.address());
        if (now == null) {
            now = new ServiceView(event.address(), 0, 0, false, clock.instant());
        }
        int points = now.points();
        int clients = now.clients();
        Duration time = event.time();
        serving = time == null ? serving : time;
        switch (event.action()) {
            case POINT_ESTABLISHED -> points++;
            case POINT_CLOSED -> points = Math.max(0, points - 1);
            case CLIENT_MET -> clients++;
            case CLIENT_LEFT -> clients = Math.max(0, clients - 1);
            case STARTED, POINT_FAILED, INTRODUCED, REFUSED, CLIENT_MISSED -> {}
            case STOPPED -> {
                services.remove(event.address());
                serving = services.isEmpty() ? null : serving;
                return;
            }
        }
        put(services, event.address(), new ServiceView(now.address(), points, clients, now.published(), now.since()));
    }

    /**
     * All of it at one moment.
     *
     * @param guards state by {@code $FINGERPRINT~nickname}: {@code up}, {@code down}, {@code untried}
     * @param vanguards layer by relay
     * @param channels relay by number
     * @param serving how long an onion service last took to establish an introduction point or to meet a client
     * @param listeners address by kind and address
     */
    record View(
            TorEvent.Bootstrap bootstrap, List<CircuitView> circuits, List<StreamView> streams, Map<String, String> guards,
            Map<String, Integer> vanguards, Map<Long, String> channels, List<ServiceView> services,
            Map<String, String> listeners, TorEvent.@Nullable ConsensusArrived consensus, Outcome building,
            Outcome connecting, Outcome downloading, @Nullable Duration serving, Duration skew, String skewSource,
            boolean dormant) {

        /** How many circuits could carry something, or do. */
        int usableCircuits() {
            int count = 0;
            for (CircuitView circuit : circuits) {
                if (circuit.built() && circuit.path().size() > 1) {
                    count++;
                }
            }
            return count;
        }
    }

    View view() {
        lock.lock();
        try {
            return new View(
                    bootstrap, new ArrayList<>(circuits.values()), new ArrayList<>(streams.values()),
                    new LinkedHashMap<>(guards), new LinkedHashMap<>(vanguards), new LinkedHashMap<>(channels),
                    new ArrayList<>(services.values()), new LinkedHashMap<>(listeners), consensus, building, connecting,
                    downloading, serving, skew, skewSource, dormant);
        } finally {
            lock.unlock();
        }
    }
}
