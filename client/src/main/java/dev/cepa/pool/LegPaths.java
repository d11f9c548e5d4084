package dev.cepa.pool;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.ExitRequest;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import dev.cepa.path.GuardRestriction;
import dev.cepa.path.PathSelector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The paths of one set's legs: one exit, and guards and middle relays of which none is another leg's, nor of its family or
 * subnet. Guards are primary ones only: a set is never a reason to use more guards than we have. Thread-safe.
 */
final class LegPaths {
    private final PathSelector selector;
    private final GuardManager guards;
    private final int exit;
    private final int[] guard;
    private final int[] middle;

    /**
     * Chooses the exit.
     *
     * @throws TorException of kind NO_EXIT or NO_PATH
     */
    LegPaths(PathSelector selector, GuardManager guards, ExitRequest request, int legs) throws TorException {
        this.selector = selector;
        this.guards = guards;
        exit = selector.pickExit(request.overConflux());
        guard = new int[legs];
        middle = new int[legs];
        for (int i = 0; i < legs; i++) {
            forget(i);
        }
    }

    private void forget(int leg) {
        guard[leg] = -1;
        middle[leg] = -1;
    }

    /**
     * Chooses all paths: guards first, which are the least free to vary.
     *
     * @return a plan for each leg, whose guard attempts must be ended
     * @throws TorException of kind NO_PATH if there are not enough relays that are far enough apart, or as guards say
     */
    synchronized List<CircuitSource.Plan> chooseAll() throws TorException {
        List<GuardAttempt> attempts = new ArrayList<>(guard.length);
        try {
            for (int leg = 0; leg < guard.length; leg++) {
                attempts.add(chooseGuard(leg));
            }
            List<CircuitSource.Plan> plans = new ArrayList<>(guard.length);
            for (int leg = 0; leg < guard.length; leg++) {
                plans.add(plan(leg, attempts.get(leg)));
            }
            return plans;
        } catch (TorException | RuntimeException e) {
            for (GuardAttempt attempt : attempts) {
                attempt.closed();
            }
            throw e;
        }
    }

    /** Chooses another path for a leg that failed. */
    synchronized CircuitSource.Plan chooseAgain(int leg) throws TorException {
        forget(leg);
        GuardAttempt attempt = chooseGuard(leg);
        try {
            for (int other : middle) {
                if (other >= 0 && !selector.canBeTogether(other, guard[leg])) {
                    throw new TorException(ErrorKind.NO_PATH, "the guard is too close to another leg of the set");
                }
            }
            return plan(leg, attempt);
        } catch (TorException | RuntimeException e) {
            attempt.closed();
            forget(leg);
            throw e;
        }
    }

    private CircuitSource.Plan plan(int leg, GuardAttempt attempt) throws TorException {
        int[] others = new int[2 * guard.length + 1];
        int count = 0;
        others[count++] = exit;
        for (int i = 0; i < guard.length; i++) {
            if (guard[i] >= 0) {
                others[count++] = guard[i];
            }
            if (middle[i] >= 0) {
                others[count++] = middle[i];
            }
        }
        middle[leg] = selector.pickMiddle(true, Arrays.copyOf(others, count));
        return new CircuitSource.Plan(selector, guard[leg], middle[leg], exit, true, attempt);
    }

    private GuardAttempt chooseGuard(int leg) throws TorException {
        NetDir dir = selector.dir();
        Set<RsaId> apart = new HashSet<>();
        for (int other : guard) {
            if (other >= 0) {
                apart.add(dir.rsaId(other));
            }
        }
        GuardAttempt attempt = guards.select(GuardManager.Usage.TRAFFIC, GuardRestriction.leg(dir.rsaId(exit), apart));
        attempt.stopCounting(); // an exit that breaks legs must not be able to blame our guards
        int relay = attempt.relayIn(dir);
        if (relay < 0 || !attempt.isFirstChoice()) {
            attempt.closed();
            throw new TorException(ErrorKind.NO_PATH, "no primary guard is up for leg " + (leg + 1) + " of a set");
        }
        guard[leg] = relay;
        return attempt;
    }
}
