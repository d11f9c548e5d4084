package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import dev.cepa.monitor.FlightEvents;
import dev.cepa.monitor.Monitor;
import dev.cepa.monitor.MonitorSettings;
import dev.cepa.monitor.OpenTelemetryTraces;
import io.opentelemetry.api.GlobalOpenTelemetry;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metrics port of the daemon, with traces if they are wanted. This class, and all that it needs, is loaded only if
 * there is one. Owned by the main thread.
 */
final class Monitoring implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(Monitoring.class);
    private static final String OPENING = "Opening Metrics listener on {}";
    private static final String OPENED = "Opened Metrics listener connection (ready) on {}";
    private static final String CLOSING = "Closing no-longer-configured Metrics listener on {}";

    private final Monitor monitor;
    private final LogOutput log;
    private final LogOutput.Tail tail;
    private MetricsLine line;
    /** Who makes traces. */
    private volatile List<TorEventListener> traces;

    private Monitoring(Monitor monitor, LogOutput log, MetricsLine line) {
        this.monitor = monitor;
        this.log = log;
        tail = (millis, severity, text) -> monitor.log(millis, severity.text(), text);
        log.show(tail, Severity.range(Severity.NOTICE, Severity.ERR));
        this.line = line;
        traces = traces(line);
    }

    /**
     * Opens the port.
     *
     * @param log whose lines the page shows
     * @throws TorException of kind CONFIG if it can't be had
     */
    static Monitoring open(MetricsLine line, LogOutput log) throws TorException {
        LOG.info(OPENING, text(line.address()));
        Monitor monitor = Monitor.open(settings(line));
        Monitoring opened = new Monitoring(monitor, log, line);
        LOG.info(OPENED, text(monitor.address()));
        return opened;
    }

    private static MonitorSettings settings(MetricsLine line) {
        return new MonitorSettings(
                line.address(), line::allows, line.hostNames(), line.fingerprints(), line.destinations());
    }

    private static List<TorEventListener> traces(MetricsLine line) {
        List<TorEventListener> traces = new ArrayList<>();
        if (line.flightRecorder()) {
            traces.add(new FlightEvents(line.destinations()));
        }
        if (line.openTelemetry() && hasOpenTelemetry()) {
            traces.add(new OpenTelemetryTraces(GlobalOpenTelemetry.get(), line.destinations()));
        } else if (line.openTelemetry()) {
            LOG.warn("MetricsPort asks for OpenTelemetry, but there is no OpenTelemetry SDK on the class path; no spans are "
                    + "made. Put the SDK's jars into the lib folder of Cepa's image.");
        }
        return List.copyOf(traces);
    }

    /**
     * Goes over to another line. Numbers go on, and where only the policy and flags are others, so does the port.
     *
     * @throws TorException of kind CONFIG if its port can't be had; then all is as it was
     */
    void reconfigure(MetricsLine next) throws TorException {
        boolean moves = !next.address().equals(line.address());
        if (moves) {
            LOG.info(OPENING, text(next.address()));
        }
        InetSocketAddress before = monitor.address();
        monitor.reconfigure(settings(next));
        if (moves) {
            LOG.info(OPENED, text(monitor.address()));
            LOG.info(CLOSING, text(before));
        }
        // Of what is under way when that changes, no trace is left.
        if (next.flightRecorder() != line.flightRecorder() || next.openTelemetry() != line.openTelemetry()
                || next.destinations() != line.destinations()) {
            traces = traces(next);
        }
        line = next;
    }

    /** Without an SDK the API would be loaded to do nothing. */
    private static boolean hasOpenTelemetry() {
        return Monitoring.class.getClassLoader().getResource("io/opentelemetry/sdk/OpenTelemetrySdk.class") != null;
    }

    private static String text(InetSocketAddress address) {
        return HostText.format(address.getAddress().getAddress(), address.getPort());
    }

    /** Where it listens. */
    InetSocketAddress address() {
        return monitor.address();
    }

    void onEvent(TorEvent event) {
        monitor.onEvent(event);
        for (TorEventListener trace : traces) {
            trace.onEvent(event);
        }
    }

    /** Looks after a client that has told everything from its start. */
    void watch(TorClient client) {
        monitor.watch(client);
    }

    /** The same of one that has run for a while. */
    void join(TorClient client) {
        monitor.join(client);
    }

    /** Closes it while the client goes on. */
    void retire() {
        LOG.info(CLOSING, text(monitor.address()));
        close();
    }

    @Override
    public void close() {
        log.show(tail, 0);
        monitor.close();
    }
}
