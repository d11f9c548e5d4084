package dev.cepa.monitor;

import dev.cepa.Traffic;
import dev.cepa.event.TorEvent;
import dev.cepa.monitor.NetworkState.CircuitView;
import dev.cepa.monitor.NetworkState.ServiceView;
import dev.cepa.monitor.NetworkState.StreamView;
import dev.cepa.monitor.NetworkState.View;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The page for people: its files, and what it shows, sent once a second to each page that is open (server-sent events). With
 * no page open nothing is put together. Thread-safe.
 */
final class LivePage implements Closeable {
    /** Pages that are open at once. */
    private static final int MOST_READERS = 8;
    /** Lines of a table; the page says how many there are in all. */
    private static final int MOST_ROWS = 200;

    private static final int LOG_LINES = 200;
    private static final int LINE_LENGTH = 1000;
    private static final int HISTORY_SECONDS = 300;

    private record Line(long number, long millis, String severity, String text) {}

    private final NetworkState network;
    private final InstantSource clock;
    private volatile boolean destinations;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition fresh = lock.newCondition();
    // Guarded by the lock, as all below:
    private final ArrayDeque<Line> log = new ArrayDeque<>();
    private final long[] read = new long[HISTORY_SECONDS];
    private final long[] written = new long[HISTORY_SECONDS];
    private int samples;
    private long lineNumber;
    private long turn;
    private @Nullable Traffic last;
    private String state = "{}";
    private int readers;
    private boolean closed;

    /** @param destinations whether to show where streams go */
    LivePage(NetworkState network, InstantSource clock, boolean destinations) {
        this.network = network;
        this.clock = clock;
        this.destinations = destinations;
    }

    /** Whether to show where streams go from now on. */
    void setDestinations(boolean shown) {
        destinations = shown;
    }

    /** A line of the program's log; the last ones are kept, and of each the beginning. */
    void log(long millis, String severity, String text) {
        String kept = text.length() <= LINE_LENGTH ? text : text.substring(0, LINE_LENGTH) + "...";
        lock.lock();
        try {
            if (log.size() == LOG_LINES) {
                log.removeFirst();
            }
            log.add(new Line(++lineNumber, millis, severity, kept));
        } finally {
            lock.unlock();
        }
    }

    private static String nickname(String relay) {
        int tilde = relay.indexOf('~');
        return tilde < 0 ? relay : relay.substring(tilde + 1);
    }

    /** Whether a page is open. */
    boolean isShown() {
        lock.lock();
        try {
            return readers > 0;
        } finally {
            lock.unlock();
        }
    }

    /** Has all pages show how things are now; to be called once a second. */
    void sample(Traffic traffic, Health.Report health) {
        lock.lock();
        try {
            Traffic before = last == null ? traffic : last;
            last = traffic;
            int at = samples % HISTORY_SECONDS;
            read[at] = traffic.bytesRead() - before.bytesRead();
            written[at] = traffic.bytesWritten() - before.bytesWritten();
            samples++;
            if (readers == 0) {
                return;
            }
            state = stateJson(traffic, read[at], written[at], health);
            turn++;
            fresh.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private String stateJson(Traffic traffic, long readRate, long writtenRate, Health.Report health) {
        View view = network.view();
        Json json = new Json().object().field("now", clock.millis());
        TorEvent.Bootstrap bootstrap = view.bootstrap();
        json.object("bootstrap").field("percent", bootstrap.percent()).field("summary", bootstrap.summary())
                .field("problem", bootstrap.problem()).endObject();
        json.object("health").field("status", health.state().label()).field("message", health.message()).array("components");
        for (Health.Component component : health.components()) {
            json.object().field("name", component.name()).field("status", component.state().label())
                    .field("message", component.message())
                    .field("remedy", component.error() == null ? null : component.error().remedy()).endObject();
        }
        json.endArray().endObject();
        json.object("traffic").field("read", traffic.bytesRead()).field("written", traffic.bytesWritten())
                .field("readRate", readRate).field("writtenRate", writtenRate).endObject();
        circuits(json, view.circuits());
        streams(json, view.streams());
        json.array("guards");
        for (Map.Entry<String, String> guard : view.guards().entrySet()) {
            json.object().field("name", nickname(guard.getKey())).field("state", guard.getValue()).endObject();
        }
        json.endArray().array("services");
        for (ServiceView service : view.services()) {
            json.object().field("address", service.address() + ".onion").field("points", service.points())
                    .field("clients", service.clients()).field("published", service.published()).endObject();
        }
        return json.endArray().field("channels", view.channels().size()).endObject().toString();
    }

    private void circuits(Json json, List<CircuitView> circuits) {
        json.field("circuitCount", circuits.size()).array("circuits");
        for (CircuitView circuit : circuits.subList(0, Math.min(MOST_ROWS, circuits.size()))) {
            json.object().field("id", circuit.id()).field("use", circuit.use()).field("built", circuit.built())
                    .field("since", circuit.since().toEpochMilli()).field("buildMillis", circuit.buildMillis()).array("path");
            for (String hop : circuit.path()) {
                json.value(nickname(hop));
            }
            json.endArray().endObject();
        }
        json.endArray();
    }

    private void streams(Json json, List<StreamView> streams) {
        json.field("streamCount", streams.size()).array("streams");
        for (StreamView stream : streams.subList(0, Math.min(MOST_ROWS, streams.size()))) {
            json.object().field("id", stream.id()).field("circuit", stream.circuit()).field("open", stream.open())
                    .field("target", shown(stream)).field("since", stream.since().toEpochMilli()).endObject();
        }
        json.endArray();
    }

    private String shown(StreamView stream) {
        if (destinations || stream.isDirectory()) {
            return stream.target();
        }
        int colon = stream.target().lastIndexOf(':');
        return "[scrubbed]" + (colon < 0 ? "" : stream.target().substring(colon));
    }

    /** Answers with one of the page's files, or with what it shows. */
    void answer(HttpRequest request, HttpServer.Answer answer) throws IOException {
        switch (request.path()) {
            case "/" -> file("page.html", "text/html; charset=utf-8", answer);
            case "/page.css" -> file("page.css", "text/css; charset=utf-8", answer);
            case "/page.js" -> file("page.js", "text/javascript; charset=utf-8", answer);
            case "/icon.svg", "/favicon.ico" -> file("icon.svg", "image/svg+xml", answer);
            case "/events" -> events(answer);
            default -> answer.text(404, "There is /, /metrics, /metrics/json, /health, /ready and /live.");
        }
    }

    private static void file(String name, String type, HttpServer.Answer answer) throws IOException {
        try (InputStream in = LivePage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException(name + " is missing");
            }
            answer.send(200, type, in.readAllBytes());
        }
    }

    private void events(HttpServer.Answer answer) throws IOException {
        lock.lock();
        try {
            if (readers == MOST_READERS || closed) {
                answer.text(503, "Too many pages are open.");
                return;
            }
            readers++;
        } finally {
            lock.unlock();
        }
        try {
            OutputStream out = answer.stream("text/event-stream; charset=utf-8");
            if (!answer.isHeadOnly()) {
                sendEvents(out);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.lock();
            try {
                readers--;
            } finally {
                lock.unlock();
            }
        }
    }

    /** Until the page is closed: then writing fails. */
    private void sendEvents(OutputStream out) throws IOException, InterruptedException {
        send(out, "history", history());
        // What was shown last may be long ago, and with destinations that are not shown any more.
        long seenTurn = turn();
        long seenLine = 0;
        while (true) {
            String json;
            String lines;
            lock.lock();
            try {
                while (turn == seenTurn && !closed) {
                    if (!fresh.await(10, TimeUnit.SECONDS)) {
                        break;
                    }
                }
                if (closed) {
                    return;
                }
                seenTurn = turn;
                json = state;
                lines = lineNumber == seenLine ? null : lines(seenLine);
                seenLine = lineNumber;
            } finally {
                lock.unlock();
            }
            if (lines != null) {
                send(out, "log", lines);
            }
            send(out, "state", json);
        }
    }

    private long turn() {
        lock.lock();
        try {
            return turn;
        } finally {
            lock.unlock();
        }
    }

    private static void send(OutputStream out, String event, String json) throws IOException {
        out.write(("event: " + event + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /** Bytes of each of the last seconds, the oldest first. */
    private String history() {
        lock.lock();
        try {
            Json json = new Json().object().array("read");
            int first = Math.max(0, samples - HISTORY_SECONDS);
            for (int i = first; i < samples; i++) {
                json.value(read[i % HISTORY_SECONDS]);
            }
            json.endArray().array("written");
            for (int i = first; i < samples; i++) {
                json.value(written[i % HISTORY_SECONDS]);
            }
            return json.endArray().endObject().toString();
        } finally {
            lock.unlock();
        }
    }

    private String lines(long after) {
        Json json = new Json().object().array("lines");
        for (Line line : log) {
            if (line.number > after) {
                json.object().field("at", line.millis).field("severity", line.severity).field("text", line.text).endObject();
            }
        }
        return json.endArray().endObject().toString();
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            fresh.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
