package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.TorConfig;
import dev.cepa.daemon.control.ControlPort;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program at work: one client, reconfigured and stopped by signals. Owned by the main thread. */
final class Daemon implements TorEventListener {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

    private static final int MAX_WAITING_SIGNALS = 64;
    /** How often to look whether the owner is there and the files are as they were. */
    private static final long LOOK_SECONDS = 1;
    /** How long closing may take before the process ends all the same. */
    private static final long STOP_MILLIS = 800;

    private final CommandLine line;
    private final String stdin;
    private final LogOutput output;
    private final long startedNanos = System.nanoTime();
    private final BlockingQueue<String> signals = new ArrayBlockingQueue<>(MAX_WAITING_SIGNALS);
    private final EventLog events = new EventLog();
    private final Heartbeat heartbeat = new Heartbeat(startedNanos);

    private volatile Configuration configuration;
    /** Null as long as nobody wants to know. */
    private @Nullable FileWatch files;
    private volatile @Nullable TorClient client;
    private @Nullable Services services;
    /** Written by the main thread. */
    private volatile @Nullable Monitoring monitoring;
    /** Written by the main thread. */
    private volatile @Nullable Controllers controllers;

    private @Nullable Path pidFile;

    Daemon(CommandLine line, String stdin, LogOutput output, Configuration configuration) {
        this.line = line;
        this.stdin = stdin;
        this.output = output;
        this.configuration = configuration;
        this.files = watch(configuration);
    }

    private static @Nullable FileWatch watch(Configuration configuration) {
        return configuration.settings().flag("ReloadOnChange") ? new FileWatch(configuration.files()) : null;
    }

    /**
     * Runs until a signal or the loss of its owner ends it.
     *
     * @return the exit status
     * @throws TorException if it can't start
     */
    int run() throws TorException {
        Settings settings = configuration.settings();
        List<String> warnings = new ArrayList<>();
        ConfigMapper mapper = new ConfigMapper(settings, warnings);
        TorConfig config = mapper.client();
        OpenFiles.require(settings.number("ConnLimit"), OpenFiles.limit());
        List<ServiceLines> wanted = ServiceLines.readAll(settings);
        MetricsLine metrics = MetricsLine.read(settings, warnings);
        List<ControlPort> control = ControlLines.isWanted(settings) ? ControlLines.readAll(settings, warnings) : List.of();
        String user = settings.text("User");
        if (settings.flag("DisableAllSwap")) {
            SystemUser.keepFromSwap(user.isEmpty());
        }
        if (!user.isEmpty()) {
            SystemUser.become(user, !settings.text("KeepBindCapabilities").equals("0"));
        }
        configureLog(settings, mapper.logs(line.quiet()));
        say(warnings);
        if (user.isEmpty() && "root".equals(System.getProperty("user.name"))) {
            LOG.warn("You are running Cepa as root. You don't need to, and you probably shouldn't.");
        }
        Signals.handle(signals);
        boolean debuggersOut = settings.flag("DisableDebuggerAttachment");
        if (debuggersOut && settings.isSet("DisableDebuggerAttachment")) {
            MemoryKeeper.shutDebuggersOut();
        }
        MemoryKeeper.start(debuggersOut && !settings.isSet("DisableDebuggerAttachment"));
        TorClient started = start(config, metrics, control);
        client = started;
        if (settings.isSet("PidFile")) {
            pidFile = Configuration.path(settings.text("PidFile"));
            PidFile.write(pidFile);
        }
        try {
            services = new Services(started);
            services.run(wanted);
            control(control);
            serve();
        } finally {
            stop();
        }
        return 0;
    }

    private TorClient start(TorConfig config, @Nullable MetricsLine metrics, List<ControlPort> control) throws TorException {
        monitor(metrics);
        Monitoring opened = monitoring;
        if (!control.isEmpty()) {
            controllers = new Controllers(this, output);
        }
        try {
            TorClient started = TorClient.start(config, this);
            if (opened != null) {
                opened.watch(started);
            }
            return started;
        } catch (TorException e) {
            if (opened != null) {
                opened.close();
            }
            throw e;
        }
    }

    @Override
    public void onEvent(TorEvent event) {
        events.onEvent(event);
        Monitoring open = monitoring;
        if (open != null) {
            open.onEvent(event);
        }
        Controllers controlled = controllers;
        if (controlled != null) {
            controlled.onEvent(event);
        }
    }

    /** The client, once it has been started. */
    TorClient client() {
        TorClient running = client;
        if (running == null) {
            throw new IllegalStateException("there is no client yet");
        }
        return running;
    }

    /** What is configured at this moment. */
    Settings settings() {
        return configuration.settings();
    }

    Duration uptime() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    List<SocketAddress> metricsAddresses() {
        Monitoring open = monitoring;
        return open == null ? List.of() : List.of(open.address());
    }

    /** Has the main thread do what a signal of that name asks for. */
    void signal(String name) {
        if (!signals.offer(name)) {
            LOG.warn("Too many signals at once; {} is ignored", name);
        }
    }

    /**
     * Opens, changes or closes the control ports.
     *
     * @throws TorException of kind CONFIG if one can't be had; then it is as it was
     */
    private void control(List<ControlPort> wanted) throws TorException {
        Controllers open = controllers;
        if (open == null && !wanted.isEmpty()) {
            open = new Controllers(this, output);
            controllers = open;
        }
        if (open != null) {
            open.listen(wanted);
        }
    }

    /**
     * Opens, changes or closes the metrics port.
     *
     * @param wanted null for none
     * @throws TorException of kind CONFIG if it can't be had; then it is as it was
     */
    private void monitor(@Nullable MetricsLine wanted) throws TorException {
        Monitoring open = monitoring;
        if (wanted == null) {
            monitoring = null;
            if (open != null) {
                open.retire();
            }
        } else if (open != null) {
            open.reconfigure(wanted);
        } else {
            Monitoring opened = Monitoring.open(wanted, output);
            monitoring = opened;
            if (client != null) {
                opened.join(client);
            }
        }
    }

    private void configureLog(Settings settings, List<LogTarget> targets) throws TorException {
        events.setProtocolWarnings(settings.flag("ProtocolWarnings"));
        output.configure(targets, LogStyle.of(settings));
    }

    static void say(List<String> warnings) {
        for (String warning : warnings) {
            LOG.warn(warning);
        }
    }

    private void serve() throws TorException {
        while (true) {
            String signal = nextSignal();
            switch (signal) {
                case "HUP" -> hangUp();
                case "FILES" -> {
                    LOG.info("The configuration's files have changed. Reloading config.");
                    reload();
                }
                case "USR1" -> dumpStatistics();
                case "USR2" -> {
                    output.showDebug();
                    LOG.trace("Caught USR2, going to loglevel debug. Send HUP to change back.");
                }
                case "INT" -> {
                    LOG.info("Interrupt: exiting cleanly.");
                    return;
                }
                case "OWNER" -> {
                    LOG.info("Owning controller process has vanished; exiting now.");
                    return;
                }
                default -> {
                    LOG.info("Catching signal {}, exiting cleanly.", signal);
                    return;
                }
            }
        }
    }

    /**
     * The next signal, OWNER if the process that this one belongs to has gone, or FILES if the configuration's have changed
     * and that is to be looked at.
     */
    private String nextSignal() {
        String owner = configuration.settings().text("__OwningControllerProcess");
        FileWatch watching = files;
        long period = Heartbeat.period(configuration.settings());
        boolean looking = !owner.isEmpty() || watching != null;
        try {
            while (true) {
                long untilHeartbeat = heartbeat.nanosLeft(period, System.nanoTime());
                long wait = looking ? Math.min(TimeUnit.SECONDS.toNanos(LOOK_SECONDS), untilHeartbeat) : untilHeartbeat;
                String signal = signals.poll(wait, TimeUnit.NANOSECONDS);
                if (signal != null) {
                    return signal;
                }
                long now = System.nanoTime();
                if (client != null && heartbeat.nanosLeft(period, now) <= 0) {
                    heartbeat.beat(client, now);
                }
                if (!owner.isEmpty() && !isAlive(owner)) {
                    return "OWNER";
                }
                if (watching != null && watching.hasChanged()) {
                    return "FILES";
                }
            }
        } catch (InterruptedException e) {
            return "INT";
        }
    }

    private static boolean isAlive(String process) {
        try {
            // What stands after a colon is for systems that reuse numbers quickly; Tor ignores it too.
            int colon = process.indexOf(':');
            long pid = Long.parseLong(colon < 0 ? process : process.substring(0, colon));
            ProcessHandle handle = ProcessHandle.of(pid).orElse(null);
            return handle != null && handle.isAlive();
        } catch (NumberFormatException e) {
            return true;
        }
    }

    private void hangUp() throws TorException {
        LOG.info("Received reload signal (hup). Reloading config and resetting internal state.");
        if (configuration.settings().flag("__ReloadTorrcOnSIGHUP")) {
            reload();
        } else {
            LOG.info("Not reloading config file: the controller told us not to.");
            Settings settings = configuration.settings();
            configureLog(settings, new ConfigMapper(settings, new ArrayList<>()).logs(line.quiet()));
        }
        if (client != null) {
            client.newIdentity();
        }
    }

    /** Reads the configuration anew and goes over to it, or stays as it is and says why. */
    private void reload() throws TorException {
        files = watch(configuration);
        Configuration before = configuration;
        TorClient running = client;
        TorConfig runningConfig = running == null ? null : running.config();
        List<String> warnings = new ArrayList<>();
        boolean otherLog = false;
        try {
            Configuration fresh = Configuration.read(line, stdin);
            before.settings().checkFixed(fresh.settings());
            ConfigMapper mapper = new ConfigMapper(fresh.settings(), warnings);
            TorConfig config = mapper.client();
            OpenFiles.require(fresh.settings().number("ConnLimit"), OpenFiles.limit());
            List<ServiceLines> wanted = ServiceLines.readAll(fresh.settings());
            MetricsLine metrics = MetricsLine.read(fresh.settings(), warnings);
            configureLog(fresh.settings(), mapper.logs(line.quiet()));
            otherLog = true;
            monitor(metrics);
            if (running != null) {
                running.reconfigure(config);
            }
            if (services != null) {
                services.run(wanted);
            }
            configuration = fresh;
            if (files == null || !fresh.files().equals(before.files()) || !fresh.settings().flag("ReloadOnChange")) {
                files = watch(fresh);
            }
        } catch (TorException e) {
            if (otherLog) {
                goBack(before.settings(), running, runningConfig);
            }
            LOG.warn("Failed to parse/validate config: {}", e.getMessage());
            LOG.error("Reading config failed--see warnings above. Going on with the old configuration.");
            return;
        }
        for (String notice : configuration.notices()) {
            // What has no effect is said once.
            if (notice.startsWith("Read configuration") || !before.notices().contains(notice)) {
                LOG.info(notice);
            }
        }
        LOG.info("The configuration has been reloaded.");
        say(configuration.warnings());
        say(warnings);
    }

    /** Undoes what has been done of a reload that failed on the way. */
    private void goBack(Settings before, @Nullable TorClient running, @Nullable TorConfig config) throws TorException {
        List<LogTarget> logs = new ConfigMapper(before, new ArrayList<>()).logs(line.quiet());
        output.configure(logs, LogStyle.of(before).withoutTruncation());
        try {
            monitor(MetricsLine.read(before, new ArrayList<>()));
        } catch (TorException e) {
            LOG.error("The old metrics port could not be opened again: {}", e.getMessage());
        }
        if (running == null || config == null || running.config() == config) {
            return;
        }
        try {
            running.reconfigure(config);
            if (services != null) {
                services.run(ServiceLines.readAll(before));
            }
        } catch (TorException e) {
            LOG.error("The old configuration could not be taken up again in full: {}", e.getMessage());
        }
    }

    private void dumpStatistics() {
        Runtime runtime = Runtime.getRuntime();
        LOG.info("Received USR1: dumping statistics.");
        LOG.info("Running for {} seconds.", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNanos));
        LOG.info(
                "Java heap: {} kB used of {} kB.",
                (runtime.totalMemory() - runtime.freeMemory()) >> 10,
                runtime.totalMemory() >> 10);
        events.dump();
    }

    private void stop() {
        Thread limit = new Thread(
                () -> {
                    try {
                        Thread.sleep(STOP_MILLIS);
                    } catch (InterruptedException e) {
                        return;
                    }
                    Runtime.getRuntime().halt(0);
                },
                "cepa-stop");
        limit.setDaemon(true);
        limit.start();
        Path file = pidFile;
        if (file != null) {
            PidFile.delete(file);
        }
        Controllers controlled = controllers;
        if (controlled != null) {
            controlled.close();
        }
        Monitoring open = monitoring;
        if (open != null) {
            open.close();
        }
        TorClient running = client;
        if (running != null) {
            running.close();
        }
    }
}
