package dev.cepa.testrelay;

import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Connected;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.cell.RelayMessage.Sendme;
import dev.cepa.crypto.HopCrypto;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The streams of one circuit at a test relay: each is connected at once, sends back what it gets, and keeps to the windows.
 * Touched by the client's link alone.
 */
final class Echo {
    private static final int CIRCUIT_INCREMENT = 100;
    private static final int STREAM_INCREMENT = 50;

    private static final class Stream {
        int window = 500;
        int cells;
        final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
    }

    private final RelayCircuit circuit;
    private final Map<Integer, Stream> streams = new HashMap<>();
    private final BlockingQueue<byte[]> tags = new LinkedBlockingQueue<>();
    private int window = 1000;
    private int cells;
    private byte[] dueTag;

    Echo(RelayCircuit circuit) {
        this.circuit = circuit;
    }

    BlockingQueue<byte[]> tags() {
        return tags;
    }

    /** A DATA cell has come, and {@code crypto} has just recognised it. */
    void count(HopCrypto crypto) {
        if (++cells % CIRCUIT_INCREMENT == 0) {
            dueTag = new byte[crypto.tagLength()];
            crypto.receivedTag(dueTag);
            tags.add(dueTag);
        }
    }

    void onMessage(int command, int streamId, byte[] body) throws IOException {
        switch (command) {
            case RelayMessage.BEGIN, RelayMessage.BEGIN_DIR -> {
                streams.put(streamId, new Stream());
                circuit.send(streamId, new Connected(InetAddress.getLoopbackAddress(), 60));
            }
            case RelayMessage.RESOLVE ->
                    circuit.send(
                            streamId,
                            new Resolved(List.of(new Resolved.Answer.Address(InetAddress.getLoopbackAddress(), 60))));
            case RelayMessage.DATA -> data(streamId, body);
            case RelayMessage.END -> streams.remove(streamId);
            case RelayMessage.SENDME -> sendme(streamId);
            default -> {
                // Padding.
            }
        }
    }

    private void data(int streamId, byte[] body) throws IOException {
        if (dueTag != null) {
            circuit.send(0, new Sendme(dueTag));
            dueTag = null;
        }
        Stream stream = streams.get(streamId);
        if (stream == null) {
            return;
        }
        if (++stream.cells % STREAM_INCREMENT == 0) {
            circuit.send(streamId, new Sendme(null));
        }
        stream.waiting.add(body);
        flush(streamId, stream);
    }

    private void sendme(int streamId) throws IOException {
        if (streamId != 0) {
            Stream stream = streams.get(streamId);
            if (stream != null) {
                stream.window += STREAM_INCREMENT;
                flush(streamId, stream);
            }
            return;
        }
        window += CIRCUIT_INCREMENT;
        for (Map.Entry<Integer, Stream> entry : streams.entrySet()) {
            flush(entry.getKey(), entry.getValue());
        }
    }

    private void flush(int streamId, Stream stream) throws IOException {
        while (window > 0 && stream.window > 0 && !stream.waiting.isEmpty()) {
            window--;
            stream.window--;
            circuit.send(RelayMessage.DATA, streamId, stream.waiting.remove());
        }
    }
}
