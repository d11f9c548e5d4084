package dev.cepa.onion;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.OnionMessage.Introduce1;
import dev.cepa.cell.OnionMessage.IntroduceAck;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CongestionSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.HsNtor;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.onion.pow.Effort;
import dev.cepa.onion.pow.Puzzle;
import dev.cepa.onion.pow.PuzzleSolution;
import dev.cepa.onion.pow.PuzzleSolver;
import dev.cepa.pool.CongestionParams;
import dev.cepa.pool.InternalCircuits;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's way to a service (rend-spec-v3 sections 3 and 4): a rendezvous point is prepared while the descriptor is
 * fetched and a circuit built to one of its introduction points; the service is told of the rendezvous point and comes
 * there. Thread-safe; each connection is made by the thread that wants it.
 */
final class Connector {
    private static final Logger LOG = LoggerFactory.getLogger(Connector.class);
    /** Introductions for one connection. */
    private static final int ATTEMPTS = 6;
    /** Introductions on top, where a newer descriptor says, while the service of an older one does not come. */
    private static final int SECOND_ATTEMPTS = 3;
    /** Rendezvous points asked one after the other until one agrees. */
    private static final int RENDEZVOUS_ATTEMPTS = 3;

    private final InternalCircuits circuits;
    private final DescriptorStore descriptors;
    private final IntroMemory memory;
    private final SecureRandom random;
    private final PuzzleSolver solver;
    private final Patience patience;

    Connector(InternalCircuits circuits, DescriptorStore descriptors, IntroMemory memory, SecureRandom random) {
        this(circuits, descriptors, memory, random, Patience.DEFAULT);
    }

    Connector(
            InternalCircuits circuits,
            DescriptorStore descriptors,
            IntroMemory memory,
            SecureRandom random,
            Patience patience) {
        this.circuits = circuits;
        this.descriptors = descriptors;
        this.memory = memory;
        this.random = random;
        // One thread: another connection's puzzle waits for this one.
        this.solver = new PuzzleSolver(1, random);
        this.patience = patience;
    }

    /**
     * Connects to a service.
     *
     * @return a circuit whose streams go to the service; the caller's own
     * @throws OnionServiceException if that fails on the service's side
     */
    Circuit connect(OnionAddress address, Deadline deadline) throws TorException {
        Attempts attempts = new Attempts(address, deadline);
        try {
            return attempts.run();
        } finally {
            attempts.close();
        }
    }

    /** How an introduction went. */
    private enum Outcome {
        PASSED_ON,
        REFUSED,
        UNREACHABLE,
        SILENT
    }

    /** One connection under way. */
    private final class Attempts {
        private final OnionAddress address;
        private final Deadline deadline;
        private @Nullable Preparation preparation;
        private @Nullable RendezvousPoint rendezvous;
        private @Nullable Circuit introduction;
        private Reason reason = Reason.INTRODUCTION_FAILED;
        private @Nullable TorException failure;
        private int count;
        /** Points that may have told the service of us. */
        private final Set<Ed25519Id> told = new HashSet<>();
        /** Whether to some of the last ones tried no circuit could be built. */
        private boolean unreached;
        /** Whether others are waiting meanwhile for what has come of older attempts. */
        private final boolean second;

        Attempts(OnionAddress address, Deadline deadline) {
            this.address = address;
            this.deadline = deadline;
            second = false;
        }

        private Attempts(Attempts first) {
            address = first.address;
            deadline = first.deadline;
            told.addAll(first.told);
            count = ATTEMPTS - SECOND_ATTEMPTS;
            second = true;
        }

        void close() {
            if (preparation != null) {
                preparation.close();
                preparation = null;
            }
            if (rendezvous != null) {
                rendezvous.close();
                rendezvous = null;
            }
            closeIntroduction();
        }

        Circuit run() throws TorException {
            preparation = Preparation.begin(circuits, random, patience, deadline);
            DescriptorStore.Found found = descriptors.get(address, deadline);
            while (true) {
                Circuit joined = tryAll(found);
                if (joined != null) {
                    descriptors.used(found);
                    return joined;
                }
                if (count >= ATTEMPTS) {
                    throw failed();
                }
                DescriptorStore.Found newer = descriptors.newer(address, found, deadline);
                if (isSame(newer, found)) {
                    descriptors.used(found);
                    // That a circuit could not be built is not the point's fault when a relay on the way has just gone.
                    if (!unreached) {
                        throw failed();
                    }
                }
                found = newer;
            }
        }

        private boolean isSame(DescriptorStore.Found one, DescriptorStore.Found other) {
            return one.descriptor().revision() == other.descriptor().revision()
                    && one.keys().period().equals(other.keys().period());
        }

        private TorException failed() {
            String what = switch (reason) {
                case INTRODUCTION_TIMED_OUT -> "no introduction point of the onion service answered in time";
                case RENDEZVOUS_FAILED -> "the onion service did not come to the rendezvous point";
                default -> "no introduction point passed us on to the onion service";
            };
            return new OnionServiceException(reason, what, failure);
        }

        /** Null if no introduction point was of use. */
        private @Nullable Circuit tryAll(DescriptorStore.Found found) throws TorException {
            boolean again = unreached;
            unreached = false;
            for (IntroPoint point : memory.usable(found.descriptor().introPoints())) {
                if ((second || again) && told.contains(Ed25519Id.of(point.authKey()))) {
                    continue;
                }
                if (count++ >= ATTEMPTS || descriptors.isReplaced(address, found)) {
                    break;
                }
                HsNtor.Client handshake = new HsNtor.Client(
                        point.authKey(), point.encryptionKey(), found.keys().subcredential(), random);
                try {
                    Circuit joined = attempt(point, found, handshake);
                    if (joined != null) {
                        return joined;
                    }
                } finally {
                    handshake.wipe();
                }
            }
            return null;
        }

        private @Nullable Circuit attempt(IntroPoint point, DescriptorStore.Found found, HsNtor.Client handshake)
                throws TorException {
            List<Introduction.Extension> extensions = new ArrayList<>(2);
            CongestionSettings congestion = congestion(found.descriptor());
            if (congestion != null) {
                extensions.add(new Introduction.Extension(Introduction.Extension.CONGESTION_CONTROL, new byte[0]));
            }
            boolean worked = extensions.addAll(proofOfWork(point, found));
            Outcome outcome = introduce(point, handshake, extensions);
            if (outcome == Outcome.PASSED_ON || outcome == Outcome.SILENT) {
                told.add(Ed25519Id.of(point.authKey()));
            }
            RendezvousPoint at = rendezvous;
            if (outcome != Outcome.PASSED_ON || at == null) {
                return null;
            }
            // The service may have the cookie: this point is not to be named again, however it ends.
            rendezvous = null;
            try {
                Circuit joined = join(at, handshake, congestion, found, worked);
                if (!at.isJoined()) {
                    memory.unreachable(point);
                }
                return joined;
            } catch (TorException e) {
                giveUpIfOver(e);
                note(Reason.RENDEZVOUS_FAILED, e);
                memory.unreachable(point);
                return null;
            } finally {
                at.close();
            }
        }

        /**
         * Waits for the service. Introduction points that don't know yet that a service is gone say that they have told it;
         * so after a while it is looked for where it may be by now, without giving up what is under way.
         */
        private Circuit join(
                RendezvousPoint at, HsNtor.Client handshake, @Nullable CongestionSettings congestion,
                DescriptorStore.Found found, boolean worked)
                throws TorException {
            // A service that is so busy that it wants proof of work takes its time.
            Deadline until = worked ? deadline : deadline.atMost(patience.service());
            Duration doubt = patience.doubtAfter(circuits.buildTimeout(), worked);
            try {
                return at.join(handshake, congestion, second ? until : until.atMost(doubt));
            } catch (TorException e) {
                if (second || e.kind() != ErrorKind.TIMEOUT || until.passed()) {
                    throw e;
                }
            }
            try (Race race = new Race()) {
                race.enter("cepa-onion-wait", () -> at.join(handshake, congestion, until));
                race.enter("cepa-onion-doubt", () -> lookElsewhere(race, found, doubt));
                return race.await(deadline);
            }
        }

        /**
         * Looks for a newer descriptor, again and again as long as the others wait; null if that leads nowhere. If there is
         * none the second time, the circuit from the introduction point to the service may be dead, and another is tried.
         */
        private @Nullable Circuit lookElsewhere(Race race, DescriptorStore.Found known, Duration pause)
                throws TorException {
            Attempts attempts = new Attempts(this);
            DescriptorStore.Found found = known;
            Duration next = pause;
            boolean again = false;
            try {
                do {
                    DescriptorStore.Found newer = descriptors.recheck(address, found, deadline);
                    if ((again || !isSame(newer, found)) && attempts.hasOthers(newer)) {
                        LOG.debug("An onion service that does not come has introduction points that were not asked");
                        attempts.preparation = Preparation.begin(circuits, random, patience, deadline);
                        Circuit joined = attempts.tryAll(newer);
                        if (joined != null) {
                            return joined;
                        }
                        attempts.close();
                    }
                    found = newer;
                    again = true;
                    next = next.multipliedBy(2);
                } while (race.pause(next));
                return null;
            } finally {
                attempts.close();
            }
        }

        /** Whether there are points that have not told the service of us. */
        private boolean hasOthers(DescriptorStore.Found found) {
            for (IntroPoint point : found.descriptor().introPoints()) {
                if (!told.contains(Ed25519Id.of(point.authKey()))) {
                    return true;
                }
            }
            return false;
        }

        /** What the service offers; there is no answer to asking for it. */
        private @Nullable CongestionSettings congestion(HsDescriptor descriptor) throws TorException {
            HsDescriptor.FlowControl offer = descriptor.flowControl();
            if (offer == null || !offer.offersCongestionControl()) {
                return null;
            }
            CongestionSettings wanted = CongestionParams.of(
                    circuits.directory(deadline).consensus(),
                    descriptor.singleOnion() ? CongestionParams.Kind.EXIT : CongestionParams.Kind.ONION);
            return wanted == null ? null : wanted.withSendmeIncrement(offer.sendmeIncrement());
        }

        /** What the service asks for, and more after each failure; before the rendezvous, as it may take minutes. */
        private List<Introduction.Extension> proofOfWork(IntroPoint point, DescriptorStore.Found found)
                throws TorException {
            PowParams pow = found.descriptor().pow();
            long effort = pow == null ? 0 : Effort.next(pow.suggestedEffort(), memory.unreachableCount(point));
            if (pow == null || effort == 0) {
                return List.of();
            }
            LOG.debug("An onion service is worked for with effort {}", effort);
            Puzzle puzzle = new Puzzle(found.keys().blindedKey(), pow.seed());
            byte[] solution = solver.solve(puzzle, effort, deadline).toBytes();
            return List.of(new Introduction.Extension(PuzzleSolution.EXTENSION, solution));
        }

        private Outcome introduce(IntroPoint point, HsNtor.Client handshake, List<Introduction.Extension> extensions)
                throws TorException {
            Circuit circuit;
            try {
                circuit = circuitTo(hop(point.specifiers(), point.ntorKey()));
            } catch (TorException e) {
                giveUpIfOver(e);
                note(Reason.INTRODUCTION_FAILED, e);
                memory.unreachable(point);
                unreached = true;
                return Outcome.UNREACHABLE;
            }
            RendezvousPoint at = rendezvousPoint();
            byte[] header = Introduce1.header(point.authKey());
            byte[] sealed = handshake.seal(header, at.introduction(extensions).toBytes());
            try {
                byte[] answer = circuit.ask(
                        new Introduce1(point.authKey(), sealed), OnionMessage.INTRODUCE_ACK, deadline.atMost(patience.answer()));
                IntroduceAck ack = (IntroduceAck) RelayMessage.read(OnionMessage.INTRODUCE_ACK, new ByteReader(answer));
                if (ack.status() == 0) {
                    closeIntroduction();
                    return Outcome.PASSED_ON;
                }
                note(Reason.INTRODUCTION_FAILED, new ProtocolException("INTRODUCE_ACK with status " + ack.status()));
                memory.failed(point);
                return Outcome.REFUSED;
            } catch (TorException e) {
                closeIntroduction();
                giveUpIfOver(e);
                if (e.kind() == ErrorKind.TIMEOUT) {
                    note(Reason.INTRODUCTION_TIMED_OUT, e);
                    memory.failed(point);
                } else {
                    // The circuit broke, which need not be the point's fault.
                    note(Reason.INTRODUCTION_FAILED, e);
                    memory.unreachable(point);
                }
                // Whether it was passed on is not known, so this rendezvous point has had its time.
                at.close();
                rendezvous = null;
                return Outcome.SILENT;
            }
        }

        private void note(Reason why, TorException e) {
            LOG.debug("An attempt to reach an onion service failed: {}", e.getMessage());
            reason = why;
            failure = e;
        }

        private void giveUpIfOver(TorException e) throws TorException {
            if (e.kind() == ErrorKind.CLOSED && Thread.currentThread().isInterrupted()
                    || e.kind() == ErrorKind.CONFIG || deadline.passed()) {
                throw e;
            }
        }

        /** An introduction point that refused can pass the circuit on to the next; that is faster than a new one. */
        private Circuit circuitTo(HopTarget relay) throws TorException {
            Circuit circuit = introduction;
            introduction = null;
            if (circuit != null && circuit.isOpen() && circuit.extensionsLeft() > 1) {
                try {
                    circuit.extend(relay, deadline.atMost(patience.answer()));
                    introduction = circuit;
                    return circuit;
                } catch (TorException e) {
                    giveUpIfOver(e);
                }
            }
            if (circuit != null) {
                circuit.close();
            }
            circuit = circuits.to(relay, InternalCircuits.Purpose.INTRODUCTION, deadline);
            introduction = circuit;
            return circuit;
        }

        private void closeIntroduction() {
            if (introduction != null) {
                introduction.close();
                introduction = null;
            }
        }

        private RendezvousPoint rendezvousPoint() throws TorException {
            RendezvousPoint at = rendezvous;
            if (at != null && at.isOpen()) {
                return at;
            }
            if (at != null) {
                at.close();
            }
            Preparation under = preparation;
            preparation = null;
            at = null;
            if (under != null) {
                try (under) {
                    at = under.take(deadline);
                } catch (TorException e) {
                    giveUpIfOver(e);
                }
            }
            TorException trouble = null;
            for (int i = 0; i < RENDEZVOUS_ATTEMPTS && (at == null || !at.isOpen()); i++) {
                try {
                    at = RendezvousPoint.establish(circuits, random, patience, deadline);
                } catch (TorException e) {
                    giveUpIfOver(e);
                    trouble = e;
                }
            }
            if (at == null) {
                throw trouble == null ? failed() : trouble;
            }
            rendezvous = at;
            return at;
        }
    }

    /** A relay as a descriptor or an introduction names it: it need not be in our directory. */
    static HopTarget hop(List<LinkSpecifier> specifiers, byte[] ntorKey) throws ProtocolException {
        RsaId rsaId = null;
        Ed25519Id ed25519Id = null;
        List<InetSocketAddress> addresses = new ArrayList<>(2);
        for (LinkSpecifier specifier : specifiers) {
            switch (specifier) {
                case LinkSpecifier.Rsa(RsaId id) -> rsaId = id;
                case LinkSpecifier.Ed25519(Ed25519Id id) -> ed25519Id = id;
                case LinkSpecifier.Address(InetSocketAddress address) -> addresses.add(address);
                case LinkSpecifier.Unknown unknown -> {
                    // For a future that we don't know.
                }
            }
        }
        if (rsaId == null || addresses.isEmpty()) {
            throw new ProtocolException("relay without RSA identity or address");
        }
        return new HopTarget(new ChannelTarget(rsaId, ed25519Id, addresses), ntorKey, false, "");
    }
}
