package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.netdoc.NetDir;
import org.jspecify.annotations.Nullable;

/**
 * One circuit through one guard. Whoever builds the circuit says how it went, once, by {@link #succeeded()} or
 * {@link #failed}, and in any case {@link #closed()} when the circuit is gone. Thread-safe.
 */
public final class GuardAttempt {
    /** Whether a finished circuit may be used (guard-spec section 4.8). */
    public enum Usability {
        /** It may be used. */
        USABLE,
        /** A better guard may still work: ask again by {@link GuardAttempt#usability()} in a moment. */
        WAIT,
        /** It must be closed: it waited too long, failed, or its guard is no longer ours. */
        NEVER
    }

    /** C tor's circuit guard states. */
    enum State {
        USABLE_ON_COMPLETION,
        USABLE_IF_NO_BETTER_GUARD,
        WAITING_FOR_BETTER_GUARD,
        COMPLETE,
        DEAD
    }

    private final GuardManager manager;
    private final RsaId id;
    /** Null if guards are not in use. */
    final @Nullable Guard guard;

    final GuardManager.Usage usage;
    final GuardRestriction restriction;
    /** The following belong to the manager, under its lock. */
    State state;

    long stateSetAt;
    PathBias.Stage stage = PathBias.Stage.NEW;

    GuardAttempt(
            GuardManager manager, RsaId id, @Nullable Guard guard, GuardManager.Usage usage, GuardRestriction restriction,
            State state, long now) {
        this.manager = manager;
        this.id = id;
        this.guard = guard;
        this.usage = usage;
        this.restriction = restriction;
        this.state = state;
        this.stateSetAt = now;
    }

    /** The relay to connect to. */
    public RsaId guard() {
        return id;
    }

    /** What people are shown of it. */
    public String name() {
        return guard == null ? "$" + id : guard.toString();
    }

    /** That relay's number in a snapshot; -1 if the snapshot does not list it. */
    public int relayIn(NetDir dir) {
        return dir.indexOf(id);
    }

    /** Whether the guard was a primary one when it was chosen, so that nothing need be waited for; or guards are not in use. */
    public boolean isFirstChoice() {
        return manager.isFirstChoice(this);
    }

    /** The circuit is built. */
    public Usability succeeded() {
        return manager.succeeded(this);
    }

    /**
     * The guard could not be reached, or the circuit failed at it. Failures further along are not the guard's.
     *
     * @param inSilence whether nothing came from any relay since the attempt began, so that the network may be to blame
     */
    public void failed(boolean inSilence) {
        manager.failed(this, inSilence);
    }

    /**
     * What the guard was wanted for did not come of it, though a circuit to it may have been built.
     *
     * @param byUs whether that was our own doing, and says nothing of it
     */
    public void useless(boolean byUs) {
        if (!byUs) {
            manager.useless(this);
        }
        closed();
    }

    /**
     * How the circuit fares from here on is not counted for or against the guard, since others have a hand in it. One that
     * is complete counts as a success.
     */
    public void stopCounting() {
        manager.stopCounting(this);
    }

    /** The first hop has answered, and the second is about to be asked for. */
    public void goesOn() {
        manager.goesOn(this);
    }

    /** The last hop has answered. */
    public void complete() {
        manager.complete(this);
    }

    /** A stream is about to be tried on the circuit. */
    public void used() {
        manager.used(this);
    }

    /** The exit has answered a stream, whatever it said. */
    public void answered() {
        manager.answered(this);
    }

    /**
     * The circuit has ended.
     *
     * @param timedOut whether it was given up because building took too long
     * @param remote whether somebody else ended it
     */
    public void ended(boolean timedOut, boolean remote) {
        manager.ended(this, timedOut, remote);
    }

    /** Whether the built circuit may be used by now. */
    public Usability usability() {
        return manager.checkWaiting(this);
    }

    /** The circuit is gone or was given up; says nothing about the guard. May be called more than once. */
    public void closed() {
        manager.closed(this);
    }

    @Override
    public String toString() {
        return "attempt through " + name();
    }
}
