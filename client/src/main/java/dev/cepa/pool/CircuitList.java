package dev.cepa.pool;

import dev.cepa.cell.RsaId;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.PathSelector;
import dev.cepa.pool.PooledCircuit.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The circuits of a pool, and which stream may have which (path-spec section 2.1, 2.3). Knows no network and no clock;
 * not thread-safe: {@link CircuitPool} holds its lock around every call.
 */
final class CircuitList {
    /** So many circuits that nobody has used yet are kept at most, as in C tor. */
    static final int MAX_UNUSED = 14;

    private final List<PooledCircuit> circuits = new ArrayList<>();
    private int epoch;

    /** Which change of identity was the last one: streams of different epochs never share a circuit. */
    int epoch() {
        return epoch;
    }

    /** No stream that is asked for from now on shares a circuit with those before. */
    void startEpoch() {
        epoch++;
    }

    /** No circuit of now gets another stream; streams wait for none of those under construction. */
    void doubtAll() {
        for (PooledCircuit c : circuits) {
            c.doubtful = !c.pinned;
            if (c.state == State.BUILDING) {
                c.state = State.MEASURING;
            }
        }
    }

    /** No set gets another stream. */
    void doubtSets() {
        for (PooledCircuit c : circuits) {
            c.doubtful |= c.isSet();
        }
    }

    /**
     * No circuit through that relay, wherever on the path, gets another stream: as a first relay it is silent. Streams that
     * are open may yet go on.
     */
    void doubtThrough(RsaId relay) {
        for (PooledCircuit c : circuits) {
            if (c.isThrough(relay) && c.state == State.READY) {
                c.doubtful = !c.pinned;
            }
        }
    }

    void add(PooledCircuit circuit) {
        circuits.add(circuit);
    }

    /** Takes out a circuit that failed, was closed or is not wanted any more. */
    void remove(PooledCircuit circuit) {
        circuit.state = State.GONE;
        circuits.remove(circuit);
    }

    /** Takes out all. */
    List<PooledCircuit> removeAll() {
        List<PooledCircuit> all = new ArrayList<>(circuits);
        for (PooledCircuit c : all) {
            c.state = State.GONE;
        }
        circuits.clear();
        return all;
    }

    /** All circuits at this moment; not to be changed, nor kept. */
    List<PooledCircuit> all() {
        return circuits;
    }

    /**
     * The best open circuit, which is reserved for the stream until {@link #opened}: a set rather than a circuit, and of
     * either one that its like use already, else a clean one, which becomes theirs; null if there is none.
     */
    @Nullable PooledCircuit take(Claim claim, PathSelector selector, Duration maxDirtiness, long now) {
        PooledCircuit best = null;
        int bestRank = 0;
        for (PooledCircuit c : circuits) {
            if (c.isSet() && !claim.sets() || c.state != State.READY || !mayCarry(c, claim, maxDirtiness, now)
                    || !suits(c, claim.exit(), selector)) {
                continue;
            }
            int rank = (c.isSet() ? 2 : 0) + (c.isClean() ? 0 : 1);
            // The oldest clean one that the request needs no more of than it has: Stable ones are for those that need them.
            boolean better = best == null || rank > bestRank
                    || rank == bestRank && c.isClean() && !claim.exit().stable() && best.stable && !c.stable;
            if (better) {
                best = c;
                bestRank = rank;
            }
        }
        if (best != null) {
            if (best.isClean()) {
                own(best, claim);
                best.dirtyAt = now;
            } else if (claim.keepAlive()) {
                best.dirtyAt = now;
                best.keptAlive = true;
            }
            best.opening++;
        }
        return best;
    }

    /** A circuit under construction that the stream can wait for, and that is its from now on; null if there is none. */
    @Nullable PooledCircuit await(Claim claim, PathSelector selector, long now) {
        PooledCircuit clean = null;
        for (PooledCircuit c : circuits) {
            if (c.state == State.BUILDING && !c.held && c.isYoung(now) && suits(c, claim.exit(), selector)) {
                if (isOwner(claim, c)) {
                    c.waiting++;
                    return c;
                }
                if (clean == null && c.isClean() && claim.prebuilt()) {
                    clean = c;
                }
            }
        }
        if (clean != null) {
            own(clean, claim);
            clean.waiting++;
        }
        return clean;
    }

    /** A stream waits no more for that circuit; if it was the last, the circuit is anybody's. */
    void letGo(PooledCircuit c) {
        if (--c.waiting == 0 && c.state == State.BUILDING) {
            c.key = null;
            c.keptAlive = false;
            c.lifetime = null;
        }
    }

    static void own(PooledCircuit c, Claim claim) {
        c.key = claim.key();
        c.epoch = claim.epoch();
        c.keptAlive = claim.keepAlive();
        c.lifetime = claim.lifetime();
    }

    private static boolean isOwner(Claim claim, PooledCircuit c) {
        return claim.key().equals(c.key) && claim.epoch() == c.epoch;
    }

    private static boolean mayCarry(PooledCircuit c, Claim claim, Duration maxDirtiness, long now) {
        return c.isClean() ? claim.prebuilt() : isOwner(claim, c) && !isTooDirty(c, maxDirtiness, now);
    }

    /** Whether its exit takes such a stream, and today's settings allow its path. */
    static boolean suits(PooledCircuit c, ExitRequest exit, PathSelector selector) {
        if (c.doubtful || c.isMaimed() || exit.avoid().contains(c.exit) || exit.stable() && !c.stable
                || !c.isAllowedBy(selector)) {
            return false;
        }
        int relay = selector.dir().indexOf(c.exit);
        return relay >= 0 && selector.exitSupports(relay, exit);
    }

    /** A stream that a circuit was taken for is open, or failed to open. */
    void opened(PooledCircuit c) {
        c.opening--;
    }

    /**
     * A circuit is built.
     *
     * @param idle how long it is kept if nobody uses it
     */
    void ready(PooledCircuit c, Duration idle, long now) {
        c.state = State.READY;
        c.readyAt = now;
        c.idleUntil = now + idle.toNanos();
        if (!c.isClean()) {
            c.dirtyAt = now;
        }
    }

    private static boolean isTooDirty(PooledCircuit c, Duration maxDirtiness, long now) {
        Duration most = c.lifetime == null ? maxDirtiness : c.lifetime;
        return !c.pinned && now - dirtySince(c) > most.toNanos();
    }

    private static long dirtySince(PooledCircuit c) {
        if (!c.keptAlive || c.circuit == null) {
            return c.dirtyAt;
        }
        long lastUsed = c.circuit.lastUsedNanos();
        return lastUsed - c.dirtyAt > 0 ? lastUsed : c.dirtyAt;
    }

    /**
     * Takes out circuits whose time is over: clean ones that nobody came for, and used ones that carry no stream and may
     * not get another.
     *
     * @param selector null while there is no directory
     */
    List<PooledCircuit> retire(@Nullable PathSelector selector, Duration maxDirtiness, long now) {
        List<PooledCircuit> retired = new ArrayList<>();
        for (Iterator<PooledCircuit> i = circuits.iterator(); i.hasNext(); ) {
            PooledCircuit c = i.next();
            if (c.state != State.READY || c.opening > 0 || c.pinned) {
                continue;
            }
            boolean over = c.isClean()
                    ? now - c.idleUntil > 0
                    : c.epoch != epoch || isTooDirty(c, maxDirtiness, now);
            boolean forbidden = c.doubtful || c.isMaimed() || selector != null && !c.isAllowedBy(selector);
            if ((over || forbidden) && c.streams.getAsInt() == 0) {
                i.remove();
                c.state = State.GONE;
                retired.add(c);
            }
        }
        return retired;
    }

    /** How many circuits are being built for streams. */
    int pending() {
        return count(State.BUILDING, false);
    }

    /** How many are open. */
    int open() {
        return count(State.READY, false);
    }

    /** Whether a set is being built. */
    boolean isLinking() {
        return count(State.LINKING, false) > 0;
    }

    /** How many sets there are, or will be. */
    int sets(boolean cleanOnly) {
        int count = 0;
        for (PooledCircuit c : circuits) {
            boolean counts = c.state == State.LINKING || c.state == State.READY && !c.isMaimed();
            if (c.isSet() && counts && !c.doubtful && (!cleanOnly || c.isClean())) {
                count++;
            }
        }
        return count;
    }

    /** How many are open and have carried no stream yet. */
    int unused() {
        return count(State.READY, true);
    }

    /** How many are open, or will be, that nobody has claimed. */
    int unclaimed() {
        return unused() + count(State.BUILDING, true);
    }

    private int count(State state, boolean cleanOnly) {
        int count = 0;
        for (PooledCircuit c : circuits) {
            if (c.state == state && (!cleanOnly || c.isClean())) {
                count++;
            }
        }
        return count;
    }

    /** How many sets that nobody has claimed would do for such a request, now or when they are built. */
    int countUnclaimedSets(ExitRequest exit, PathSelector selector) {
        int count = 0;
        for (PooledCircuit c : circuits) {
            boolean counts = c.state == State.READY || c.state == State.LINKING;
            if (c.isSet() && counts && c.isClean() && suits(c, exit, selector)) {
                count++;
            }
        }
        return count;
    }

    /** How many circuits that nobody has claimed would do for such a request, now or when they are built. */
    int countUnclaimed(ExitRequest exit, PathSelector selector) {
        int count = 0;
        for (PooledCircuit c : circuits) {
            if (c.isClean() && (c.state == State.READY || c.state == State.BUILDING) && suits(c, exit, selector)) {
                count++;
            }
        }
        return count;
    }
}
