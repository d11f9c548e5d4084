package dev.cepa.daemon.control;

import dev.cepa.event.TorEvent;
import dev.cepa.netdoc.NetDir;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** BUILDTIMEOUT_SET, NEWCONSENSUS and NS (control-spec sections 4.1.16, 4.1.15 and 4.1.9). */
final class OtherEvents implements EventTopic {
    private final Events events;
    private final ControlHost host;
    /** What NS events compare with; kept only while they are wanted. */
    private final AtomicReference<@Nullable NetDir> before = new AtomicReference<>();

    OtherEvents(Events events, ControlHost host) {
        this.events = events;
        this.host = host;
    }

    @Override
    public void onEvent(TorEvent event) {
        switch (event) {
            case TorEvent.BuildTimeoutSet set when events.wants(EventName.BUILDTIMEOUT_SET) ->
                events.send(EventName.BUILDTIMEOUT_SET, "BUILDTIMEOUT_SET " + text(set));
            case TorEvent.ConsensusArrived consensus
                    when events.wants(EventName.NEWCONSENSUS) || events.wants(EventName.NS) ->
                // Thousands of lines are not made on the thread that brings the consensus, which has yet to publish it.
                Thread.ofVirtual().name("cepa-control-consensus").start(() -> consensus(consensus.validAfter()));
            default -> {}
        }
    }

    @Override
    public void subscriptionsChanged() {
        if (!events.wants(EventName.NS)) {
            before.set(null);
        } else if (before.get() == null) {
            before.set(host.client().control().directory());
        }
    }

    private void consensus(Instant validAfter) {
        try {
            NetDir old = before.get();
            NetDir now = host.client().control().directory();
            // A moment passes until the snapshot that was told of is there.
            for (int i = 0; i < 200 && (now == null || now.consensus().validAfter().isBefore(validAfter)); i++) {
                Thread.sleep(50);
                now = host.client().control().directory();
            }
            if (now == null) {
                return;
            }
            if (events.wants(EventName.NEWCONSENSUS)) {
                events.sendData(EventName.NEWCONSENSUS, "NEWCONSENSUS", RelayText.all(now));
            }
            if (events.wants(EventName.NS)) {
                before.set(now);
                String changed = RelayText.changed(old, now);
                if (!changed.isEmpty()) {
                    events.sendData(EventName.NS, "NS", changed);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static String text(TorEvent.BuildTimeoutSet set) {
        return set.type().name() + " TOTAL_TIMES=" + set.times() + " TIMEOUT_MS=" + set.timeout().toMillis() + " XM="
                + set.xm() + " ALPHA=" + sixDigits(set.alpha()) + " CUTOFF_QUANTILE=" + sixDigits(set.quantile())
                + " TIMEOUT_RATE=" + sixDigits(set.timeoutRate()) + " CLOSE_MS=" + set.close().toMillis() + " CLOSE_RATE="
                + sixDigits(set.closeRate());
    }

    private static String sixDigits(double number) {
        return String.format(Locale.ROOT, "%.6f", number);
    }
}
