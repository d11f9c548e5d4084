package dev.cepa.channel;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;

/**
 * The input of a TCP socket, which has what came acknowledged at once while little comes, where the system can do that (Linux).
 * Relays leave Nagle's algorithm on: what one sends for a circuit waits until we have acknowledged what it sent before, maybe
 * for another circuit, and a kernel that has nothing to send takes 40 ms over that. When much comes, every other segment is
 * acknowledged in any case. For one thread.
 */
final class PromptInput extends InputStream {
    /** Bytes in a window of time; who gets more has a transfer. */
    private static final int LITTLE = 16 * 1024;

    private static final long WINDOW_NANOS = 50_000_000;

    private final Socket socket;
    private final InputStream in;
    private final @Nullable SocketOption<Boolean> quickAck;
    private long since = System.nanoTime();
    private int recent;

    PromptInput(Socket socket) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
        this.quickAck = quickAck(socket);
    }

    /** The option, which only some systems have, and only where the module jdk.net is. */
    @SuppressWarnings("unchecked") // its type is looked at
    private static @Nullable SocketOption<Boolean> quickAck(Socket socket) {
        for (SocketOption<?> option : socket.supportedOptions()) {
            if (option.name().equals("TCP_QUICKACK") && option.type() == Boolean.class) {
                return (SocketOption<Boolean>) option;
            }
        }
        return null;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int count = in.read(bytes, offset, length);
        if (quickAck != null && count > 0 && isLittle(count)) {
            socket.setOption(quickAck, true); // holds until we next send something
        }
        return count;
    }

    private boolean isLittle(int count) {
        long now = System.nanoTime();
        if (now - since > WINDOW_NANOS) {
            since = now;
            recent = 0;
        }
        recent = Math.min(recent, LITTLE) + count;
        return recent <= LITTLE;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int available() throws IOException {
        return in.available();
    }
}
