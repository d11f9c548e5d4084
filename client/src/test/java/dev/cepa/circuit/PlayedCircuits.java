package dev.cepa.circuit;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.ConfluxMessage;
import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.CircuitHandler;
import dev.cepa.channel.QueueMemory;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Circuits without a network for tests of other rooms: three hops, and an exit that answers streams as it is told. */
public final class PlayedCircuits {
    private PlayedCircuits() {}

    /** What an exit answers. */
    @FunctionalInterface
    public interface Exit {
        /** The answer to BEGIN or RESOLVE; null for none. */
        @Nullable RelayMessage answer(RelayMessage request);

        /** Whether the channel of the circuits to it has not closed; they don't hear of it. */
        default boolean isConnected() {
            return true;
        }
    }

    /** An open circuit of three hops. */
    public static Circuit open(long id, TorEvents events, Exit exit) throws TorException {
        Deadline soon = Deadline.in(Duration.ofSeconds(20));
        PlayedPath path = new PlayedPath();
        Circuit circuit = Circuit.create(
                new Answering(path, exit), path.target(0, true), CircuitSettings.DEFAULT, events, id, "GENERAL", soon);
        circuit.extend(path.target(1, false), soon);
        circuit.extend(path.target(2, true), soon);
        circuit.markBuilt();
        return circuit;
    }

    /** A set of two circuits, joined. */
    public static ConfluxSet openSet(long id, TorEvents events, Exit exit) throws TorException {
        Deadline soon = Deadline.in(Duration.ofSeconds(20));
        ConfluxSet set = new ConfluxSet(
                ConfluxSettings.DEFAULT, CircuitSettings.DEFAULT, new QueueMemory(events), events);
        for (int leg = 0; leg < 2; leg++) {
            PlayedPath path = new PlayedPath();
            path.granted = new byte[] {1, 2, 1, 31};
            Circuit circuit = set.createLeg(new Answering(path, exit), path.target(0, false), 10 * id + leg, soon);
            circuit.extend(path.target(1, false), soon);
            circuit.extend(path.target(2, true).withCongestion(CongestionSettings.EXIT), soon);
            set.link(circuit, Duration.ofSeconds(20));
        }
        set.join(2);
        return set;
    }

    /** A path whose last relay answers at once, on the thread that sends. */
    private record Answering(PlayedPath path, Exit exit) implements CircuitLink {
        @Override
        public void attach(CircuitHandler circuit) throws TorException {
            path.attach(circuit);
        }

        @Override
        public void detach() {
            path.detach();
        }

        @Override
        public boolean isOpen() {
            return exit.isConnected();
        }

        @Override
        public QueueMemory memory() {
            return path.memory();
        }

        @Override
        public boolean isWritable() {
            return path.isWritable();
        }

        @Override
        public void awaitWritable(Deadline deadline) {
            path.awaitWritable(deadline);
        }

        @Override
        public long lastReceivedNanos() {
            return path.lastReceivedNanos();
        }

        @Override
        public void send(ChannelMessage message) throws TorException {
            path.send(message);
        }

        @Override
        public void send(int cellCommand, byte[] body, int offset) throws TorException {
            path.send(cellCommand, body, offset);
            PlayedPath.Received last = path.received.poll();
            if (last != null && last.command() == ConfluxMessage.LINK) {
                ConfluxMessage.Link link =
                        (ConfluxMessage.Link) RelayMessage.read(last.command(), new ByteReader(last.body()));
                path.reply(2, 0, new ConfluxMessage.Linked(link.body()));
            }
            if (last != null && (last.command() == RelayMessage.BEGIN || last.command() == RelayMessage.RESOLVE)) {
                RelayMessage answer =
                        exit.answer(RelayMessage.read(last.command(), new ByteReader(last.body())));
                if (answer != null) {
                    path.reply(2, last.streamId(), answer);
                }
            }
        }
    }
}
