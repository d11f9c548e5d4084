package dev.cepa.pool;

import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.ConfluxSet;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.path.GuardAttempt;
import dev.cepa.pool.CircuitSource.BuiltSet;
import dev.cepa.pool.CircuitSource.Plan;
import dev.cepa.pool.CircuitSource.SetOptions;
import dev.cepa.pool.CircuitSource.SetPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Builds one set: all legs at once, each on a thread of its own, and each by another way if one fails. Used once. What it
 * learns of is each leg's own; the guards remember how theirs went.
 */
final class SetBuild {
    private final CircuitBuilder builder;
    private final ConfluxSet set;
    private final LegPaths paths;
    private final SetOptions options;
    private final Leg[] legs;
    private final AtomicReference<@Nullable TorException> failure = new AtomicReference<>();

    SetBuild(CircuitBuilder builder, ConfluxSet set, SetPlan plan, SetOptions options) {
        this.builder = builder;
        this.set = set;
        this.paths = plan.paths();
        this.options = options;
        legs = new Leg[plan.legs().size()];
        for (int i = 0; i < legs.length; i++) {
            legs[i] = new Leg(i, plan.legs().get(i));
        }
    }

    /** Builds it; if that fails nothing is left of it, and all guard attempts are ended. */
    BuiltSet run() throws TorException {
        List<Thread> threads = new ArrayList<>(legs.length - 1);
        for (int i = 1; i < legs.length; i++) {
            threads.add(Thread.ofVirtual().name("cepa-leg").start(legs[i]));
        }
        legs[0].run();
        try {
            for (Thread thread : threads) {
                thread.join(); // each ends within its time
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failed(new TorException(ErrorKind.CLOSED, "interrupted while a set was built", e));
        }
        TorException reason = failure.get();
        if (reason != null) {
            throw reason;
        }
        List<Plan> plans = new ArrayList<>(legs.length);
        for (Leg leg : legs) {
            plans.add(leg.plan);
        }
        set.join(legs.length);
        return new BuiltSet(set, plans);
    }

    /** The other legs need go on no more. */
    private void failed(TorException reason) {
        failure.compareAndSet(null, reason);
        set.close();
    }

    /** One leg; its fields are its thread's until that has ended. */
    private final class Leg implements Runnable {
        private final int number;
        private Plan plan;

        Leg(int number, Plan plan) {
            this.number = number;
            this.plan = plan;
        }

        @Override
        public void run() {
            try {
                for (int left = options.retries(); ; left--) {
                    try {
                        build();
                        return;
                    } catch (TorException e) {
                        if (left <= 0 || !set.isOpen() || e.kind() == ErrorKind.CLOSED) {
                            throw e;
                        }
                    }
                    plan = paths.chooseAgain(number);
                }
            } catch (TorException e) {
                failed(e);
            } catch (RuntimeException e) {
                failed(new TorException(ErrorKind.INTERNAL, "building a leg of a set failed: " + e, e));
            }
        }

        private void build() throws TorException {
            GuardAttempt attempt = plan.attempt();
            Circuit circuit;
            try {
                circuit = builder.buildLeg(set, plan, new Timed());
            } catch (TorException e) {
                attempt.ended(e.kind() == ErrorKind.TIMEOUT, e.kind() != ErrorKind.CLOSED);
                throw e;
            }
            circuit.onClose(() -> {
                attempt.closed();
                TorException reason = circuit.closeReason();
                attempt.ended(false, reason != null && reason.kind() != ErrorKind.CLOSED);
            });
            set.link(circuit, options.legTime());
        }
    }

    /** How long a leg takes is not learned from: the slow ones are given up, and those that are left say too little. */
    private final class Timed implements CircuitSource.Progress {
        @Override
        public Deadline begun() {
            return Deadline.in(options.legTime());
        }

        @Override
        public void firstHopDone() {
            // The guard's attempt knows.
        }

        @Override
        public void complete() {
            // It is still to be linked.
        }
    }
}
