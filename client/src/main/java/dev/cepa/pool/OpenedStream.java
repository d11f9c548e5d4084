package dev.cepa.pool;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A stream that the exit has connected, as its user sees it.
 *
 * @param input what the far end sends; ends when the far end does, with a {@link dev.cepa.error.TorException} when it
 *     breaks; {@code available()} says how much can be read without waiting
 * @param output to the far end; a write waits for flow control, nothing is kept back unsent after {@code flush}
 * @param closer ends the stream and frees everything; wakes readers and writers; may be called twice
 */
public record OpenedStream(InputStream input, OutputStream output, Closeable closer) implements Closeable {
    @Override
    public void close() throws IOException {
        closer.close();
    }
}
