package dev.cepa.benchmark.program;

import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.load.Transfer;
import dev.cepa.benchmark.process.ClientControl;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Time to the first byte of requests, one after the other, as users wait for it: on a client that has settled and has
 * circuits ready, which all requests may share; then of requests that may share none, as each has a SOCKS user name of its
 * own; then of the first request after each new identity. One operation is one such request, its content checked.
 */
public final class FirstByte extends ProgramBenchmark {
    private static final int SHARED = 200;
    private static final int QUICK_SHARED = 5;
    private static final int ISOLATED = 60;
    private static final int QUICK_ISOLATED = 5;
    private static final int IDENTITIES = 10;
    private static final int QUICK_IDENTITIES = 1;
    private static final int PARTS = 3;
    private static final int LENGTH = 1000;
    private static final Duration SETTLING = Duration.ofSeconds(3);
    private static final Duration QUICK_SETTLING = Duration.ofMillis(100);
    /** C tor takes no more than one new identity in ten seconds of its coarse clock; ours is given the same time. */
    private static final Duration BETWEEN_IDENTITIES = Duration.ofSeconds(11);
    /** From a program's answer until it has surely done what it was told. */
    private static final Duration TAKING_EFFECT = Duration.ofMillis(50);
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** For the command. */
    public FirstByte() {
        this(null);
    }

    FirstByte(@Nullable ClientProgram program) {
        super("First Byte", Category.LATENCY, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        ClientControl control = new ClientControl(run.program());
        try (ClientProcess client = run.startWith(control.torrc())) {
            Duration settling = run.quick() ? QUICK_SETTLING : SETTLING;
            pause(run, settling);
            double cpu = client.cpuSeconds();
            run.part(0, PARTS);
            int shared = requests(run, client, control, "prebuilt circuits", null, SHARED, QUICK_SHARED);
            pause(run, settling);
            run.part(1, PARTS);
            int isolated = requests(run, client, control, "isolated", "user", ISOLATED, QUICK_ISOLATED);
            run.smaller("CPU a request", "ms", (client.cpuSeconds() - cpu) * 1000 / (shared + isolated));
            if (control.hasNewIdentity()) {
                run.part(2, PARTS);
                identities(run, client, control);
            }
            run.memory(client.memory());
        }
    }

    private static int requests(
            Run run, ClientProcess client, ClientControl control, String name, @Nullable String user, int full, int quickly)
            throws IOException, InterruptedException, TimeoutException {
        LatencyTracker own = new LatencyTracker();
        int count = run.context().iterations(full, quickly);
        ClientControl.Pool before = control.pool(client, run.deadline(PATIENCE));
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            run.step(i, count, name + ": " + i + " of " + count);
            request(run, client, user == null ? null : user + i, own);
        }
        run.worked(count, (System.nanoTime() - begin) / 1e9);
        run.percentiles(name, own);
        ClientControl.Pool after = control.pool(client, run.deadline(PATIENCE));
        if (before != null && after != null) {
            run.larger(name + ": circuits that were ready", "%", after.since(before).hitPercent());
        }
        return count;
    }

    private static void identities(Run run, ClientProcess client, ClientControl control)
            throws IOException, InterruptedException, TimeoutException {
        LatencyTracker own = new LatencyTracker();
        int count = run.context().iterations(IDENTITIES, QUICK_IDENTITIES);
        long begin = System.nanoTime();
        long working = 0;
        for (int i = 0; i < count; i++) {
            run.step(i, count, "new identity: " + i + " of " + count);
            // There is a circuit that is in use, which the new identity must do without.
            run.fetch(client, null, LENGTH, run.deadline(PATIENCE));
            // The first comes at once: nothing was asked for before.
            pause(run, Duration.ofNanos(Math.max(0, begin + i * BETWEEN_IDENTITIES.toNanos() - System.nanoTime())));
            control.newIdentity(client, run.deadline(PATIENCE));
            pause(run, TAKING_EFFECT);
            working += request(run, client, null, own);
        }
        run.worked(count, working / 1e9);
        run.percentiles("after a new identity (cepa: HUP, tor: NEWNYM)", own);
    }

    private static long request(Run run, ClientProcess client, @Nullable String user, LatencyTracker own) throws IOException {
        Transfer transfer = run.fetch(client, user, LENGTH, run.deadline(PATIENCE));
        own.recordNanos(transfer.firstByteNanos());
        run.latency().recordNanos(transfer.firstByteNanos());
        return transfer.nanos();
    }

    private static void pause(Run run, Duration time) throws InterruptedException, TimeoutException {
        run.context().check();
        TimeUnit.NANOSECONDS.sleep(Math.min(time.toNanos(), run.context().deadline().nanosLeft()));
    }
}
