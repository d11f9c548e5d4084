package dev.cepa.proxy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A socket in the file system. Its folder must be private, as on some systems anybody who sees a socket can connect to it.
 * Thread-safe.
 */
final class UnixServer implements LocalServer {
    private final ServerSocketChannel server;
    private final UnixDomainSocketAddress address;

    private UnixServer(ServerSocketChannel server, UnixDomainSocketAddress address) {
        this.server = server;
        this.address = address;
    }

    /**
     * Makes the socket, in the place of one that is left of a program that is gone.
     *
     * @throws TorException of kind CONFIG if it can't be had, or its folder is open to others
     */
    static UnixServer open(UnixDomainSocketAddress address, SocketFileMode mode) throws TorException {
        Path path = address.getPath();
        checkFolder(path, mode);
        ServerSocketChannel server;
        try {
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        } catch (IOException | UnsupportedOperationException e) {
            throw new TorException(ErrorKind.CONFIG, "No socket for listening on unix:" + path + ": " + e.getMessage(), e);
        }
        try {
            Files.deleteIfExists(path);
            server.bind(address);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode.permissions()));
            return new UnixServer(server, address);
        } catch (IOException e) {
            StreamListener.closeQuietly(server);
            throw new TorException(ErrorKind.CONFIG, "Could not listen on unix:" + path + ": " + e.getMessage(), e);
        }
    }

    private static void checkFolder(Path path, SocketFileMode mode) throws TorException {
        Path folder = path.getParent();
        if (folder == null || !path.isAbsolute()) {
            throw new TorException(
                    ErrorKind.CONFIG, "Bad unix socket address '" + path + "': a path from the root is needed");
        }
        if (mode.world()) {
            return; // it can go anywhere
        }
        PosixFileAttributes attributes;
        try {
            attributes = Files.readAttributes(folder, PosixFileAttributes.class);
        } catch (IOException e) {
            throw new TorException(
                    ErrorKind.CONFIG, "The folder " + folder + " of the socket " + path + " can't be looked at: " + e.getMessage(),
                    e);
        }
        Set<PosixFilePermission> tooMany = PosixFilePermissions.fromString(forbidden(mode));
        tooMany.retainAll(attributes.permissions());
        if (!attributes.isDirectory() || !tooMany.isEmpty() || isOthers(attributes)) {
            throw new TorException(
                    ErrorKind.CONFIG, "Before a socket can be made at " + path + ", its folder " + folder
                            + " needs to exist and to be accessible only by the account that runs Cepa"
                            + (mode.group() ? " and its group" : "") + ". (On some systems, anybody who can list a socket can "
                            + "connect to it.) Do: chmod " + (mode.group() ? "750 " : "700 ") + folder);
        }
    }

    /** What the folder may not allow to whom. */
    private static String forbidden(SocketFileMode mode) {
        return mode.relaxedFolder() ? "----w--w-" : mode.group() ? "----w-rwx" : "---rwxrwx";
    }

    /** Whether it belongs to somebody who is neither this process's user nor root. */
    private static boolean isOthers(PosixFileAttributes folder) {
        String owner = folder.owner().getName();
        return !owner.equals(System.getProperty("user.name")) && !owner.equals("root");
    }

    @Override
    public LocalSocket accept() throws IOException {
        return new Connection(server.accept());
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public boolean isClosed() {
        return !server.isOpen();
    }

    @Override
    public void close() throws IOException {
        server.close();
        if (Files.exists(address.getPath(), LinkOption.NOFOLLOW_LINKS)) {
            Files.delete(address.getPath());
        }
    }

    /** A program that came by the file system. */
    private static final class Connection implements LocalSocket {
        private final SocketChannel channel;
        private final InputStream in;
        private final OutputStream out;
        private volatile int readTimeout;

        Connection(SocketChannel channel) {
            this.channel = channel;
            this.in = new TimedInput(channel);
            this.out = Channels.newOutputStream(channel);
        }

        @Override
        public InputStream input() {
            return in;
        }

        @Override
        public OutputStream output() {
            return out;
        }

        @Override
        public void setReadTimeout(int millis) {
            readTimeout = millis;
        }

        @Override
        public void shutdownOutput() throws IOException {
            channel.shutdownOutput();
        }

        @Override
        public @Nullable InetAddress client() {
            return null;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }

        /** Reading such a channel knows no time limit; a thread that closes it in time stands in. */
        private final class TimedInput extends InputStream {
            private final InputStream plain;

            TimedInput(SocketChannel channel) {
                plain = Channels.newInputStream(channel);
            }

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                int limit = readTimeout;
                if (limit == 0) {
                    return plain.read(buffer, offset, length);
                }
                Thread watch = Thread.ofVirtual().name("cepa-unix-timeout").start(() -> closeAfter(limit));
                try {
                    return plain.read(buffer, offset, length);
                } catch (IOException e) {
                    if (!channel.isOpen()) {
                        throw (IOException) new SocketTimeoutException("nothing came in time").initCause(e);
                    }
                    throw e;
                } finally {
                    watch.interrupt();
                }
            }

            @Override
            public int available() throws IOException {
                return plain.available();
            }

            private void closeAfter(int millis) {
                try {
                    Thread.sleep(Duration.ofMillis(millis));
                    channel.close();
                } catch (InterruptedException e) {
                    // something came
                } catch (IOException e) {
                    // it is closed all the same
                }
            }
        }
    }
}
