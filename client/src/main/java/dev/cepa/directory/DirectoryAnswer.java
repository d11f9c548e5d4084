package dev.cepa.directory;

import dev.cepa.directory.Decompression.Encoding;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A directory server's answer: what its head said, and its body to be read once, by one thread. */
public final class DirectoryAnswer implements Closeable {
    private final int status;
    private final String reason;
    private final @Nullable Instant date;
    private final Encoding encoding;
    private final InputStream body;
    private final ReceivedBytes received;
    private @Nullable Runnable onClose;

    /** @param received what {@code body} is made of */
    DirectoryAnswer(
            int status, String reason, @Nullable Instant date, Encoding encoding, InputStream body, ReceivedBytes received) {
        this.received = received;
        this.status = status;
        this.reason = reason;
        this.date = date;
        this.encoding = encoding;
        this.body = body;
    }

    /** 200 and the like. */
    public int status() {
        return status;
    }

    /** The server's clock when it answered; null if it did not say. */
    public @Nullable Instant date() {
        return date;
    }

    /** How the body was compressed on its way. */
    Encoding encoding() {
        return encoding;
    }

    /** The decompressed body. Reading throws TorException if it is malformed, cut short or too large. */
    public InputStream body() {
        return body;
    }

    /** The whole body. */
    public byte[] readAll() throws IOException {
        // Grown by doubling and cut at the end: one copy of a document of megabytes, not a list of its pieces beside it.
        byte[] bytes = new byte[16 * 1024];
        int length = 0;
        while (true) {
            int n = body.read(bytes, length, bytes.length - length);
            if (n < 0) {
                return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
            }
            length += n;
            if (length == bytes.length) {
                bytes = Arrays.copyOf(bytes, 2 * length);
            }
        }
    }

    /**
     * Returns if the status is 200.
     *
     * @throws TorException that says in words what another status means
     */
    public void expectOk() throws TorException {
        switch (status) {
            case 200 -> {}
            case 304 -> throw new TorException(ErrorKind.NO_DIRECTORY, "the directory server has nothing newer");
            case 404 -> throw new TorException(ErrorKind.NO_DIRECTORY, "the directory server has no such document (404)");
            case 503 -> throw new TorException(ErrorKind.RELAY_UNREACHABLE, "the directory server is busy (503)");
            default -> throw new ProtocolException("the directory server refused: " + status + " " + reason);
        }
    }

    /** How many bytes of the body have come, as they were sent. */
    long receivedBytes() {
        return received.received();
    }

    /** Has {@code listener} run when the answer has been read. */
    void onClose(Runnable listener) {
        onClose = listener;
    }

    @Override
    public void close() throws IOException {
        Runnable listener = onClose;
        onClose = null;
        if (listener != null) {
            listener.run();
        }
        body.close();
    }
}
