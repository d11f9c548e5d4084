package dev.cepa.pool;

import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.cell.RsaId;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.CircuitChosen.Outcome;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.NoGuardException;
import dev.cepa.path.PathSelector;
import dev.cepa.pool.PooledCircuit.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One stream's way to a circuit: takes an open one, waits for one under construction, or has one built, again and again
 * until there is one or its time is over. Used once, by the stream's own thread.
 */
final class Acquisition {
    /** Builds that one stream may see fail before it fails too. */
    private static final int BUILD_ATTEMPTS = 12;
    /** So many slow circuits are joined by another for one stream's sake. */
    private static final int MOST_LEFT_ALONE = 5;

    private final PoolState state;
    private final CircuitLauncher launcher;
    private final Selectors selectors;
    private final StreamRequest request;
    private final int epoch;
    private final Set<RsaId> avoid;
    private final boolean sets;
    private final Deadline deadline;
    private final long begin = System.nanoTime();

    private Outcome outcome = Outcome.HIT;
    /** The circuit under construction that it waits for. */
    private @Nullable PooledCircuit awaited;

    private @Nullable TorException lastFailure;
    private int failures;
    /** Circuits under construction that it waits for no longer; whichever is ready first is taken all the same. */
    private final List<PooledCircuit> leftAlone = new ArrayList<>(0);

    private boolean mustPause;

    /**
     * @param avoid exits that have failed for this stream
     * @param sets whether a set of circuits will do
     */
    Acquisition(
            PoolState state,
            CircuitLauncher launcher,
            Selectors selectors,
            StreamRequest request,
            int epoch,
            Set<RsaId> avoid,
            boolean sets,
            Deadline deadline) {
        this.state = state;
        this.launcher = launcher;
        this.selectors = selectors;
        this.request = request;
        this.epoch = epoch;
        this.avoid = avoid;
        this.sets = sets;
        this.deadline = deadline;
    }

    /** The circuit, reserved until {@link CircuitList#opened}. */
    PooledCircuit run() throws TorException {
        try {
            while (true) {
                pause();
                PathSelector selector = selectors.await(deadline);
                Claim claim = new Claim(
                        request.isolation(), epoch, exitRequest(request, selector).avoiding(avoid), request.prebuilt(),
                        request.keepAlive(), request.lifetime(), sets);
                state.lock.lock();
                try {
                    noteAwaited();
                    PooledCircuit found = take(claim, selector);
                    if (found != null) {
                        state.chosen(outcome);
                        return found;
                    }
                    failIfHopeless();
                    if (awaited == null) {
                        awaited = state.circuits.await(claim, selector, System.nanoTime());
                    }
                    if (awaited == null && mustPause) {
                        continue;
                    }
                    if (awaited != null || state.isPlanned(claim) || !state.reserve(claim)) {
                        outcome = outcome == Outcome.HIT ? Outcome.WAIT : outcome;
                        Deadline next = awaited == null ? deadline : deadline.atMost(PooledCircuit.PATIENCE);
                        next.await(state.changed, "a circuit");
                        continue;
                    }
                } finally {
                    state.lock.unlock();
                }
                launch(selector, claim);
            }
        } finally {
            letGo();
        }
    }

    /** How the circuit was come by. */
    Outcome outcome() {
        return outcome;
    }

    /** How long it took so far. */
    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    /** Looks what has become of the circuit that is waited for. */
    private void noteAwaited() {
        PooledCircuit c = awaited;
        if (c != null && c.state == State.BUILDING && isHopeless(c)) {
            // It stays reserved: once it is ready it is taken all the same, by a stream too that takes no others' circuits.
            awaited = null;
            // The first circuit that waits itself is joined by another at once.
            mustPause = c.held && !leftAlone.isEmpty();
            leftAlone.add(c);
            return;
        }
        if (c == null || c.state == State.BUILDING) {
            return;
        }
        // Ready, failed, too slow, or ready and closed again before this thread came to look.
        if (c.failure != null) {
            failed(c.failure);
        }
        c.waiting--;
        awaited = null;
    }

    /** Whether another circuit may be faster: whether a better guard works, say, shows only by trying it. */
    private boolean isHopeless(PooledCircuit c) {
        return leftAlone.size() < MOST_LEFT_ALONE && (c.held || !c.isYoung(System.nanoTime()));
    }

    private void failed(TorException failure) {
        lastFailure = failure;
        // While the network is down that shows at once, again and again; whether it comes back is worth the whole time.
        failures += failure.kind() == ErrorKind.NETWORK_DOWN ? 0 : 1;
        mustPause = true;
    }

    private void failIfHopeless() throws TorException {
        state.checkOpen();
        TorException failure = lastFailure;
        if (failure != null && (deadline.passed() || failures >= BUILD_ATTEMPTS || isFinal(failure))) {
            throw failure;
        }
    }

    private @Nullable PooledCircuit take(Claim claim, PathSelector selector) {
        while (true) {
            PooledCircuit found =
                    state.circuits.take(claim, selector, state.settings.maxCircuitDirtiness(), System.nanoTime());
            if (found == null || found.circuit != null && found.circuit.isConnected()) {
                return found;
            }
            // It or its channel was closed a moment ago, and its listener has not come to say so yet.
            if (found.circuit != null && found.circuit.isOpen()) {
                found.doubtful = true; // a set may go on with what streams it has
                state.circuits.opened(found);
            } else {
                state.circuits.remove(found);
            }
        }
    }

    private void launch(PathSelector selector, Claim claim) throws TorException {
        outcome = Outcome.MISS;
        try {
            awaited = launcher.launch(selector, claim.exit(), claim);
        } catch (TorException e) {
            if (isFinal(e)) {
                throw e;
            }
            failed(e);
        }
    }

    /** What is still under construction and that nobody else waits for is anybody's again. */
    private void letGo() {
        PooledCircuit last = awaited;
        if (last == null && leftAlone.isEmpty()) {
            return;
        }
        state.lock.lock();
        try {
            if (last != null) {
                state.circuits.letGo(last);
            }
            for (PooledCircuit c : leftAlone) {
                state.circuits.letGo(c);
            }
            state.keeperWanted.signal();
        } finally {
            state.lock.unlock();
        }
    }

    private static ExitRequest exitRequest(StreamRequest request, PathSelector selector) {
        ExitChoice exits = request.exits();
        return anyExitRequest(request, selector).within(exits == null ? null : exits.relays());
    }

    private static ExitRequest anyExitRequest(StreamRequest request, PathSelector selector) {
        int port = request.port();
        if (port == 0) {
            return ExitRequest.any();
        }
        boolean stable = selector.settings().isLongLived(port);
        if (request.host().indexOf(':') >= 0) {
            return ExitRequest.ipv6(port, stable);
        }
        boolean wantsIpv4 = (request.beginFlags() & Begin.IPV4_NOT_OK) == 0;
        return ExitRequest.name(port, stable, wantsIpv4);
    }

    private static boolean isFinal(TorException e) {
        return switch (e.kind()) {
            case NO_EXIT, CLOSED, BAD_REQUEST, CONFIG, INTERNAL -> true;
            default -> false;
        };
    }

    /** Failing at once is common while a guard is down; failing again and again must not become a busy loop. */
    private void pause() throws TorException {
        TorException failure = lastFailure;
        if (!mustPause) {
            return;
        }
        mustPause = false;
        long millis = failure == null ? 1000 : failures <= 2 ? 0 : Math.min(1000, 20L << failures);
        if (failure instanceof NoGuardException none) {
            millis = Math.clamp(Duration.between(Instant.now(), none.retryAt()).toMillis(), 100, 2000);
        }
        if (millis == 0) {
            return;
        }
        if (deadline.nanosLeft() <= TimeUnit.MILLISECONDS.toNanos(millis)) {
            throw failure != null ? failure : new TorException(ErrorKind.TIMEOUT, "no better guard answered in time");
        }
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TorException(ErrorKind.CLOSED, "interrupted while waiting for a circuit", e);
        }
    }
}
