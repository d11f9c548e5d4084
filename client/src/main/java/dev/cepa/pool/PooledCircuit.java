package dev.cepa.pool;

import dev.cepa.cell.RsaId;
import dev.cepa.circuit.Tunnel;
import dev.cepa.error.TorException;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A circuit in the pool, or a set of circuits that counts as one, from its launch on. All fields belong to
 * {@link CircuitPool}, under its lock. Times are on the monotonic clock, in nanoseconds.
 */
final class PooledCircuit {
    /** What has become of it. */
    enum State {
        /** Being built, for streams. */
        BUILDING,
        /** Being built, too slowly for streams: its time is all that is wanted of it. */
        MEASURING,
        /** A set, being built; nobody waits for it. */
        LINKING,
        /** Open. */
        READY,
        /** Failed or closed. */
        GONE
    }

    /** So long after its path was chosen a circuit is joined by another: by far most are built in less time. */
    static final Duration PATIENCE = Duration.ofSeconds(3);

    /** Its last relay. */
    final RsaId exit;
    /** Whether all its relays are Stable. */
    final boolean stable;

    /** Of each leg; one for a circuit. */
    private RsaId[][] paths;
    /** What the path was last held against, and how that came out. */
    private PathSettings judgedBy;

    private boolean allowed = true;

    private final long plannedAt = System.nanoTime();

    State state = State.BUILDING;
    /** Whose streams it carries, and since which epoch; null while it is clean. */
    @Nullable IsolationKey key;

    int epoch;
    /** Whether one owner has it for himself, until he closes it. */
    boolean pinned;
    /** Whether it is believed to be broken, so that it gets no new streams. */
    boolean doubtful;
    /** Whether streams with credentials keep it young. */
    boolean keptAlive;
    /** How long after its first stream it takes others; null: as the settings say. */
    @Nullable Duration lifetime;
    /** Null until it is ready. */
    @Nullable Tunnel circuit;
    /** How many streams it carries. */
    IntSupplier streams = () -> 0;
    /** Why building failed; null otherwise. */
    @Nullable TorException failure;
    /** Whether its first cell was sent, and when; and whether its first hop has answered. */
    boolean begun;

    long begunAt;
    /** When it was begun by the clock on the wall, in milliseconds. */
    long begunMillis;

    boolean firstHopDone;
    /** Whether its last hop has answered. */
    boolean complete;
    /** Whether it waits, complete, for a better guard to fail: nobody should wait for it in turn. */
    boolean held;
    /** Whether it was too slow already, and was let go on because there was no other. */
    boolean relaxed;
    /** When it became ready, when a stream last made it dirty, and until when it is kept unused. */
    long readyAt;

    long dirtyAt;
    long idleUntil;
    /** Streams that wait until it is built. */
    int waiting;
    /** Streams that are being opened on it at this moment: it is not retired under them. */
    int opening;

    /** Told how streams fare on it; of each leg one, none where no guard is to be judged. */
    List<GuardAttempt> attempts = List.of();

    /** @param relays of the selector's snapshot, the guard first */
    PooledCircuit(PathSelector selector, boolean stable, int... relays) {
        paths = new RsaId[][] {ids(selector, relays)};
        exit = paths[0][relays.length - 1];
        judgedBy = selector.settings();
        this.stable = stable;
    }

    /**
     * A set.
     *
     * @param legs at least two, to the same exit, of Stable relays where there are any
     */
    PooledCircuit(List<CircuitSource.Plan> legs) {
        this(legs.getFirst().selector(), true, relays(legs.getFirst()));
        state = State.LINKING;
        setLegs(legs);
    }

    /** Says what a set's legs are, as some may have been tried again by other ways. */
    final void setLegs(List<CircuitSource.Plan> legs) {
        RsaId[][] all = new RsaId[legs.size()][];
        List<GuardAttempt> guards = new ArrayList<>(all.length);
        for (int i = 0; i < all.length; i++) {
            CircuitSource.Plan plan = legs.get(i);
            all[i] = ids(plan.selector(), relays(plan));
            guards.add(plan.attempt());
        }
        paths = all;
        attempts = List.copyOf(guards);
    }

    private static int[] relays(CircuitSource.Plan plan) {
        return new int[] {plan.guard(), plan.middle(), plan.exit()};
    }

    private static RsaId[] ids(PathSelector selector, int... relays) {
        RsaId[] ids = new RsaId[relays.length];
        for (int i = 0; i < relays.length; i++) {
            ids[i] = selector.dir().rsaId(relays[i]);
        }
        return ids;
    }

    /** Whether it is a set of circuits. */
    boolean isSet() {
        return paths.length > 1;
    }

    /** Whether it lacks a leg, and so should carry no new streams. */
    boolean isMaimed() {
        return circuit != null && isSet() && !circuit.isWhole();
    }

    /** Whether its path is one that today's settings allow, which may not be those that it was chosen by. */
    @SuppressWarnings("ReferenceEquality") // asked for every circuit and stream; equal settings only cost judging again
    boolean isAllowedBy(PathSelector selector) {
        if (judgedBy != selector.settings()) {
            allowed = true;
            for (RsaId[] path : paths) {
                int[] relays = new int[path.length];
                for (int i = 0; i < relays.length; i++) {
                    relays[i] = selector.dir().indexOf(path[i]);
                }
                allowed &= selector.allowsPath(relays);
            }
            judgedBy = selector.settings();
        }
        return allowed;
    }

    /** Its first relay; of a set, that of its first leg. */
    RsaId guard() {
        return paths[0][0];
    }

    /** Whether that relay is anywhere on its path, or on one of its legs'. */
    boolean isThrough(RsaId relay) {
        for (RsaId[] path : paths) {
            for (RsaId hop : path) {
                if (hop.equals(relay)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether it may be built any moment; if not, another may be faster. */
    boolean isYoung(long now) {
        return now - plannedAt < PATIENCE.toNanos();
    }

    boolean isClean() {
        return key == null;
    }
}
