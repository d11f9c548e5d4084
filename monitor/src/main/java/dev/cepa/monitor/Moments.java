package dev.cepa.monitor;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.OnionDescriptor;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.event.TorEventListener;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Makes moments that last - bootstrapping, a circuit being built, a hop of it, a stream, a descriptor being fetched - of
 * events that do not, and has them recorded. Thread-safe: one lock.
 *
 * @param <M> a moment as the recorder has it
 */
final class Moments<M> implements TorEventListener {
    /** Of each kind at once; what comes on top is not recorded. */
    private static final int MOST = 4096;

    /** What lasts. */
    enum Kind {
        BOOTSTRAP,
        CIRCUIT_BUILD,
        CIRCUIT_HOP,
        STREAM,
        DESCRIPTOR_FETCH
    }

    /**
     * What is known of a moment when it ends; 0 and empty texts stand for nothing.
     *
     * @param number of the hop, from 1; bootstrapping's percents
     * @param relay that the hop went to, or the descriptor was asked of
     * @param purpose of the circuit; phase of bootstrapping
     * @param destination of the stream, or the onion service; empty unless it may be told
     */
    record Details(long circuit, long stream, int number, String relay, String purpose, String destination) {}

    /** Who writes moments down. Called under the lock. */
    interface Recorder<M> {
        /** Something begins, as part of something else or of nothing. */
        M begin(Kind kind, @Nullable M parent);

        /** Something happens while it lasts. */
        void note(M moment, String what);

        /** It ends, with a failure or with none. */
        void end(M moment, Kind kind, Details details, @Nullable TorException failure);
    }

    private static final class Building<M> {
        final M circuit;
        M hop;
        int hops;

        Building(M circuit, M hop) {
            this.circuit = circuit;
            this.hop = hop;
        }
    }

    private final Recorder<M> recorder;
    private final boolean destinations;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock:
    private final Map<Long, Building<M>> circuits = new HashMap<>();
    private final Map<Long, M> streams = new HashMap<>();
    private final Map<String, M> descriptors = new HashMap<>();
    private @Nullable M bootstrap;

    /** @param destinations whether it may be told where streams go */
    Moments(Recorder<M> recorder, boolean destinations) {
        this.recorder = recorder;
        this.destinations = destinations;
    }

    @Override
    public void onEvent(TorEvent event) {
        lock.lock();
        try {
            switch (event) {
                case TorEvent.Bootstrap b -> bootstrap(b);
                case CircuitStatus circuit -> circuit(circuit);
                case StreamStatus stream -> stream(stream);
                case OnionDescriptor descriptor -> descriptor(descriptor);
                default -> {}
            }
        } finally {
            lock.unlock();
        }
    }

    private void bootstrap(TorEvent.Bootstrap event) {
        M moment = bootstrap;
        if (moment == null && event.percent() < 100) {
            moment = recorder.begin(Kind.BOOTSTRAP, null);
            bootstrap = moment;
        }
        if (moment != null) {
            recorder.note(moment, event.percent() + "% " + event.tag());
            if (event.percent() == 100) {
                recorder.end(moment, Kind.BOOTSTRAP, new Details(0, 0, 100, "", event.tag(), ""), null);
                bootstrap = null;
            }
        }
    }

    private void circuit(CircuitStatus event) {
        long id = event.circuitId();
        if (event.status() == CircuitStatus.Status.LAUNCHED) {
            if (circuits.size() < MOST) {
                M circuit = recorder.begin(Kind.CIRCUIT_BUILD, null);
                circuits.put(id, new Building<>(circuit, recorder.begin(Kind.CIRCUIT_HOP, circuit)));
            }
            return;
        }
        Building<M> building = circuits.get(id);
        if (building == null) {
            return;
        }
        TorException failure = event.reason();
        List<String> path = event.path();
        switch (event.status()) {
            case LAUNCHED -> {}
            case EXTENDED -> {
                if (path.size() > building.hops) {
                    building.hops = path.size();
                    String relay = path.get(path.size() - 1);
                    recorder.end(
                            building.hop, Kind.CIRCUIT_HOP, new Details(id, 0, path.size(), relay, event.purpose(), ""), null);
                    // It is left alone if there is no further hop.
                    building.hop = recorder.begin(Kind.CIRCUIT_HOP, building.circuit);
                }
            }
            case BUILT -> {
                circuits.remove(id);
                recorder.end(
                        building.circuit, Kind.CIRCUIT_BUILD, new Details(id, 0, path.size(), "", event.purpose(), ""), null);
            }
            case FAILED, CLOSED -> {
                circuits.remove(id);
                recorder.end(
                        building.hop, Kind.CIRCUIT_HOP, new Details(id, 0, building.hops + 1, "", event.purpose(), ""), failure);
                recorder.end(
                        building.circuit, Kind.CIRCUIT_BUILD, new Details(id, 0, path.size(), "", event.purpose(), ""), failure);
            }
        }
    }

    private void stream(StreamStatus event) {
        long id = event.streamId();
        if (event.status() == StreamStatus.Status.NEW) {
            if (streams.size() < MOST) {
                streams.put(id, recorder.begin(Kind.STREAM, null));
            }
            return;
        }
        M moment = streams.get(id);
        if (moment == null) {
            return;
        }
        switch (event.status()) {
            case NEW, SENT_CONNECT -> {}
            case SUCCEEDED -> recorder.note(moment, "open");
            case FAILED, CLOSED -> {
                streams.remove(id);
                boolean directory = NetworkState.isDirectory(event.target());
                String destination = destinations && !directory ? event.target() : "";
                recorder.end(
                        moment, Kind.STREAM,
                        new Details(event.circuitId(), id, 0, "", directory ? "DIRECTORY" : "USER", destination),
                        event.status() == StreamStatus.Status.FAILED ? event.reason() : null);
            }
        }
    }

    private void descriptor(OnionDescriptor event) {
        String key = event.descriptorId() + event.directory();
        if (event.action() == OnionDescriptor.Action.REQUESTED) {
            if (descriptors.size() < MOST) {
                descriptors.put(key, recorder.begin(Kind.DESCRIPTOR_FETCH, null));
            }
            return;
        }
        M moment = descriptors.remove(key);
        if (moment != null) {
            String directory = event.directory();
            String reason = event.reason();
            recorder.end(
                    moment, Kind.DESCRIPTOR_FETCH,
                    new Details(0, 0, 0, directory == null ? "" : directory, "", destinations ? event.address() : ""),
                    event.action() == OnionDescriptor.Action.RECEIVED
                            ? null
                            : new TorException(ErrorKind.ONION_SERVICE, reason == null ? "failed" : reason));
        }
    }
}
