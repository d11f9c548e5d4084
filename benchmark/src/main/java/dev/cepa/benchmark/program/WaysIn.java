package dev.cepa.benchmark.program;

import dev.cepa.benchmark.BenchmarkContext;
import dev.cepa.benchmark.LatencyTracker;
import dev.cepa.benchmark.load.DnsClient;
import dev.cepa.benchmark.load.HttpTunnelClient;
import dev.cepa.benchmark.load.ProxyClient;
import dev.cepa.benchmark.load.RequestLoad;
import dev.cepa.benchmark.load.Socks4Client;
import dev.cepa.benchmark.load.SocksClient;
import dev.cepa.benchmark.load.WebStream;
import dev.cepa.benchmark.load.WebTarget;
import dev.cepa.benchmark.load.WrongContentException;
import dev.cepa.benchmark.process.ClientProcess;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.error.Deadline;
import dev.cepa.testnet.Ports;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The same thousand requests through each way by which programs come in, five at a time, on circuits that they share: so
 * the ways differ in what the client does itself. Then a thousand names are looked up. One operation is one request, its
 * content checked, or one name, its address checked; none may fail.
 */
public final class WaysIn extends ProgramBenchmark {
    private static final int REQUESTS = 1000;
    private static final int QUICK_REQUESTS = 10;
    private static final int WORKERS = 5;
    private static final int WAYS = 5;
    private static final int LENGTH = 1000;
    private static final String ADDRESS = "127.0.0.1";
    /** What every name of a private network stands for. */
    private static final byte[] LOOPBACK = {127, 0, 0, 1};
    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** For the command. */
    public WaysIn() {
        this(null);
    }

    WaysIn(@Nullable ClientProgram program) {
        super("Ways In", Category.WAYS, program);
    }

    @Override
    void measure(Run run) throws IOException, InterruptedException, TimeoutException {
        BenchmarkContext context = run.context();
        Ports ports = new Ports(new SecureRandom());
        int http = ports.next();
        int dns = ports.next();
        try (ClientProcess client =
                run.startWith(List.of("HTTPTunnelPort " + ADDRESS + ":" + http, "DNSPort " + ADDRESS + ":" + dns))) {
            ProxyClient socks = new SocksClient(client.socksPort());
            WebTarget byAddress = new WebTarget(ADDRESS, context.web().port());
            run.part(0, WAYS);
            requests(run, client, "SOCKS 5, by name", socks, run.target());
            run.part(1, WAYS);
            requests(run, client, "SOCKS 5, by address", socks, byAddress);
            run.part(2, WAYS);
            requests(run, client, "SOCKS 4a", new Socks4Client(client.socksPort()), run.target());
            run.part(3, WAYS);
            requests(run, client, "HTTP CONNECT", new HttpTunnelClient(http), run.target());
            run.part(4, WAYS);
            DnsClient resolver = new DnsClient(dns);
            // Each name once: what is measured is asking, not remembering.
            all(run, client, "DNS", (number, deadline) -> {
                long begin = System.nanoTime();
                byte[] address = resolver.lookUp("host" + number + "." + context.host(), deadline);
                long nanos = System.nanoTime() - begin;
                if (!Arrays.equals(address, LOOPBACK)) {
                    throw new WrongContentException("wrong content: another address");
                }
                return nanos;
            });
            run.memory(client.memory());
        }
    }

    /** One request; says how long it took until there was something. */
    private interface Timed {
        long make(int number, Deadline deadline) throws IOException;
    }

    private static void requests(Run run, ClientProcess client, String name, ProxyClient way, WebTarget target)
            throws IOException, InterruptedException, TimeoutException {
        all(run, client, name, (number, deadline) ->
                WebStream.fetch(way, target, null, 1, LENGTH, deadline).firstByteNanos());
    }

    private static void all(Run run, ClientProcess client, String name, Timed request)
            throws IOException, InterruptedException, TimeoutException {
        LatencyTracker own = new LatencyTracker();
        int count = run.context().iterations(REQUESTS, QUICK_REQUESTS);
        RequestLoad load = new RequestLoad(new RequestLoad.Plan(count, WORKERS, Duration.ZERO, TIMEOUT),
                run.deadline(PATIENCE), (number, deadline) -> {
                    long nanos = request.make(number, deadline);
                    own.recordNanos(nanos);
                    run.latency().recordNanos(nanos);
                });
        double cpu = client.cpuSeconds();
        RequestLoad.Outcome outcome = run.load(client, load, count, name);
        run.worked(outcome.done(), outcome.seconds());
        run.atMost(name + ": failed", "", outcome.failed() + outcome.cutOff(), 0);
        run.smaller(name + ": p50", "ms", own.percentile(50).toNanos() / 1e6);
        run.smaller(name + ": p95", "ms", own.percentile(95).toNanos() / 1e6);
        run.smaller(name + ": CPU a request", "ms", (client.cpuSeconds() - cpu) * 1000 / count);
    }
}
