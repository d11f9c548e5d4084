package dev.cepa.testrelay;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.concurrent.locks.ReentrantLock;

/** One client's link, as the test relay sees it. Sending is thread-safe. */
public final class RelayLink {
    private final Socket tcp;
    private final OutputStream out;
    private final ReentrantLock lock = new ReentrantLock();

    RelayLink(Socket tcp, OutputStream out) {
        this.tcp = tcp;
        this.out = out;
    }

    /** Sends a fixed cell, whose body is padded with zeros. */
    public void send(int circuitId, int command, byte[] body) throws IOException {
        sendRaw(fixed(circuitId, command, body));
    }

    /** Sends a message in a fixed cell. */
    public void send(int circuitId, ChannelMessage message) throws IOException {
        ByteWriter body = new ByteWriter();
        message.write(body);
        send(circuitId, message.command(), body.toByteArray());
    }

    /** Sends bytes that need not be a cell. */
    public void sendRaw(byte[] bytes) throws IOException {
        lock.lock();
        try {
            out.write(bytes);
            out.flush();
        } finally {
            lock.unlock();
        }
    }

    /** Drops the connection, without a TLS goodbye. */
    public void close() {
        try {
            tcp.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A fixed cell. */
    public static byte[] fixed(int circuitId, int command, byte[] body) {
        ByteWriter cell = new ByteWriter(Cell.LENGTH).u32(circuitId).u8(command).bytes(body);
        return cell.zeros(Cell.LENGTH - cell.size()).toByteArray();
    }

    /** A variable-length cell; before VERSIONS is settled circuit ids have 2 bytes, afterwards 4. */
    public static byte[] variable(int circuitIdLength, int command, byte[] body) {
        return new ByteWriter()
                .zeros(circuitIdLength).u8(command).u16(body.length).bytes(body).toByteArray();
    }

    /** A message in the cell that it goes into once VERSIONS is settled. */
    public static byte[] encode(ChannelMessage message) {
        ByteWriter body = new ByteWriter();
        message.write(body);
        return Cell.isVariable(message.command())
                ? variable(message.command() == Cell.VERSIONS ? 2 : 4, message.command(), body.toByteArray())
                : fixed(0, message.command(), body.toByteArray());
    }
}
