package dev.cepa.circuit;

import dev.cepa.cell.ChannelMessage;
import dev.cepa.channel.Channel;
import dev.cepa.channel.CircuitHandler;
import dev.cepa.channel.QueueMemory;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;

/** One circuit's place on its channel. Thread-safe; only {@link #awaitWritable} blocks. */
interface CircuitLink {
    /** Takes a circuit id; cells reach the handler from now on. */
    void attach(CircuitHandler handler) throws TorException;

    /** Gives the circuit id back; no cell reaches the handler that was not under way. */
    void detach();

    /** Whether the channel has not closed; its circuits hear of that a moment later. */
    boolean isOpen();

    /** The memory of all queues of the client. */
    QueueMemory memory();

    /** Whether {@link #awaitWritable} would not wait. */
    boolean isWritable();

    /** Waits while the channel has more to write than it should; to be called without the circuit's lock. */
    void awaitWritable(Deadline deadline) throws TorException;

    /** Queues a cell whose 509 body bytes are at {@code offset}; they are copied. */
    void send(int command, byte[] body, int offset) throws TorException;

    /** Queues a cell that creates or ends the circuit. */
    void send(ChannelMessage message) throws TorException;

    /** When anything last came from the first relay, for any circuit, by {@link System#nanoTime}. */
    long lastReceivedNanos();

    /** The place on a real channel. */
    final class OnChannel implements CircuitLink {
        private final Channel channel;
        private int circuitId;

        OnChannel(Channel channel) {
            this.channel = channel;
        }

        @Override
        public void attach(CircuitHandler handler) throws TorException {
            // Nothing is sent, so nothing is received, before this is done.
            circuitId = channel.attach(handler);
        }

        @Override
        public void detach() {
            if (circuitId != 0) {
                channel.detach(circuitId);
            }
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public QueueMemory memory() {
            return channel.memory();
        }

        @Override
        public boolean isWritable() {
            return channel.isWritable();
        }

        @Override
        public void awaitWritable(Deadline deadline) throws TorException {
            channel.awaitWritable(deadline);
        }

        @Override
        public void send(int command, byte[] body, int offset) throws TorException {
            channel.send(circuitId, command, body, offset);
        }

        @Override
        public void send(ChannelMessage message) throws TorException {
            channel.send(circuitId, message);
        }

        @Override
        public long lastReceivedNanos() {
            return channel.lastReceivedNanos();
        }
    }
}
