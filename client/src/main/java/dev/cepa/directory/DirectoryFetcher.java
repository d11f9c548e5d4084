package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.BridgeRelay;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.Protocols;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import dev.cepa.path.GuardRestriction;
import dev.cepa.path.PathSelector;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the server for a question and asks it: a guard once there is a consensus to choose guards from, before that a
 * fallback directory or an authority. Thread-safe.
 */
final class DirectoryFetcher {
    /** A server's clock may differ from ours by so much before it is worth a word. */
    private static final Duration SKEW_ALLOWED = Duration.ofMinutes(30);

    private static final int NTOR_V3 = 4;

    /** Who is asked. */
    enum Source {
        /** A fallback directory, or an authority where there are no others. */
        FALLBACK,
        AUTHORITY,
        /** A directory guard. */
        GUARD
    }

    /**
     * A server that was chosen.
     *
     * @param attempt what the guard manager gave it out for; null if it is no guard
     */
    record Server(HopTarget target, @Nullable GuardAttempt attempt) {
        RsaId id() {
            return target.link().rsaId();
        }
    }

    private final DirectoryLink link;
    private final DirectoryServers servers;
    private final GuardManager guards;
    private final TorEvents events;
    private final InstantSource clock;
    private volatile boolean bridgesOnly;
    private final AtomicBoolean saidSkew = new AtomicBoolean();

    DirectoryFetcher(
            DirectoryLink link, DirectoryServers servers, GuardManager guards, TorEvents events, InstantSource clock) {
        this.link = link;
        this.servers = servers;
        this.guards = guards;
        this.events = events;
        this.clock = clock;
    }

    /**
     * Chooses a server.
     *
     * @param selector for guards: the snapshot that they are looked up in; null leaves guards out
     * @param without servers that were of no use for this question
     * @throws TorException if there is none; a NoGuardException says when there may be one
     */
    Server choose(Source source, @Nullable PathSelector selector, Set<RsaId> without) throws TorException {
        if (bridgesOnly) {
            return chooseBridge();
        }
        if (source == Source.GUARD && selector != null) {
            Server guard = chooseGuard(selector, without);
            if (guard != null) {
                return guard;
            }
        }
        HopTarget target = source == Source.AUTHORITY ? servers.authority(without) : servers.fallback(without);
        if (target == null) {
            throw new TorException(ErrorKind.NETWORK_DOWN, "no directory server is left to ask");
        }
        return new Server(target, null);
    }

    /** Whether nobody but bridges is asked. */
    void setBridgesOnly(boolean only) {
        bridgesOnly = only;
    }

    boolean asksBridgesOnly() {
        return bridgesOnly;
    }

    /** There may be but one, so whoever was of no use is asked again. */
    private Server chooseBridge() throws TorException {
        GuardAttempt attempt = guards.select(GuardManager.Usage.DIRECTORY, GuardRestriction.NONE);
        try {
            PathSelector selector = guards.selector();
            BridgeRelay bridge = selector.dir().bridge(attempt.relayIn(selector.dir()));
            if (bridge == null) {
                throw new TorException(ErrorKind.NO_DIRECTORY, attempt.name() + " is not a bridge of which anything is known");
            }
            return new Server(BridgeHop.of(bridge, selector), attempt);
        } catch (TorException | RuntimeException e) {
            attempt.closed();
            throw e;
        }
    }

    /** Whether authorities are servers of their own, and not those that fallbacks are taken from. */
    boolean hasAuthoritiesBesideFallbacks() {
        return servers.hasAuthoritiesBesideFallbacks();
    }

    private @Nullable Server chooseGuard(PathSelector selector, Set<RsaId> without) throws TorException {
        GuardAttempt attempt;
        try {
            attempt = guards.select(GuardManager.Usage.DIRECTORY, GuardRestriction.excluding(without));
        } catch (TorException e) {
            if (e.kind() == ErrorKind.NETWORK_DOWN) {
                throw e;
            }
            return null;
        }
        int relay = attempt.relayIn(selector.dir());
        HopTarget target = relay < 0 || without.contains(attempt.guard()) ? null : target(selector, relay);
        if (target == null) {
            attempt.closed();
            return null;
        }
        return new Server(target, attempt);
    }

    /** A relay of the consensus as a first hop; null if none of its addresses may be used. */
    static @Nullable HopTarget target(PathSelector selector, int relay) {
        NetDir dir = selector.dir();
        List<InetSocketAddress> addresses = selector.addresses(relay);
        if (addresses.isEmpty()) {
            return null;
        }
        ChannelTarget link = new ChannelTarget(dir.rsaId(relay), dir.ed25519Id(relay), addresses);
        boolean ntorV3 = dir.supports(relay, Protocols.Name.RELAY, NTOR_V3);
        return new HopTarget(link, dir.ntorKey(relay), ntorV3, dir.nickname(relay));
    }

    /** Asks, and waits for the head of the answer, which the caller must close. */
    DirectoryAnswer ask(Server server, DirectoryRequest request, Deadline deadline) throws IOException {
        DirectoryAnswer answer;
        long begun = System.nanoTime();
        try {
            answer = link.ask(server.target(), server.attempt(), request, deadline);
        } catch (IOException e) {
            failed(server);
            tell(server, request, begun, null, e);
            throw e;
        }
        answer.onClose(() -> tell(server, request, begun, answer, null));
        if (server.attempt() != null) {
            guards.noteInternetConnectivity();
        } else {
            servers.succeeded(server.id());
        }
        noteSkew(answer.date(), server);
        return answer;
    }

    private void tell(
            Server server, DirectoryRequest request, long begun, @Nullable DirectoryAnswer answer, @Nullable IOException e) {
        if (events.hasListeners()) {
            TorException failure = e == null || e instanceof TorException
                    ? (TorException) e
                    : new TorException(ErrorKind.RELAY_UNREACHABLE, String.valueOf(e.getMessage()), e);
            events.emit(new TorEvent.DirectoryDownload(
                    request.document(),
                    server.target().toString(),
                    answer == null ? 0 : answer.status(),
                    answer == null ? 0 : answer.receivedBytes(),
                    Duration.ofNanos(System.nanoTime() - begun),
                    failure));
        }
    }

    /** What the server sent was of no use. */
    void failed(Server server) {
        if (server.attempt() == null) {
            servers.failed(server.id());
        }
    }

    private void noteSkew(@Nullable Instant date, Server server) {
        if (date == null) {
            return;
        }
        Duration skew = Duration.between(date, clock.instant());
        if (skew.abs().compareTo(SKEW_ALLOWED) > 0 && saidSkew.compareAndSet(false, true)) {
            events.emit(new TorEvent.ClockSkew(skew, "directory server " + server.target()));
        }
    }
}
