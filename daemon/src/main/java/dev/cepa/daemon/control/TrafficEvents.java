package dev.cepa.daemon.control;

import dev.cepa.Traffic;
import dev.cepa.event.CircuitFacts;
import dev.cepa.event.StreamFacts;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TrafficListener;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * BW, STREAM_BW, CIRC_BW and CONN_BW, once a second (control-spec sections 4.1.4, 4.1.13, 4.1.22, 4.1.19), and what BW said
 * in the last five minutes. While none of them is wanted nothing runs and nothing is counted.
 */
final class TrafficEvents implements EventTopic {
    private static final Logger LOG = LoggerFactory.getLogger(TrafficEvents.class);
    private static final long WANTED =
            EventName.BW.bit() | EventName.STREAM_BW.bit() | EventName.CIRC_BW.bit() | EventName.CONN_BW.bit();
    /** As many as C tor keeps. */
    private static final int MOST_KEPT = 300;
    /** Of a cell's body, what is not the message and its header is. */
    private static final long CELL = 509;

    private static final long MESSAGE = 498;

    /** What had gone by when it was last told. */
    private record Counted(long read, long written, long payloadRead, long payloadWritten) {
        static final Counted NOTHING = new Counted(0, 0, 0, 0);
    }

    private final Events events;
    private final ControlHost host;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<Long, Counted> streams = new HashMap<>();
    private final Map<Long, Counted> circuits = new HashMap<>();
    private final Map<Long, Counted> channels = new HashMap<>();
    private final long[] keptRead = new long[MOST_KEPT];
    private final long[] keptWritten = new long[MOST_KEPT];
    private int kept;
    private int next;
    private @Nullable Thread thread;

    TrafficEvents(Events events, ControlHost host) {
        this.events = events;
        this.host = host;
    }

    @Override
    public void subscriptionsChanged() {
        lock.lock();
        try {
            boolean wanted = (events.wanted() & WANTED) != 0;
            Thread running = thread;
            if (wanted && running == null) {
                thread = Thread.ofVirtual().name("cepa-control-traffic").start(this::run);
            } else if (!wanted && running != null) {
                stop(running);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (thread != null) {
                stop(thread);
            }
        } finally {
            lock.unlock();
        }
    }

    private void stop(Thread running) {
        running.interrupt();
        thread = null;
        streams.clear();
        circuits.clear();
        channels.clear();
    }

    private void run() {
        try {
            Traffic before = host.client().traffic();
            look(true);
            while (true) {
                Thread.sleep(1000);
                Traffic now = host.client().traffic();
                total(now.bytesRead() - before.bytesRead(), now.bytesWritten() - before.bytesWritten());
                before = now;
                look(false);
            }
        } catch (InterruptedException e) {
            // Nobody wants to know any more.
        } catch (RuntimeException e) {
            LOG.warn("Traffic can't be told to controllers any more", e);
        }
    }

    private void total(long read, long written) {
        lock.lock();
        try {
            if (Thread.currentThread() != thread) {
                return;
            }
            keptRead[next] = read;
            keptWritten[next] = written;
            next = (next + 1) % MOST_KEPT;
            kept = Math.min(kept + 1, MOST_KEPT);
        } finally {
            lock.unlock();
        }
        events.send(EventName.BW, "BW " + read + " " + written);
    }

    /** @param first whether what there is counts from now on, so that nothing is told of it */
    private void look(boolean first) {
        boolean single = (events.wanted() & WANTED & ~EventName.BW.bit()) != 0;
        if (!first && !single) {
            return;
        }
        String time = IsoTime.micros(host.clock().instant());
        Set<Long> seen = new HashSet<>();
        boolean links = events.wants(EventName.CONN_BW) && host.options().flag("TestingEnableConnBwEvent");
        host.client().control().showTraffic(new TrafficListener() {
            @Override
            public void channel(long id, long read, long written) {
                link(id, read, written, !first && links);
                seen.add(-id);
            }

            @Override
            public void circuit(long id, CircuitFacts facts) {
                seen.add(id << 16);
                TrafficEvents.this.circuit(id, facts, time, first);
            }

            @Override
            public void stream(long id, StreamFacts facts) {
                seen.add(id);
                TrafficEvents.this.stream(id, facts, time, first);
            }
        });
        forget(seen);
    }

    /** Streams have ids of their circuit's followed by 16 bits that are not all zero. */
    private void forget(Set<Long> seen) {
        lock.lock();
        try {
            streams.keySet().retainAll(seen);
            circuits.keySet().removeIf(id -> !seen.contains(id << 16));
            channels.keySet().removeIf(id -> !seen.contains(-id));
        } finally {
            lock.unlock();
        }
    }

    private void link(long id, long read, long written, boolean told) {
        Counted before = swap(channels, id, new Counted(read, written, 0, 0));
        if (told && before != null && (read != before.read || written != before.written)) {
            events.send(EventName.CONN_BW, "CONN_BW ID=" + id + " TYPE=OR READ=" + (read - before.read) + " WRITTEN="
                    + (written - before.written));
        }
    }

    private void circuit(long id, CircuitFacts facts, String time, boolean silent) {
        Counted now = new Counted(
                facts.bytesReceived(), facts.bytesSent(), facts.payloadReceived(), facts.payloadSent());
        Counted before = swap(circuits, id, now);
        if (silent || before == null || now.read == before.read && now.written == before.written) {
            return;
        }
        long read = now.read - before.read;
        long written = now.written - before.written;
        long messagesRead = now.payloadRead - before.payloadRead;
        long messagesWritten = now.payloadWritten - before.payloadWritten;
        events.send(EventName.CIRC_BW, "CIRC_BW ID=" + id + " READ=" + read + " WRITTEN=" + written + " TIME=" + time
                + " DELIVERED_READ=" + messagesRead + " OVERHEAD_READ=" + Math.max(0, read / CELL * MESSAGE - messagesRead)
                + " DELIVERED_WRITTEN=" + messagesWritten
                + " OVERHEAD_WRITTEN=" + Math.max(0, written / CELL * MESSAGE - messagesWritten));
    }

    /** What the program has written comes first. */
    private void stream(long id, StreamFacts facts, String time, boolean silent) {
        Counted now = new Counted(facts.bytesReceived(), facts.bytesWritten(), 0, 0);
        Counted before = swap(streams, id, now);
        if (!silent && before != null && !now.equals(before)) {
            events.send(EventName.STREAM_BW, "STREAM_BW " + id + " " + (now.written - before.written) + " "
                    + (now.read - before.read) + " " + time);
        }
    }

    /** Notes what has gone by; returns what had before, nothing if it is new, null if nobody wants to know any more. */
    private @Nullable Counted swap(Map<Long, Counted> map, long id, Counted now) {
        lock.lock();
        try {
            if (thread == null) {
                return null;
            }
            Counted before = map.put(id, now);
            return before == null ? Counted.NOTHING : before;
        } finally {
            lock.unlock();
        }
    }

    /** What ends within a second is told of when it ends. */
    @Override
    public void onEvent(TorEvent event) {
        if (event instanceof TorEvent.StreamStatus stream && events.wants(EventName.STREAM_BW)) {
            StreamFacts facts = stream.facts();
            if (facts != null && switch (stream.status()) {
                case FAILED, CLOSED -> true;
                case NEW, SENT_CONNECT, SUCCEEDED -> false;
            }) {
                stream(stream.streamId(), facts, IsoTime.micros(host.clock().instant()), false);
            }
        } else if (event instanceof TorEvent.CircuitStatus circuit && events.wants(EventName.CIRC_BW)) {
            CircuitFacts facts = circuit.facts();
            if (facts != null && switch (circuit.status()) {
                case FAILED, CLOSED -> true;
                case LAUNCHED, EXTENDED, BUILT -> false;
            }) {
                circuit(circuit.circuitId(), facts, IsoTime.micros(host.clock().instant()), false);
            }
        }
    }

    /** {@code GETINFO bw-event-cache}: what was read and written in each second, the oldest first. */
    String recent() {
        lock.lock();
        try {
            StringBuilder out = new StringBuilder(16 * kept);
            for (int i = 0; i < kept; i++) {
                int at = (next + MOST_KEPT - kept + i) % MOST_KEPT;
                out.append(i == 0 ? "" : " ").append(keptRead[at]).append(',').append(keptWritten[at]);
            }
            return out.toString();
        } finally {
            lock.unlock();
        }
    }
}
