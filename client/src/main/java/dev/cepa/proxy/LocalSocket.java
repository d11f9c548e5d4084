package dev.cepa.proxy;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** A program's connection to a port of ours. Read by one thread at a time, and written by one; closed by any. */
public interface LocalSocket extends Closeable {
    /** What the program sends. */
    InputStream input() throws IOException;

    /** To the program; nothing is kept back. */
    OutputStream output() throws IOException;

    /** How long reading may wait, in milliseconds, before it fails with {@link java.net.SocketTimeoutException}; 0: for ever. */
    void setReadTimeout(int millis) throws IOException;

    /** Asks the system for buffers of so many bytes, where it has such. */
    default void setBuffers(int bytes) throws IOException {
        // A socket in the file system has none of its own.
    }

    /** Tells the program that nothing more comes. */
    void shutdownOutput() throws IOException;

    /** Where the program is; null if it came by the file system. */
    @Nullable InetAddress client();

    /** From which port it came; 0 if it came by the file system. */
    default int clientPort() {
        return 0;
    }
}
