package dev.cepa.daemon.control;

import dev.cepa.event.TorEvent;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** STATUS_CLIENT and STATUS_GENERAL (control-spec section 4.1.10). */
final class StatusEvents implements EventTopic {
    private static final int ENOUGH_DIRECTORY = 75;

    private final Events events;
    private final AtomicInteger reached = new AtomicInteger(-1);
    private final AtomicInteger problems = new AtomicInteger();

    StatusEvents(Events events) {
        this.events = events;
    }

    @Override
    public void onEvent(TorEvent event) {
        switch (event) {
            case TorEvent.Bootstrap phase -> bootstrap(phase);
            case TorEvent.ConsensusArrived consensus -> client("NOTICE CONSENSUS_ARRIVED");
            case TorEvent.ClockSkew(Duration skew, String source) -> {
                if (events.wants(EventName.STATUS_GENERAL)) {
                    general("WARN CLOCK_SKEW SKEW=" + skew.toSeconds() + " SOURCE=" + source(source));
                }
            }
            case TorEvent.ClockJumped(Duration time, boolean standstill) -> {
                if (events.wants(EventName.STATUS_GENERAL)) {
                    general("WARN CLOCK_JUMPED TIME=" + time.toSeconds() + " IDLE=" + (standstill ? 1 : 0));
                }
                client("NOTICE CIRCUIT_NOT_ESTABLISHED REASON=CLOCK_JUMPED");
            }
            default -> {}
        }
    }

    private void bootstrap(TorEvent.Bootstrap now) {
        int before = reached.getAndSet(now.percent());
        if (now.problem() != null) {
            problems.incrementAndGet();
        } else if (now.percent() != before) {
            problems.set(0);
        }
        if (!events.wants(EventName.STATUS_CLIENT)) {
            return;
        }
        if (before < ENOUGH_DIRECTORY && now.percent() >= ENOUGH_DIRECTORY) {
            client("NOTICE ENOUGH_DIR_INFO");
        }
        client(text(now, problems.get()));
        if (before < 100 && now.percent() == 100) {
            client("NOTICE CIRCUIT_ESTABLISHED");
        }
    }

    private void client(String text) {
        if (events.wants(EventName.STATUS_CLIENT)) {
            events.send(EventName.STATUS_CLIENT, "STATUS_CLIENT " + text);
        }
    }

    private void general(String text) {
        events.send(EventName.STATUS_GENERAL, "STATUS_GENERAL " + text);
    }

    /** Who showed the wrong time: a relay, a directory server or a consensus. */
    private static String source(String source) {
        if (source.equals("consensus")) {
            return "CONSENSUS";
        }
        int blank = source.lastIndexOf(' ');
        return (source.startsWith("directory server ") ? "DIRSERV:" : "OR:")
                + (source.startsWith("[") ? LinkEvents.name(source) : source.substring(blank + 1));
    }

    /** How often what is under way has gone wrong so far. */
    int problems() {
        return problems.get();
    }

    static String text(TorEvent.Bootstrap phase, int count) {
        String problem = phase.problem();
        String where = "BOOTSTRAP PROGRESS=" + phase.percent() + " TAG=" + phase.tag() + " SUMMARY=" + Quoted.of(phase.summary());
        if (problem == null) {
            return "NOTICE " + where;
        }
        return "WARN " + where + " WARNING=" + Quoted.of(problem) + " REASON=MISC COUNT=" + Math.max(1, count)
                + " RECOMMENDATION=warn HOSTID=\"?\" HOSTADDR=\"?\"";
    }
}
