package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.TorConfig;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a configuration has the program run: log, client, services, ports for those who watch it and those who control it.
 * Goes over from one configuration to another, or stays as it was. Owned by the main thread; others may look.
 */
final class Running implements TorEventListener {
    private static final Logger LOG = LoggerFactory.getLogger(Running.class);

    private final Daemon daemon;
    private final LogOutput output;
    private final EventLog events = new EventLog();

    // Written by the main thread:
    private volatile Plan plan;
    private volatile @Nullable TorClient client;
    private @Nullable Services services;
    private volatile @Nullable Monitoring monitoring;
    private volatile @Nullable Controllers controllers;

    /** Nothing runs yet. */
    Running(Daemon daemon, LogOutput output, Plan plan) {
        this.daemon = daemon;
        this.output = output;
        this.plan = plan;
    }

    /** What holds at this moment. */
    Plan plan() {
        return plan;
    }

    /** The client, once it has been started. */
    @Nullable TorClient client() {
        return client;
    }

    @Nullable Monitoring monitoring() {
        return monitoring;
    }

    @Nullable Controllers controllers() {
        return controllers;
    }

    /** Who has written down what happened. */
    EventLog events() {
        return events;
    }

    /** Has the log written where and how the configuration says. */
    void configureLog() throws TorException {
        configureLog(plan);
    }

    private void configureLog(Plan next) throws TorException {
        events.setProtocolWarnings(next.settings().flag("ProtocolWarnings"));
        output.configure(next.logs(), LogStyle.of(next.settings()));
    }

    /**
     * Starts the client. Controllers are let in later, by {@link #open}.
     *
     * @throws TorException if it can't be
     */
    void start() throws TorException {
        monitor(plan.metrics());
        if (!plan.control().isEmpty()) {
            controllers = new Controllers(daemon, output);
        }
        Monitoring opened = monitoring;
        try {
            TorClient started = TorClient.start(plan.config(), this);
            if (opened != null) {
                opened.watch(started);
            }
            client = started;
            services = new Services(started);
        } catch (TorException e) {
            if (opened != null) {
                opened.close();
            }
            throw e;
        }
    }

    /** Starts onion services and lets controllers in. */
    void open() throws TorException {
        if (services != null) {
            services.run(plan.services());
        }
        control(plan);
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

    /**
     * Opens, changes or closes the metrics port.
     *
     * @param wanted null for none
     * @throws TorException of kind CONFIG if it can't be had; then it is as it was
     */
    private void monitor(@Nullable MetricsLine wanted) throws TorException {
        Monitoring open = monitoring;
        TorClient known = client;
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
            if (known != null) {
                opened.join(known);
            }
        }
    }

    /** Opens, changes or closes the control ports; they read from the plan what else holds for them. */
    private void control(Plan next) throws TorException {
        Controllers open = controllers;
        if (open == null && !next.control().isEmpty()) {
            open = new Controllers(daemon, output);
            controllers = open;
        }
        if (open != null) {
            open.listen(next.control());
        }
    }

    /**
     * Goes over to another configuration.
     *
     * @param reopenLogs whether to open log files anew although they are the same
     * @throws TorException if something of it can't be had; then all is as it was
     */
    void take(Plan next, boolean reopenLogs) throws TorException {
        Plan before = plan;
        TorClient running = client;
        if (reopenLogs || !next.logs().equals(before.logs())
                || !LogStyle.of(next.settings()).equals(LogStyle.of(before.settings()))) {
            configureLog(next);
        }
        events.setProtocolWarnings(next.settings().flag("ProtocolWarnings"));
        try {
            monitor(next.metrics());
            if (running != null) {
                running.reconfigure(next.config());
            }
            if (services != null) {
                services.run(next.services());
            }
            plan = next;
            control(next);
        } catch (TorException e) {
            plan = before;
            goBack(before, running);
            throw e;
        }
        Controllers controlled = controllers;
        if (controlled != null) {
            controlled.changed(before.settings(), next.settings());
        }
    }

    /** Undoes what has been done of a change that failed on the way. */
    private void goBack(Plan before, @Nullable TorClient running) throws TorException {
        output.configure(before.logs(), LogStyle.of(before.settings()).withoutTruncation());
        events.setProtocolWarnings(before.settings().flag("ProtocolWarnings"));
        try {
            monitor(before.metrics());
        } catch (TorException e) {
            LOG.error("The old metrics port could not be opened again: {}", e.getMessage());
        }
        TorConfig config = before.config();
        if (running == null || running.config() == config) {
            return;
        }
        try {
            running.reconfigure(config);
            if (services != null) {
                services.run(before.services());
            }
        } catch (TorException e) {
            LOG.error("The old configuration could not be taken up again in full: {}", e.getMessage());
        }
    }

    /** Closes everything. */
    void close() {
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
