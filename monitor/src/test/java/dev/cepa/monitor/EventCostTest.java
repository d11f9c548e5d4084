package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitChosen;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.StreamStatus;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/** What watching a circuit or a stream from its beginning to its end allocates; a cell costs nothing at all. */
class EventCostTest {
    private static final int ROUNDS = 3000;

    /** Bytes for what happens in one round, once all classes are there. */
    private static long bytes(LongFunction<List<TorEvent>> round) throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<List<TorEvent>> all = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            all.add(round.apply(i));
        }
        try (Monitor monitor = Monitor.open(MonitorSettings.DEFAULT)) {
            all.subList(0, ROUNDS / 2).forEach(events -> events.forEach(monitor::onEvent));
            long before = threads.getCurrentThreadAllocatedBytes();
            all.subList(ROUNDS / 2, ROUNDS).forEach(events -> events.forEach(monitor::onEvent));
            return (threads.getCurrentThreadAllocatedBytes() - before) / (ROUNDS / 2);
        }
    }

    @Test
    void aCircuitTakesAFewKilobytesOfGarbageAndAStreamLess() throws Exception {
        long circuit = bytes(id -> {
            List<TorEvent> events = new ArrayList<>(Events.built(id, 3));
            events.add(Events.circuit(id, CircuitStatus.Status.CLOSED, 3, null));
            return events;
        });
        long stream = bytes(id -> List.of(
                new CircuitChosen(1, CircuitChosen.Outcome.HIT, Duration.ofMillis(1)),
                Events.stream(id, StreamStatus.Status.NEW, "x:1", null),
                Events.stream(id, StreamStatus.Status.SENT_CONNECT, "x:1", null),
                Events.stream(id, StreamStatus.Status.SUCCEEDED, "x:1", null),
                new TorEvent.ProxyRequest("SOCKS5", "CONNECT", Duration.ofMillis(500), null),
                Events.stream(id, StreamStatus.Status.CLOSED, "x:1", null)));
        System.err.println("a circuit: " + circuit + " bytes, a stream: " + stream + " bytes");
        assertThat(circuit).isLessThan(4096);
        assertThat(stream).isLessThan(2048);
    }
}
