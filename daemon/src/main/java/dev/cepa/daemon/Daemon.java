package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.error.TorException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program at work: one client, reconfigured and stopped by signals. Owned by the main thread. */
final class Daemon {
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
    private final BlockingQueue<Runnable> tasks = new ArrayBlockingQueue<>(MAX_WAITING_SIGNALS);
    private final Heartbeat heartbeat = new Heartbeat(startedNanos);
    private final NewIdentities identities = new NewIdentities();

    private final Running running;
    /** Null as long as nobody wants to know. */
    private @Nullable FileWatch files;

    private @Nullable Path pidFile;

    /** @throws TorException of kind CONFIG if the configuration makes no sense */
    Daemon(CommandLine line, String stdin, LogOutput output, Configuration configuration) throws TorException {
        this.line = line;
        this.stdin = stdin;
        this.output = output;
        running = new Running(this, output, Plan.of(configuration, line.quiet()));
        files = watch(configuration);
    }

    private static @Nullable FileWatch watch(Configuration configuration) {
        return configuration.settings().flag("ReloadOnChange") ? new FileWatch(configuration.files()) : null;
    }

    /** What runs; for others than the main thread, to look at. */
    Running running() {
        return running;
    }

    CommandLine line() {
        return line;
    }

    Duration uptime() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    /**
     * Runs until a signal or the loss of its owner ends it.
     *
     * @return the exit status
     * @throws TorException if it can't start
     */
    int run() throws TorException {
        Plan plan = running.plan();
        Settings settings = plan.settings();
        String user = settings.text("User");
        if (settings.flag("DisableAllSwap")) {
            SystemUser.keepFromSwap(user.isEmpty());
        }
        if (!user.isEmpty()) {
            SystemUser.become(user, !settings.text("KeepBindCapabilities").equals("0"));
        }
        // Whoever sees the log may send one.
        Signals.handle(signals);
        running.configureLog();
        say(plan.warnings());
        if (user.isEmpty() && "root".equals(System.getProperty("user.name"))) {
            LOG.warn("You are running Cepa as root. You don't need to, and you probably shouldn't.");
        }
        boolean debuggersOut = settings.flag("DisableDebuggerAttachment");
        if (debuggersOut && settings.isSet("DisableDebuggerAttachment")) {
            MemoryKeeper.shutDebuggersOut();
        }
        MemoryKeeper.start(debuggersOut && !settings.isSet("DisableDebuggerAttachment"));
        running.start();
        if (settings.isSet("PidFile")) {
            pidFile = Configuration.path(settings.text("PidFile"));
            PidFile.write(pidFile);
        }
        try {
            running.open();
            serve();
        } finally {
            stop();
        }
        return 0;
    }

    static void say(List<String> warnings) {
        for (String warning : warnings) {
            LOG.warn(warning);
        }
    }

    /** Has the main thread do what a signal of that name asks for; false if too many wait. */
    boolean signal(String name) {
        boolean taken = signals.offer(name);
        if (!taken) {
            LOG.warn("Too many signals at once; {} is ignored", name);
        }
        return taken;
    }

    /** Has the main thread run something soon; false if too much waits. */
    boolean run(Runnable task) {
        return tasks.offer(task) && signal("TASK");
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
                case "TASK" -> {
                    Runnable task = tasks.poll();
                    if (task != null) {
                        task.run();
                    }
                    continue;
                }
                case "NEWNYM", "CLEARDNSCACHE", "HEARTBEAT", "ACTIVE", "DORMANT" -> {
                    if (!control(signal)) {
                        continue;
                    }
                }
                case "INT" -> {
                    LOG.info("Interrupt: exiting cleanly.");
                    return;
                }
                case "OWNER" -> {
                    LOG.info("Owning controller process has vanished -- exiting now.");
                    return;
                }
                case "OWNING CONNECTION" -> {
                    LOG.info("Owning controller connection has closed -- exiting now.");
                    return;
                }
                default -> {
                    LOG.info("Catching signal {}, exiting cleanly.", signal);
                    return;
                }
            }
            Controllers controlled = running.controllers();
            if (controlled != null) {
                controlled.signalled(signal);
            }
        }
    }

    /** Does what only controllers ask for; false if it is to be done later. */
    private boolean control(String signal) {
        TorClient client = running.client();
        if (client == null) {
            return false;
        }
        switch (signal) {
            case "NEWNYM" -> {
                long wait = identities.ask(System.nanoTime());
                if (wait > 0) {
                    LOG.info("Rate limiting NEWNYM request: delaying by {} second(s)", TimeUnit.NANOSECONDS.toSeconds(wait));
                    return false;
                }
                client.newIdentity();
            }
            case "CLEARDNSCACHE" -> client.onionControl().forgetAnswers();
            case "HEARTBEAT" -> heartbeat.beat(client, System.nanoTime());
            case "ACTIVE" -> client.wake();
            default -> {
                LOG.info("Going dormant because of controller request.");
                client.rest();
            }
        }
        return true;
    }

    /**
     * The next signal, OWNER if the process that this one belongs to has gone, or FILES if the configuration's have changed
     * and that is to be looked at.
     */
    private String nextSignal() {
        Settings settings = running.plan().settings();
        String owner = settings.text("__OwningControllerProcess");
        FileWatch watching = files;
        long period = Heartbeat.period(settings);
        boolean looking = !owner.isEmpty() || watching != null;
        TorClient client = running.client();
        try {
            while (true) {
                long untilHeartbeat = heartbeat.nanosLeft(period, System.nanoTime());
                long wait = looking ? Math.min(TimeUnit.SECONDS.toNanos(LOOK_SECONDS), untilHeartbeat) : untilHeartbeat;
                String signal = signals.poll(Math.min(wait, identities.nanosLeft(System.nanoTime())), TimeUnit.NANOSECONDS);
                if (signal != null) {
                    return signal;
                }
                long now = System.nanoTime();
                if (identities.nanosLeft(now) <= 0) {
                    return "NEWNYM";
                }
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
        if (running.plan().settings().flag("__ReloadTorrcOnSIGHUP")) {
            reload();
        } else {
            LOG.info("Not reloading config file: the controller told us not to.");
            running.configureLog();
        }
        TorClient client = running.client();
        if (client != null) {
            client.newIdentity();
        }
    }

    /** Reads the configuration anew and goes over to it, or stays as it is and says why. */
    private void reload() throws TorException {
        Configuration before = running.plan().configuration();
        files = watch(before);
        try {
            Configuration fresh = Configuration.read(line, stdin);
            before.settings().checkFixed(fresh.settings());
            take(Plan.of(fresh, line.quiet()), true);
        } catch (TorException e) {
            LOG.warn("Failed to parse/validate config: {}", e.getMessage());
            LOG.error("Reading config failed--see warnings above. Going on with the old configuration.");
            return;
        }
        Configuration now = running.plan().configuration();
        for (String notice : now.notices()) {
            // What has no effect is said once.
            if (notice.startsWith("Read configuration") || !before.notices().contains(notice)) {
                LOG.info(notice);
            }
        }
        LOG.info("The configuration has been reloaded.");
        say(now.warnings());
        say(running.plan().warnings());
    }

    /**
     * Goes over to another configuration; for the main thread.
     *
     * @param reopenLogs whether to open log files anew although they are the same
     * @throws TorException if something of it can't be had; then all is as it was
     */
    void take(Plan next, boolean reopenLogs) throws TorException {
        Configuration before = running.plan().configuration();
        running.take(next, reopenLogs);
        Configuration fresh = next.configuration();
        if (files == null || !fresh.files().equals(before.files()) || !fresh.settings().flag("ReloadOnChange")) {
            files = watch(fresh);
        }
    }

    /** Takes the configuration's files as they are now for how they were read; for the main thread. */
    void acknowledgeFiles() {
        files = watch(running.plan().configuration());
    }

    private void dumpStatistics() {
        Runtime runtime = Runtime.getRuntime();
        LOG.info("Received USR1: dumping statistics.");
        LOG.info("Running for {} seconds.", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNanos));
        LOG.info(
                "Java heap: {} kB used of {} kB.",
                (runtime.totalMemory() - runtime.freeMemory()) >> 10,
                runtime.totalMemory() >> 10);
        running.events().dump();
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
        running.close();
    }
}
