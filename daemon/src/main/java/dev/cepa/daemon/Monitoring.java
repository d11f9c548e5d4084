package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
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

    private final Monitor monitor;
    private final TorEventListener listener;

    private Monitoring(Monitor monitor, TorEventListener listener) {
        this.monitor = monitor;
        this.listener = listener;
    }

    /**
     * Opens the port.
     *
     * @param next who hears of events beside it
     * @throws TorException of kind CONFIG if it can't be had
     */
    static Monitoring open(MetricsLine line, TorEventListener next) throws TorException {
        LOG.info("Opening Metrics listener on {}", text(line.address()));
        Monitor monitor = Monitor.open(new MonitorSettings(
                line.address(), line::allows, line.hostNames(), line.fingerprints(), line.destinations()));
        LOG.info("Opened Metrics listener connection (ready) on {}", text(monitor.address()));
        List<TorEventListener> listeners = new ArrayList<>(List.of(next, monitor));
        if (line.flightRecorder()) {
            listeners.add(new FlightEvents(line.destinations()));
        }
        if (line.openTelemetry()) {
            listeners.add(new OpenTelemetryTraces(GlobalOpenTelemetry.get(), line.destinations()));
        }
        return new Monitoring(monitor, event -> {
            for (TorEventListener listener : listeners) {
                listener.onEvent(event);
            }
        });
    }

    private static String text(InetSocketAddress address) {
        return HostText.format(address.getAddress().getAddress(), address.getPort());
    }

    /** Whom the client is to tell what happens. */
    TorEventListener listener() {
        return listener;
    }

    void watch(TorClient client) {
        monitor.watch(client);
    }

    @Override
    public void close() {
        monitor.close();
    }
}
