package dev.cepa.monitor;

import dev.cepa.OnionServiceState;
import dev.cepa.TorClient;
import dev.cepa.Traffic;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an operator sees of a client, on one HTTP port: {@code /metrics} for Prometheus, {@code /metrics/json},
 * {@code /health}, {@code /ready}, {@code /live}, and a page for people at {@code /}. All of it is for reading.
 *
 * <pre>{@code
 * Monitor monitor = Monitor.open(MonitorSettings.DEFAULT);
 * TorClient tor = TorClient.start(config, monitor);
 * monitor.watch(tor);
 * }</pre>
 *
 * <p>Thread-safe. Owns its port and its threads, which end with {@link #close}.
 */
public final class Monitor implements TorEventListener, Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(Monitor.class);
    private static final long INTERVAL_MILLIS = 1000;
    private static final Traffic NO_TRAFFIC = new Traffic(0, 0);

    private final NetworkState network;
    private final ProcessNumbers process = new ProcessNumbers();
    private final Metrics metrics;
    private final Exposition exposition;
    private final Health health;
    private final LivePage page;
    private final ReentrantLock changing = new ReentrantLock();
    /** Guarded by the lock. */
    private MonitorSettings settings;
    /** Written with the lock held. */
    private volatile HttpServer server;

    private final Thread sampler;
    private volatile @Nullable TorClient client;

    private Monitor(MonitorSettings settings) throws TorException {
        this.settings = settings;
        InstantSource clock = InstantSource.system();
        network = new NetworkState(clock);
        metrics = new Metrics(network, clock, this::traffic, this::services, process, settings.fingerprints());
        exposition = new Exposition(metrics.registry());
        health = new Health(network, clock, this::listeners);
        page = new LivePage(network, clock, settings.destinations());
        server = HttpServer.open(settings, this::answer);
        sampler = Thread.ofVirtual().name("monitor-sampler").start(this::sample);
    }

    /**
     * Opens the port. What it says is empty until it listens to a client.
     *
     * @param settings where, and for whom
     * @return the monitor, which is to be given to {@link TorClient#start(dev.cepa.TorConfig, TorEventListener)}
     * @throws TorException of kind CONFIG if the port can't be had
     */
    public static Monitor open(MonitorSettings settings) throws TorException {
        return new Monitor(settings);
    }

    /**
     * Says whose numbers to show beside its events.
     *
     * @param watched a client that this was given to as listener
     */
    public void watch(TorClient watched) {
        client = watched;
    }

    /**
     * The same for a client that has run for a while before this was made one of its listeners: learns how things stand
     * with it. Counts begin at nothing.
     *
     * @param watched a client that this hears the events of
     */
    public void join(TorClient watched) {
        watch(watched);
        watched.describe(network::learn);
        for (OnionServiceState service : watched.onionServices()) {
            network.learn(service);
        }
    }

    /**
     * Goes over to other settings. If only who may connect and what is shown have changed, the port stays open with all its
     * connections that are allowed still; another address is opened before the old one is closed.
     *
     * @param next where, and for whom
     * @throws TorException of kind CONFIG if the address can't be had; then all is as it was
     */
    public void reconfigure(MonitorSettings next) throws TorException {
        changing.lock();
        try {
            if (next.address().equals(settings.address())) {
                server.setSettings(next);
            } else {
                HttpServer before = server;
                server = reopen(before, next);
                before.close();
            }
            settings = next;
            metrics.setFingerprints(next.fingerprints());
            page.setDestinations(next.destinations());
        } finally {
            changing.unlock();
        }
    }

    /** Another address with the same port may be in the way. */
    private HttpServer reopen(HttpServer before, MonitorSettings next) throws TorException {
        try {
            return HttpServer.open(next, this::answer);
        } catch (TorException e) {
            InetSocketAddress old = before.address();
            if (old.getPort() != next.address().getPort()) {
                throw e;
            }
            before.close();
            try {
                return HttpServer.open(next, this::answer);
            } catch (TorException second) {
                server = HttpServer.open(settings, this::answer);
                throw second;
            }
        }
    }

    /** {@return where the port is} */
    public InetSocketAddress address() {
        return server.address();
    }

    @Override
    public void onEvent(TorEvent event) {
        network.onEvent(event);
        metrics.onEvent(event);
    }

    /**
     * Shows a line of the program's log on the page. Only the last ones are kept. Quick, and logs nothing itself.
     *
     * @param millis when it was written, in milliseconds since 1970
     * @param severity {@code err}, {@code warn}, {@code notice} or another word
     * @param text the line as everybody may see it who may see the page
     */
    public void log(long millis, String severity, String text) {
        page.log(millis, severity, text);
    }

    private Traffic traffic() {
        TorClient watched = client;
        return watched == null ? NO_TRAFFIC : watched.traffic();
    }

    private List<OnionServiceState> services() {
        TorClient watched = client;
        return watched == null ? List.of() : watched.onionServices();
    }

    private List<InetSocketAddress> listeners() {
        TorClient watched = client;
        return watched == null ? List.of() : watched.socksAddresses();
    }

    private void sample() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.sleep(INTERVAL_MILLIS);
                try {
                    process.look();
                    page.sample(traffic(), page.isShown() ? health.report() : health.judge());
                } catch (RuntimeException e) {
                    LOG.warn("The client's state could not be looked at", e);
                }
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    private void answer(HttpRequest request, HttpServer.Answer answer) throws IOException {
        switch (request.path()) {
            case "/metrics" -> exposition.write(request.headers().get("accept"), answer);
            case "/metrics/json" -> answer.json(200, exposition.json());
            case "/health" -> {
                Health.Report report = health.report();
                answer.json(report.isHealthy() ? 200 : 503, report.json());
            }
            case "/ready" -> {
                Health.Report report = health.report();
                answer.text(report.isReady() ? 200 : 503, report.isReady() ? "ready" : report.message());
            }
            case "/live" -> answer.text(200, "alive");
            default -> page.answer(request, answer);
        }
    }

    /** Closes the port and all connections to it. */
    @Override
    public void close() {
        sampler.interrupt();
        server.close();
        page.close();
    }
}
