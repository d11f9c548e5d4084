package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.ProtocolException;
import dev.cepa.netdoc.ServerDescriptor;
import dev.cepa.path.BridgeLine;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a bridge is asked for its own descriptor, and what is believed of the answer. Thread-safe; without state of its own. */
final class BridgeQuestion {
    private static final Logger LOG = LoggerFactory.getLogger(BridgeQuestion.class);
    /** An older descriptor is of a bridge that is long gone, and its keys may be too. */
    private static final Duration MAX_AGE = Duration.ofDays(5);
    /** How far a bridge's clock may be ahead of ours. */
    private static final Duration MAX_AHEAD = Duration.ofHours(24);

    private final DirectorySettings settings;
    private final DirectoryFetcher fetcher;
    private final DirectoryLink link;
    private final GuardManager guards;
    private final InstantSource clock;

    BridgeQuestion(
            DirectorySettings settings, DirectoryFetcher fetcher, DirectoryLink link, GuardManager guards, InstantSource clock) {
        this.settings = settings;
        this.fetcher = fetcher;
        this.link = link;
        this.guards = guards;
        this.clock = clock;
    }

    /** Who a bridge must be: whom the user names, or else who was there first; null if it may be anybody. */
    @Nullable RsaId identity(BridgeLine line) {
        RsaId told = line.fingerprint();
        return told != null ? told : guards.identityOfBridge(line.address());
    }

    /** What rules out a descriptor because of its dates; null if nothing does. */
    static @Nullable String problem(ServerDescriptor descriptor, Instant now) {
        if (descriptor.published().isAfter(now.plus(MAX_AHEAD))) {
            return "its descriptor is of " + descriptor.published() + ", which is yet to come by our clock";
        }
        if (descriptor.published().isBefore(now.minus(MAX_AGE))) {
            return "its descriptor is of " + descriptor.published() + " and too old";
        }
        return descriptor.expires().isBefore(now) ? "its certificates expired at " + descriptor.expires() : null;
    }

    /**
     * Asks.
     *
     * @param known what it said before; null if it is asked for the first time
     * @param attempt told how connecting goes
     * @return what it says, verified, and of whoever is at the other end of the link
     * @throws IOException a TorException if there is no answer, or none that is believed
     */
    BridgeStore.Entry ask(BridgeLine line, @Nullable ServerDescriptor known, GuardAttempt attempt) throws IOException {
        Deadline deadline = Deadline.in(settings.requestTimeout());
        RsaId wanted = identity(line);
        List<InetSocketAddress> address = List.of(line.address());
        ChannelTarget there = link.identify(
                new ChannelTarget(wanted != null ? wanted : line.placeholder(), null, address, line.name(), wanted != null),
                deadline);
        if (wanted == null) {
            LOG.info("{} has shown its fingerprint, which it must have from now on", line);
            guards.learnBridge(line.address(), there.rsaId());
        }
        HopTarget hop = new HopTarget(
                there, known == null ? null : known.ntorKey(), false, known == null ? "" : known.nickname());
        byte[] text;
        try (DirectoryAnswer answer =
                fetcher.ask(new DirectoryFetcher.Server(hop, attempt), DirectoryRequest.ownDescriptor(), deadline)) {
            answer.expectOk();
            text = answer.readAll();
        }
        ServerDescriptor descriptor = ServerDescriptor.parse(text, 0, text.length);
        boolean same = descriptor.rsaId().equals(there.rsaId())
                && Objects.equals(descriptor.ed25519Id(), there.ed25519Id());
        if (!same) {
            throw new ProtocolException("it has sent the descriptor of another relay");
        }
        String problem = problem(descriptor, clock.instant());
        if (problem != null) {
            throw new ProtocolException(problem);
        }
        return new BridgeStore.Entry(descriptor, text);
    }
}
