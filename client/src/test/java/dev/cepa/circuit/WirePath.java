package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.channel.Channel;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.testrelay.RelayCircuit;
import dev.cepa.testrelay.RelayKeys;
import dev.cepa.testrelay.RelayScript;
import dev.cepa.testrelay.TestRelay;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Test relays in a row, a client's channels to them, and circuits through them: everything real but what scripts change. */
final class WirePath implements AutoCloseable {
    /** For what comes in a moment, on a machine that has time for it. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final List<RelayKeys> KEYS =
            List.of(RelayKeys.generate(), RelayKeys.generate(), RelayKeys.generate());

    final List<TorEvent> events = new CopyOnWriteArrayList<>();
    private final ChannelManager manager;
    private final List<TestRelay> relays = new ArrayList<>();
    private long circuits;

    /** One client's circuit, with each relay's view of it, the guard's first, and a stream that the last has connected. */
    record Built(Circuit circuit, List<RelayCircuit> relays, TorStream stream) {
        RelayCircuit guard() {
            return relays.getFirst();
        }

        RelayCircuit exit() {
            return relays.getLast();
        }

        int streamId() {
            return stream.streamId();
        }

        TorException awaitClosed() throws InterruptedException {
            CountDownLatch closed = new CountDownLatch(1);
            circuit.onClose(closed::countDown);
            assertThat(closed.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("the circuit was closed").isTrue();
            return circuit.closeReason();
        }

        /** The stream carries more each way than the far end takes without a SENDME of ours for the stream. */
        void assertCarries() throws IOException {
            byte[] sent = new byte[60_000];
            new Random(1).nextBytes(sent);
            Thread.startVirtualThread(() -> {
                try {
                    stream.output().write(sent);
                } catch (IOException e) {
                    // The reader fails too.
                }
            });
            stream.setReadTimeout(Math.toIntExact(PATIENCE.toMillis()));
            assertThat(stream.input().readNBytes(sent.length)).isEqualTo(sent);
        }
    }

    /** Relays that do what their scripts say, the guard's first; honest beyond them. */
    WirePath(RelayScript... scripts) throws IOException {
        this(Duration.ofMinutes(1), guard -> {}, scripts);
    }

    /** The same, with a guard that is changed beyond its circuits. */
    WirePath(Duration halfCellTimeout, Consumer<TestRelay.Builder> guard, RelayScript... scripts) throws IOException {
        TorEvents stream = new TorEvents();
        stream.add(events::add);
        manager = new ChannelManager(new ChannelSettings(PATIENCE, halfCellTimeout, Duration.ofMinutes(1), 4), stream);
        for (int i = 0; i < KEYS.size(); i++) {
            TestRelay.Builder relay = TestRelay.builder().keys(KEYS.get(i));
            if (i == 0) {
                guard.accept(relay);
            }
            relays.add(relay.circuits(i < scripts.length ? scripts[i] : RelayScript.HONEST).start());
        }
    }

    static Deadline soon() {
        return Deadline.in(PATIENCE);
    }

    TestRelay relay(int hop) {
        return relays.get(hop);
    }

    ChannelTarget link(int hop) {
        RelayKeys keys = KEYS.get(hop);
        return new ChannelTarget(keys.rsaId(), keys.ed25519Id(), List.of(relays.get(hop).address()));
    }

    HopTarget target(int hop, boolean v3) {
        return new HopTarget(link(hop), KEYS.get(hop).onionKey().publicKey(), v3, "relay" + hop);
    }

    /** A channel to anybody. */
    Channel get(ChannelTarget target) throws TorException {
        return manager.get(target, soon());
    }

    /** The channel to a relay, opened if it is not there. */
    Channel channel(int hop) throws TorException {
        return get(link(hop));
    }

    /** A circuit of one hop to a relay. */
    Circuit create(HopTarget first, int hop, Deadline deadline) throws TorException {
        return Circuit.create(
                channel(hop), first, CircuitSettings.DEFAULT, new TorEvents(), ++circuits, "GENERAL", deadline);
    }

    /** A circuit through the first relays, by ntor and ntor-v3 in turn, with a stream. */
    Built build(int length) throws Exception {
        Circuit circuit = create(target(0, true), 0, soon());
        List<RelayCircuit> views = new ArrayList<>(List.of(relays.getFirst().nextCircuit()));
        for (int hop = 1; hop < length; hop++) {
            circuit.extend(target(hop, hop % 2 == 0), soon());
            views.add(relays.get(hop).nextCircuit());
        }
        circuit.markBuilt();
        return new Built(circuit, views, circuit.open("example.com", 80, 0, soon()));
    }

    /** A circuit of one hop by CREATE_FAST to any relay, with a stream to its directory. */
    Built directory(int hop) throws Exception {
        Circuit circuit = create(new HopTarget(link(hop), null, false, ""), hop, soon());
        List<RelayCircuit> views = List.of(relays.get(hop).nextCircuit());
        return new Built(circuit, views, circuit.openDirectory(soon()));
    }

    @Override
    public void close() throws Exception {
        manager.close();
        for (TestRelay relay : relays) {
            relay.close();
            assertThat(relay.troubles()).isEmpty();
        }
    }
}
