package dev.cepa.directory;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.Consensus;
import dev.cepa.netdoc.ConsensusDiff;

import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.Protocols;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Takes in what claims to be a consensus: undoes differences, parses, and says whether it is new and fit for us. Whether it
 * is to be believed, {@link CertificatePool} says. Belongs to the directory's own thread.
 */
final class ConsensusIntake {
    /** A consensus older than this version can't know what it speaks, so it can't stop it. */
    private static final Instant RELEASED = Instant.ofEpochSecond(1_795_478_400); // 2026-11-24
    /** For how many hours caches keep differences, if the consensus does not say. */
    private static final int DIFF_HOURS = 72;

    /**
     * A consensus that was parsed; not verified.
     *
     * @param document its bytes
     * @param fromDisk whether it is the cached one
     */
    record Candidate(byte[] document, Consensus consensus, boolean fromDisk) {
        Lifetime lifetime() {
            return Lifetime.of(consensus.info());
        }
    }

    /**
     * What a difference can be asked from.
     *
     * @param digest SHA3-256 of its signed part
     * @param hours how old it may be
     */
    private record DiffBase(byte[] digest, Lifetime lifetime, int hours) {}

    private final DirectorySettings settings;
    private final DirectoryStore store;
    private final TorEvents events;
    private @Nullable DiffBase diffBase;
    private boolean saidSkew;
    private boolean saidRecommended;

    ConsensusIntake(DirectorySettings settings, DirectoryStore store, TorEvents events) {
        this.settings = settings;
        this.store = store;
        this.events = events;
    }

    /** The cached consensus with that difference applied. */
    byte[] apply(byte[] diff) throws TorException {
        byte[] base = store.readConsensus();
        if (base == null) {
            throw new ProtocolException("a consensus came as a difference to one that is gone");
        }
        return ConsensusDiff.apply(base, diff, DirectoryRequest.maxConsensus());
    }

    /** What to name in a request for a difference; null if a whole consensus is needed. */
    byte @Nullable [] diffFrom(Instant now) {
        DiffBase base = diffBase;
        return base != null && base.lifetime().mayAskForDiff(now, base.hours()) ? base.digest() : null;
    }

    /** The consensus is on disk from now on, so that differences to it can be asked for. */
    void rememberForDiff(Candidate candidate) throws TorException {
        int hours = candidate.consensus().info().param("try-diff-for-consensus-newer-than", DIFF_HOURS, 0, 8192);
        diffBase = settings.cacheDirectory() == null
                ? null
                : new DiffBase(Consensus.diffDigest(candidate.document()), candidate.lifetime(), hours);
    }

    /** Parses a whole consensus. */
    static Candidate parse(byte[] document, boolean fromDisk) throws TorException {
        return new Candidate(document, Consensus.parse(document), fromDisk);
    }

    /**
     * Checks its times against ours.
     *
     * @param ours the times of the consensus that we have
     * @throws TorException if it is of no use: not newer than ours, or so far from now that a clock must be wrong
     */
    void checkTimes(Candidate candidate, @Nullable Lifetime ours, Instant now) throws TorException {
        Lifetime times = candidate.lifetime();
        if (ours != null && !times.validAfter().isAfter(ours.validAfter())) {
            throw new TorException(ErrorKind.NO_DIRECTORY, "the directory server has no newer consensus");
        }
        Duration distribution = Duration.ofSeconds(candidate.consensus().info().distributionSeconds());
        Duration behind = times.clockBehind(now, distribution);
        if (times.isReasonablyLive(now, settings.tolerance())) {
            if (behind.isPositive()) {
                reportSkew(behind.negated());
            }
            return;
        }
        boolean future = now.isBefore(times.validAfter());
        Duration away = future ? Duration.between(now, times.validAfter()) : Duration.between(times.validUntil(), now);
        if (future) {
            reportSkew(behind.negated());
        }
        throw new TorException(
                ErrorKind.CLOCK_SKEW,
                future
                        ? "the consensus is from the future: this computer's clock seems to be " + words(away) + " behind"
                        : "the consensus that the directory server has expired " + words(away)
                                + " ago; perhaps this computer's clock is ahead");
    }

    private void reportSkew(Duration skew) {
        if (!saidSkew) {
            saidSkew = true;
            events.emit(new TorEvent.ClockSkew(skew, "consensus"));
        }
    }

    /** So many days, hours or minutes. */
    static String words(Duration duration) {
        if (duration.toHours() >= 48) {
            return duration.toDays() + " days";
        }
        return duration.toMinutes() >= 120 ? duration.toHours() + " hours" : duration.toMinutes() + " minutes";
    }

    /**
     * Checks that we speak what the network asks of clients; warns once if something is lacking that it recommends.
     *
     * @throws TorException of kind OUTDATED if something is lacking that it requires
     */
    void checkProtocols(Candidate candidate) throws TorException {
        ConsensusInfo info = candidate.consensus().info();
        if (info.validAfter().isBefore(RELEASED)) {
            return;
        }
        String required = Protocols.OURS.missing(Protocols.parse(info.requiredClientProtocols()));
        if (!required.isEmpty()) {
            throw new TorException(
                    ErrorKind.OUTDATED, "the network requires clients to speak " + required + ", which this version does not.");
        }
        String recommended = Protocols.OURS.missing(Protocols.parse(info.recommendedClientProtocols()));
        if (!recommended.isEmpty() && !saidRecommended) {
            saidRecommended = true;
            events.emit(new TorEvent.Warning(
                    "The network recommends that clients speak " + recommended
                            + ", which this version does not. A newer version may.",
                    null));
        }
    }
}
