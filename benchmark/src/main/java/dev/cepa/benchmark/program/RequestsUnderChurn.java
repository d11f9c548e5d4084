package dev.cepa.benchmark.program;

import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.load.RequestLoad;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.error.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A thousand requests of fifty isolated users, five at a time, while at every moment one relay of the network or none
 * answers nothing: each in its turn is frozen for three seconds, then all are well for one. One operation is one request
 * that was served, its content checked; none may fail. A turn ends after five minutes, whatever hangs.
 */
public final class RequestsUnderChurn extends ProgramBenchmark {
    private static final int REQUESTS = 1000;
    private static final int QUICK_REQUESTS = 10;
    private static final int WORKERS = 5;
    private static final int USERS = 50;
    private static final int LENGTH = 1000;
    private static final Duration PAUSE = Duration.ofMillis(300);
    /** Longer than either program tries: C tor gives a stream up after two minutes. */
    private static final Duration TIMEOUT = Duration.ofSeconds(130);
    private static final Duration TURN = Duration.ofMinutes(5);
    private static final Duration SETTLING = Duration.ofSeconds(3);

    /** For the command. */
    public RequestsUnderChurn() {
        this(null);
    }

    RequestsUnderChurn(@Nullable ClientProgram program) {
        super("Requests Under Churn", Category.CHURN, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        try (ClientProcess client = run.startReady(null)) {
            if (!run.quick()) {
                Thread.sleep(SETTLING);
            }
            LatencyTracker firstByte = new LatencyTracker();
            int requests = run.context().iterations(REQUESTS, QUICK_REQUESTS);
            Deadline end = run.deadline(TURN);
            RequestLoad load = new RequestLoad(
                    new RequestLoad.Plan(requests, WORKERS, PAUSE, TIMEOUT), end, (number, deadline) -> {
                        long nanos = run.fetch(client, "churn" + number % USERS, LENGTH, deadline).firstByteNanos();
                        firstByte.recordNanos(nanos);
                        run.latency().recordNanos(nanos);
                    });
            double cpu = client.cpuSeconds();
            RequestLoad.Outcome outcome;
            int frozen;
            try (Churn churn = Churn.start(run.context().network())) {
                outcome = run.load(client, load, requests, "requests");
                frozen = churn.stop();
            }
            run.worked(outcome.done(), outcome.seconds());
            run.atMost("requests that failed", "", outcome.failed(), 0);
            run.atMost("requests cut off after five minutes", "", outcome.cutOff(), 0);
            run.larger("requests served", "", outcome.done());
            run.percentiles("first byte", firstByte);
            run.smaller("time for all", "s", outcome.seconds());
            run.smaller("CPU a request", "ms", (client.cpuSeconds() - cpu) * 1000 / Math.max(1, outcome.done()));
            run.told("relays frozen, one after the other", frozen);
            run.memory(client.memory());
        }
    }
}
