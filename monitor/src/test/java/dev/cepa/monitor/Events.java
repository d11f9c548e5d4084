package dev.cepa.monitor;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.ChannelStatus;
import dev.cepa.event.TorEvent.CircuitChosen;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.OnionDescriptor;
import dev.cepa.event.TorEvent.ServiceStatus;
import dev.cepa.event.TorEvent.StreamStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a client tells, for tests. */
final class Events {
    static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    static final List<String> PATH = List.of("$AAAA~one", "$BBBB~two", "$CCCC~three");
    static final String ONION = "a".repeat(56);

    private Events() {}

    static TorException failure(ErrorKind kind) {
        return new TorException(kind, "no luck");
    }

    static TorEvent circuit(long id, CircuitStatus.Status status, int hops) {
        return circuit(id, status, hops, null);
    }

    static TorEvent circuit(long id, CircuitStatus.Status status, int hops, @Nullable TorException reason) {
        Duration time = status == CircuitStatus.Status.BUILT ? Duration.ofMillis(420) : null;
        return new CircuitStatus(id, status, "GENERAL", PATH.subList(0, hops), reason, time);
    }

    /** Launched, extended and built. */
    static List<TorEvent> built(long id, int hops) {
        return switch (hops) {
            case 1 -> List.of(
                    circuit(id, CircuitStatus.Status.LAUNCHED, 0),
                    circuit(id, CircuitStatus.Status.EXTENDED, 1),
                    circuit(id, CircuitStatus.Status.BUILT, 1));
            default -> List.of(
                    circuit(id, CircuitStatus.Status.LAUNCHED, 0),
                    circuit(id, CircuitStatus.Status.EXTENDED, 1),
                    circuit(id, CircuitStatus.Status.EXTENDED, 2),
                    circuit(id, CircuitStatus.Status.EXTENDED, 3),
                    circuit(id, CircuitStatus.Status.BUILT, 3));
        };
    }

    static TorEvent stream(long id, StreamStatus.Status status, String target, @Nullable TorException reason) {
        return new StreamStatus(id, status, 1, target, reason);
    }

    static TorEvent channel(long id, ChannelStatus.Status status, @Nullable TorException error) {
        return new ChannelStatus(id, status, "$AAAA", error);
    }

    static TorEvent service(ServiceStatus.Action action, @Nullable TorException failure) {
        return new ServiceStatus(action, ONION, Duration.ofMillis(300), failure);
    }

    static TorEvent consensus() {
        return new TorEvent.ConsensusArrived(9000, NOON.minusSeconds(1800), NOON.plusSeconds(5400));
    }

    /** A client's day, with everything that can happen in it. */
    static List<TorEvent> everything() {
        TorException timeout = failure(ErrorKind.TIMEOUT);
        List<TorEvent> events = new java.util.ArrayList<>(List.of(
                new TorEvent.Bootstrap(100, "done", "Done", null),
                consensus(),
                new TorEvent.ClockSkew(Duration.ofSeconds(30), "relay"),
                new TorEvent.Dormant(true),
                new TorEvent.ListenerOpened("Socks", "127.0.0.1:9050"),
                new TorEvent.GuardStatus("$AAAA~one", "UP"),
                new TorEvent.GuardStatus("$BBBB~two", "DOWN"),
                new TorEvent.GuardStatus("$CCCC~three", "NEW"),
                new TorEvent.GuardStatus("$DDDD~four", "GOOD_L2"),
                new TorEvent.GuardStatus("$EEEE~five", "GOOD_L3"),
                channel(1, ChannelStatus.Status.LAUNCHED, null),
                channel(1, ChannelStatus.Status.CONNECTED, null),
                channel(2, ChannelStatus.Status.LAUNCHED, null),
                channel(2, ChannelStatus.Status.FAILED, failure(ErrorKind.RELAY_UNREACHABLE))));
        events.addAll(built(1, 3));
        events.addAll(built(2, 1));
        events.addAll(built(3, 3));
        events.addAll(List.of(
                circuit(3, CircuitStatus.Status.CLOSED, 3, failure(ErrorKind.CLOSED)),
                circuit(4, CircuitStatus.Status.LAUNCHED, 0),
                circuit(4, CircuitStatus.Status.FAILED, 0, timeout),
                circuit(5, CircuitStatus.Status.LAUNCHED, 0),
                new TorEvent.BuildTimeoutSet(
                        TorEvent.BuildTimeoutSet.Type.COMPUTED, 100, Duration.ofSeconds(3), Duration.ofSeconds(60), 1, 1, 0.8,
                        0.2, 0.1),
                new CircuitChosen(1, CircuitChosen.Outcome.HIT, Duration.ofMillis(1)),
                stream(1, StreamStatus.Status.NEW, "secret.example:443", null),
                stream(1, StreamStatus.Status.SUCCEEDED, "secret.example:443", null),
                stream(2, StreamStatus.Status.NEW, "secret.example:80", null),
                stream(2, StreamStatus.Status.FAILED, "secret.example:80", failure(ErrorKind.EXIT_POLICY)),
                stream(3, StreamStatus.Status.NEW, "directory of one", null),
                stream(3, StreamStatus.Status.SUCCEEDED, "directory of one", null),
                stream(3, StreamStatus.Status.CLOSED, "directory of one", null),
                new TorEvent.ProxyRequest("SOCKS5", "CONNECT", Duration.ofMillis(500), null),
                new TorEvent.ProxyRequest("SOCKS5", "RESOLVE", Duration.ofMillis(500), failure(ErrorKind.NAME_NOT_FOUND)),
                new TorEvent.DirectoryDownload("consensus", "$AAAA~one", 200, 500_000, Duration.ofSeconds(1), null),
                new TorEvent.DirectoryDownload("consensus", "$AAAA~one", 0, 0, Duration.ofSeconds(1), timeout),
                new OnionDescriptor(OnionDescriptor.Action.REQUESTED, "b".repeat(56), "$AAAA~one", "id", null),
                new OnionDescriptor(OnionDescriptor.Action.FAILED, "b".repeat(56), "$AAAA~one", "id", "NOT_FOUND"),
                service(ServiceStatus.Action.STARTED, null),
                service(ServiceStatus.Action.POINT_ESTABLISHED, null),
                service(ServiceStatus.Action.INTRODUCED, null),
                service(ServiceStatus.Action.REFUSED, failure(ErrorKind.PROTOCOL)),
                service(ServiceStatus.Action.CLIENT_MET, null),
                service(ServiceStatus.Action.CLIENT_MISSED, timeout),
                new OnionDescriptor(OnionDescriptor.Action.UPLOADED, ONION, "$AAAA~one", "id", null),
                new TorEvent.LowMemory(1000, 2000, 1500, 1),
                new TorEvent.Warning("The disk is full", failure(ErrorKind.STORAGE)),
                new TorEvent.ClockJumped(Duration.ofSeconds(100), false),
                new TorEvent.ClockSkew(Duration.ofSeconds(30), "relay")));
        return events;
    }
}
