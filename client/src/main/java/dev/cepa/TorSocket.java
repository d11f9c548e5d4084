package dev.cepa;

import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A stream through the Tor network, as a {@link Socket} for libraries that want one. Made connected by
 * {@link TorClient#open}, or unconnected by {@link TorClient#socketFactory}.
 *
 * <p>Names are resolved by the exit: {@link #connect} takes unresolved addresses, and of a resolved one it uses the host
 * name that it was made from. {@link #getInetAddress} is the address that the exit connected to, where it said so.
 * Options that belong to a local TCP connection are accepted and have no effect. One thread may read while another
 * writes; closing wakes both.
 */
public final class TorSocket extends Socket {
    /** Opens the stream when an unconnected socket is connected. */
    @FunctionalInterface
    interface Opener {
        TorStream open(String host, int port, Deadline deadline) throws TorException;
    }

    private final @Nullable Opener opener;
    private final Duration defaultTimeout;
    private volatile @Nullable TorStream stream;
    private volatile @Nullable InetSocketAddress endpoint;
    private volatile boolean closed;
    private volatile boolean inputShut;
    private volatile boolean outputShut;
    private volatile int readTimeout;

    TorSocket(@Nullable Opener opener, Duration defaultTimeout) throws SocketException {
        super((SocketImpl) null);
        this.opener = opener;
        this.defaultTimeout = defaultTimeout;
    }

    static TorSocket connected(TorStream stream, String host, int port) throws TorException {
        try {
            TorSocket socket = new TorSocket(null, Duration.ZERO);
            socket.endpoint = InetSocketAddress.createUnresolved(host, port);
            socket.stream = stream;
            return socket;
        } catch (SocketException e) {
            throw new TorException(ErrorKind.INTERNAL, "no socket object could be made", e);
        }
    }

    @Override
    public void connect(SocketAddress address) throws IOException {
        connect(address, 0);
    }

    @Override
    public void connect(SocketAddress address, int timeoutMillis) throws IOException {
        if (timeoutMillis < 0) {
            throw new IllegalArgumentException("negative timeout " + timeoutMillis);
        }
        if (!(address instanceof InetSocketAddress target)) {
            throw new TorException(ErrorKind.BAD_REQUEST, "not an internet address");
        }
        if (closed || stream != null || opener == null) {
            throw new SocketException(closed ? "socket is closed" : "socket is connected already");
        }
        Duration timeout = timeoutMillis == 0 ? defaultTimeout : Duration.ofMillis(timeoutMillis);
        TorStream opened;
        try {
            opened = opener.open(target.getHostString(), target.getPort(), Deadline.in(timeout));
        } catch (TorException e) {
            if (e.kind() == ErrorKind.TIMEOUT) {
                SocketTimeoutException timedOut = new SocketTimeoutException(e.getMessage());
                timedOut.initCause(e);
                throw timedOut;
            }
            throw e;
        }
        endpoint = target;
        stream = opened;
        if (readTimeout != 0) {
            opened.setReadTimeout(readTimeout);
        }
        if (closed) {
            opened.close();
            throw new SocketException("socket is closed");
        }
    }

    @Override
    public InputStream getInputStream() throws IOException {
        TorStream s = open();
        if (inputShut) {
            throw new SocketException("input is shut down");
        }
        return new SocketInput(s);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        TorStream s = open();
        if (outputShut) {
            throw new SocketException("output is shut down");
        }
        return new SocketOutput(s);
    }

    /** Closing one of the socket's streams closes the socket, as {@link Socket} promises. */
    private final class SocketInput extends InputStream {
        private final TorStream of;

        SocketInput(TorStream of) {
            this.of = of;
        }

        @Override
        public int read() throws IOException {
            return inputShut ? -1 : of.input().read();
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            return inputShut ? -1 : of.input().read(to, offset, length);
        }

        @Override
        public int available() throws IOException {
            return of.input().available();
        }

        @Override
        public void close() throws IOException {
            TorSocket.this.close();
        }
    }

    private final class SocketOutput extends OutputStream {
        private final TorStream of;

        SocketOutput(TorStream of) {
            this.of = of;
        }

        @Override
        public void write(int b) throws IOException {
            checkOpen();
            of.output().write(b);
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            checkOpen();
            of.output().write(from, offset, length);
        }

        @Override
        public void flush() throws IOException {
            of.output().flush();
        }

        @Override
        public void close() throws IOException {
            TorSocket.this.close();
        }

        private void checkOpen() throws SocketException {
            if (outputShut) {
                throw new SocketException("output is shut down");
            }
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        TorStream s = stream;
        if (s != null) {
            s.close();
        }
    }

    @Override
    public void shutdownInput() throws IOException {
        open();
        inputShut = true;
    }

    /** Says that nothing more will be written; reading goes on until the far end is done. */
    @Override
    public void shutdownOutput() throws IOException {
        TorStream s = open();
        outputShut = true;
        s.shutdownOutput();
    }

    @Override
    public boolean isInputShutdown() {
        return inputShut;
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShut;
    }

    @Override
    public boolean isConnected() {
        return stream != null;
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public boolean isBound() {
        return stream != null;
    }

    /** The address that the exit connected to; null before connecting, or if the exit did not say. */
    @Override
    public @Nullable InetAddress getInetAddress() {
        TorStream s = stream;
        return s == null ? null : s.remoteAddress();
    }

    @Override
    public int getPort() {
        InetSocketAddress e = endpoint;
        return e == null ? 0 : e.getPort();
    }

    /** The address that was asked for. */
    @Override
    public @Nullable SocketAddress getRemoteSocketAddress() {
        return endpoint;
    }

    /** There is no local address: always the loopback address. */
    @Override
    public InetAddress getLocalAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public int getLocalPort() {
        return stream == null ? -1 : 0;
    }

    @Override
    public @Nullable SocketAddress getLocalSocketAddress() {
        return null;
    }

    @Override
    public void bind(@Nullable SocketAddress local) {
        // A stream through Tor has no local address to bind to.
    }

    @Override
    public void setSoTimeout(int millis) {
        if (millis < 0) {
            throw new IllegalArgumentException("negative timeout " + millis);
        }
        readTimeout = millis;
        TorStream s = stream;
        if (s != null) {
            s.setReadTimeout(millis);
        }
    }

    @Override
    public int getSoTimeout() {
        return readTimeout;
    }

    @Override
    public @Nullable SocketChannel getChannel() {
        return null;
    }

    @Override
    public <T> Socket setOption(SocketOption<T> name, T value) {
        return this;
    }

    @Override
    public <T> T getOption(SocketOption<T> name) {
        throw new UnsupportedOperationException("a stream through Tor has no option " + name);
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return Set.of();
    }

    @Override
    public void setTcpNoDelay(boolean on) {
        // Streams never wait for more data before they send.
    }

    @Override
    public boolean getTcpNoDelay() {
        return true;
    }

    @Override
    public void setKeepAlive(boolean on) {
        // The channel to the guard has its own.
    }

    @Override
    public boolean getKeepAlive() {
        return true;
    }

    @Override
    public void setSoLinger(boolean on, int linger) {
        // Closing never waits.
    }

    @Override
    public int getSoLinger() {
        return -1;
    }

    @Override
    public void setReuseAddress(boolean on) {
        // No local address.
    }

    @Override
    public boolean getReuseAddress() {
        return false;
    }

    @Override
    public void setSendBufferSize(int size) {
        // Flow control is Tor's.
    }

    @Override
    public int getSendBufferSize() {
        return 16 * 1024;
    }

    @Override
    public void setReceiveBufferSize(int size) {
        // Flow control is Tor's.
    }

    @Override
    public int getReceiveBufferSize() {
        return 16 * 1024;
    }

    @Override
    public void setTrafficClass(int trafficClass) {
        // Not carried through Tor.
    }

    @Override
    public int getTrafficClass() {
        return 0;
    }

    @Override
    public void setOOBInline(boolean on) {
        // Tor has no urgent data.
    }

    @Override
    public boolean getOOBInline() {
        return false;
    }

    @Override
    public void sendUrgentData(int data) throws IOException {
        throw new SocketException("Tor carries no urgent data");
    }

    @Override
    public void setPerformancePreferences(int connectionTime, int latency, int bandwidth) {
        // Nothing to choose.
    }

    /** Names no destination, so that a log line with a socket in it gives nothing away. */
    @Override
    public String toString() {
        return "TorSocket[" + (closed ? "closed" : stream == null ? "unconnected" : "connected") + "]";
    }

    private TorStream open() throws SocketException {
        TorStream s = stream;
        if (closed) {
            throw new SocketException("socket is closed");
        }
        if (s == null) {
            throw new SocketException("socket is not connected");
        }
        return s;
    }
}
