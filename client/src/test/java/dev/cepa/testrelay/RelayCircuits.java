package dev.cepa.testrelay;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.ChannelMessage.Create2;
import dev.cepa.cell.ChannelMessage.CreateFast;
import dev.cepa.cell.ChannelMessage.Created2;
import dev.cepa.cell.DestroyReason;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.crypto.RelayHandshakes;
import dev.cepa.crypto.RelayHandshakes.Answer;
import dev.cepa.error.ProtocolException;
import dev.cepa.event.TorEvents;
import java.io.Closeable;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/** The circuits of one test relay: answers the handshakes, and hands cells to the circuit that they are for. */
final class RelayCircuits implements CellHandler, Closeable {
    private static final int NTOR_V3 = 3;

    /** A circuit id means something on its link only. */
    private record Key(RelayLink link, int circuitId) {}

    private final RelayKeys keys;
    private final RelayScript script;
    private final SecureRandom random = new SecureRandom();
    private final Map<Key, RelayCircuit> circuits = new ConcurrentHashMap<>();
    private final BlockingQueue<RelayCircuit> created = new LinkedBlockingQueue<>();
    /** Links to other relays, for circuits that are extended. */
    private final ChannelManager onward = new ChannelManager(
            new ChannelSettings(Duration.ofSeconds(20), Duration.ofMinutes(1), 16), new TorEvents());

    RelayCircuits(RelayKeys keys, RelayScript script) {
        this.keys = keys;
        this.script = script;
    }

    RelayScript script() {
        return script;
    }

    ChannelManager onward() {
        return onward;
    }

    BlockingQueue<RelayCircuit> created() {
        return created;
    }

    @Override
    public void onCell(RelayLink link, int circuitId, int command, byte[] body) throws IOException {
        Key key = new Key(link, circuitId);
        switch (command) {
            case Cell.CREATE2, Cell.CREATE_FAST -> create(key, command, body);
            case Cell.RELAY, Cell.RELAY_EARLY -> {
                RelayCircuit circuit = circuits.get(key);
                if (circuit != null) {
                    circuit.onCell(command, body);
                }
            }
            case Cell.DESTROY -> {
                RelayCircuit circuit = circuits.remove(key);
                if (circuit != null) {
                    circuit.onDestroy(body[0] & 0xff);
                }
            }
            default -> {
                // Padding, or nothing that a circuit is told of.
            }
        }
    }

    private void create(Key key, int command, byte[] body) throws IOException {
        Answer answer;
        try {
            answer = answer(ChannelMessage.read(command, new ByteReader(body)));
        } catch (ProtocolException e) {
            key.link.send(key.circuitId, new ChannelMessage.Destroy(DestroyReason.PROTOCOL.code()));
            return;
        }
        RelayCircuit circuit = new RelayCircuit(this, key.link, key.circuitId, RelayHandshakes.tor1(answer.keys()));
        circuits.put(key, circuit);
        byte[] message = script.created(answer.message());
        if (message != null) {
            if (command == Cell.CREATE_FAST) {
                key.link.send(key.circuitId, Cell.CREATED_FAST, message);
            } else {
                key.link.send(key.circuitId, new Created2(message));
            }
        }
        created.add(circuit);
    }

    private Answer answer(ChannelMessage create) throws ProtocolException {
        return switch (create) {
            case CreateFast(byte[] x) -> RelayHandshakes.createFast(script.asked(-1, x), random);
            case Create2(int type, byte[] data) -> {
                byte[] asked = script.asked(type, data);
                yield type == NTOR_V3
                        ? RelayHandshakes.ntorV3(
                                keys.ed25519Id(), keys.onionKey(), asked, extensions -> new byte[] {0}, random)
                        : RelayHandshakes.ntor(keys.rsaId(), keys.onionKey(), asked, random);
            }
            default -> throw new ProtocolException("no handshake");
        };
    }

    @Override
    public void close() {
        onward.close();
    }
}
