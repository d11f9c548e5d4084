package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.daemon.control.ControlHost;
import dev.cepa.daemon.control.ControlOptions;
import dev.cepa.daemon.control.ControlPort;
import dev.cepa.daemon.control.ControlServer;
import dev.cepa.daemon.control.ControlSignal;
import dev.cepa.daemon.control.LogListener;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import java.io.Closeable;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The control port of the daemon: what controllers may do with it. This class, and all that it needs, is loaded only if there
 * is one. Thread-safe.
 */
final class Controllers implements ControlHost, Closeable {
    private final Daemon daemon;
    private final LogOutput log;
    private final OptionsByName options;
    private final ControlServer server;
    private volatile LogListener logListener = (severity, text) -> {};
    /** One for all that is shown, so that nothing is lost while somebody else comes to listen. */
    private final LogOutput.Tail tail = (millis, severity, text) ->
            logListener.line(LogListener.Severity.valueOf(severity.name()), text);

    /** One that lets in nobody yet, but hears events. */
    Controllers(Daemon daemon, LogOutput log) {
        this.daemon = daemon;
        this.log = log;
        options = new OptionsByName(daemon);
        server = new ControlServer(this);
    }

    /**
     * Listens there and nowhere else.
     *
     * @throws TorException of kind CONFIG if one of them can't be had; then all is as it was
     */
    void listen(List<ControlPort> ports) throws TorException {
        server.listen(ports);
    }

    /** Says which options have other values than before. */
    void changed(Settings before, Settings after) {
        server.configurationChanged(options.changes(before, after));
    }

    void onEvent(TorEvent event) {
        server.onEvent(event);
    }

    /** Says that a signal has been carried out. */
    void signalled(String signal) {
        ControlSignal known = ControlSignal.of(signal);
        if (known != null) {
            server.signalled(known);
        }
    }

    @Override
    public TorClient client() {
        TorClient client = daemon.running().client();
        if (client == null) {
            throw new IllegalStateException("there is no client yet");
        }
        return client;
    }

    @Override
    public ControlOptions options() {
        return options;
    }

    @Override
    public String version() {
        return Main.COMPATIBLE + " (cepa-" + TorClient.version() + ")";
    }

    @Override
    public InstantSource clock() {
        return InstantSource.system();
    }

    @Override
    public Duration uptime() {
        return daemon.uptime();
    }

    @Override
    public @Nullable Path dataDirectory() {
        return client().config().dataDirectory();
    }

    @Override
    public Path path(String name) throws TorException {
        return Configuration.path(name);
    }

    @Override
    public boolean isPassword(byte[] password) {
        Settings settings = daemon.running().plan().settings();
        boolean matches = false;
        for (String option : new String[] {"HashedControlPassword", "__HashedControlSessionPassword"}) {
            for (ConfigLine line : settings.lines(option)) {
                matches |= PasswordHash.matches(line.value(), password);
            }
        }
        return matches;
    }

    @Override
    public long queueLimit() {
        return client().control().queueLimit();
    }

    @Override
    public long openFileLimit() {
        return OpenFiles.limit();
    }

    @Override
    public List<SocketAddress> metricsAddresses() {
        Monitoring open = daemon.running().monitoring();
        return open == null ? List.of() : List.of(open.address());
    }

    @Override
    public void signal(ControlSignal signal) {
        daemon.signal(switch (signal) {
            case RELOAD -> "HUP";
            case SHUTDOWN -> "INT";
            case HALT, INT -> "TERM";
            case DUMP -> "USR1";
            case DEBUG -> "USR2";
            default -> signal.name();
        });
    }

    @Override
    public void ownerLost() {
        daemon.signal("OWNING CONNECTION");
    }

    @Override
    public void showLog(int severities, LogListener listener) {
        logListener = listener;
        int mask = 0;
        for (LogListener.Severity severity : LogListener.Severity.values()) {
            mask |= (severities & severity.bit()) == 0 ? 0 : Severity.valueOf(severity.name()).bit();
        }
        log.show(tail, mask);
    }

    @Override
    public void close() {
        showLog(0, (severity, text) -> {});
        server.close();
    }
}
