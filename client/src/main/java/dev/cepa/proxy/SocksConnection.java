package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.StreamOpener;
import dev.cepa.pool.StreamRequest;
import dev.cepa.proxy.SocksRequest.Command;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One program's connection to a SOCKS port, from its first byte to its last. Run by one thread; {@link #close} may be
 * called from any.
 */
final class SocksConnection implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(SocksConnection.class);

    private static final int HANDSHAKE_BUFFER = 600;

    private final Socket socket;
    private final SocksSettings settings;
    private final StreamOpener opener;
    private final SafeSocksWarning safeSocksWarning;
    private final Tunnel tunnel;
    private final TorEvents events;

    SocksConnection(
            Socket socket, SocksSettings settings, StreamOpener opener, SafeSocksWarning safeSocksWarning,
            CopyBuffers buffers, TorEvents events) {
        this.events = events;
        this.socket = socket;
        this.settings = settings;
        this.opener = opener;
        this.safeSocksWarning = safeSocksWarning;
        this.tunnel = new Tunnel(socket, buffers);
    }

    /**
     * Serves it until it ends.
     *
     * @param handshakeOver called once, when the program has made its request or failed to
     */
    void run(Runnable handshakeOver) {
        try {
            socket.setTcpNoDelay(true);
            SocksHandshake handshake = new SocksHandshake(settings.safeSocks(), settings.preferNoAuthentication());
            SocksHandshake.State state;
            try {
                state = shakeHands(handshake);
            } finally {
                handshakeOver.run();
            }
            if (state == SocksHandshake.State.DONE) {
                serve(handshake.request(), handshake.rest());
            } else if (state == SocksHandshake.State.REFUSED) {
                LOG.warn(handshake.problem());
                tunnel.hangUp();
            }
        } catch (SocketTimeoutException e) {
            LOG.debug("a SOCKS client made no request in time");
        } catch (IOException e) {
            LOG.debug("a SOCKS connection ended: {}", e.getMessage());
        } finally {
            close();
        }
    }

    /** Reads and answers until there is a request; MORE if the program went away before. */
    private SocksHandshake.State shakeHands(SocksHandshake handshake) throws IOException {
        Deadline deadline = Deadline.in(settings.timeout());
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[HANDSHAKE_BUFFER];
        SocksHandshake.State state = SocksHandshake.State.MORE;
        while (state == SocksHandshake.State.MORE) {
            socket.setSoTimeout(Math.max(1, deadline.millisLeft()));
            int count = in.read(buffer);
            if (count < 0) {
                return state;
            }
            state = handshake.accept(buffer, 0, count);
            byte[] reply = handshake.takeReply();
            if (reply.length > 0) {
                send(reply);
            }
        }
        socket.setSoTimeout(0);
        return state;
    }

    private void tell(SocksRequest request, long begun, @Nullable TorException failure) {
        if (events.hasListeners()) {
            events.emit(new TorEvent.ProxyRequest(
                    "Socks", request.command().name(), Duration.ofNanos(System.nanoTime() - begun), failure));
        }
    }

    private void serve(SocksRequest request, byte[] early) throws IOException {
        safeSocksWarning.check(request, settings.testSocks());
        String refusal = refusal(request);
        if (refusal != null) {
            LOG.warn(refusal);
            tell(request, System.nanoTime(), new TorException(ErrorKind.BAD_REQUEST, refusal));
            send(SocksReply.status(request.version(), SocksReply.GENERAL_ERROR));
            tunnel.hangUp();
        } else if (request.command() == Command.CONNECT) {
            connect(request, early);
        } else {
            send(resolve(request));
            tunnel.hangUp();
        }
    }

    private @Nullable String refusal(SocksRequest request) {
        if (request.command() != Command.CONNECT) {
            return settings.nameRequests() ? null : "A name was asked for on a SOCKS port with NoDNSRequest. Rejecting.";
        }
        if (request.port() == 0) {
            return "Application asked to connect to port 0. Refusing.";
        }
        String host = request.host().toLowerCase(Locale.ROOT);
        boolean onion = host.endsWith(".onion") || host.endsWith(".onion.");
        if (host.endsWith(".exit") || host.endsWith(".exit.")) {
            return "The \".exit\" notation is not supported. Refusing.";
        }
        if (onion && settings.noOnion()) {
            return "An onion service was asked for on a SOCKS port with NoOnionTraffic. Rejecting.";
        }
        if (!onion && settings.onionOnly()) {
            return "Something other than an onion service was asked for on a SOCKS port with OnionTrafficOnly. Rejecting.";
        }
        return null;
    }

    private StreamRequest streamRequest(SocksRequest request, String host, int port) {
        InetAddress client = socket.getInetAddress();
        IsolationKey key = settings.isolationKey(
                client == null ? "" : HostText.format(client.getAddress()),
                request.version() == 4 ? "SOCKS4" : "SOCKS5",
                request.user(),
                request.password(),
                request.host(),
                request.port());
        StreamRequest wanted = new StreamRequest(host, port, key, settings.beginFlags(), false);
        boolean credentials = !request.user().isEmpty() || !request.password().isEmpty();
        return settings.keepAlive() && credentials ? wanted.keepingAlive() : wanted;
    }

    private byte[] resolve(SocksRequest request) {
        long begun = System.nanoTime();
        InetAddress address = HostText.parseAddress(request.host());
        List<Answer> answers;
        if (address != null && request.command() == Command.RESOLVE) {
            answers = List.of(new Answer.Address(address, 0));
        } else {
            String name = address == null ? request.host() : HostText.reverseName(address.getAddress());
            try {
                answers = opener.resolve(streamRequest(request, name, 0), Deadline.in(settings.timeout()));
            } catch (TorException e) {
                tell(request, begun, e);
                return SocksReply.status(request.version(), SocksReply.statusOf(e, settings.extendedErrors()));
            }
        }
        tell(request, begun, null);
        return SocksReply.resolved(request.version(), answers);
    }

    private void connect(SocksRequest request, byte[] early) throws IOException {
        long begun = System.nanoTime();
        tunnel.startUpload(early);
        try {
            StreamRequest wanted = streamRequest(request, request.host(), request.port());
            tunnel.opened(opener.open(wanted, Deadline.in(settings.timeout())));
        } catch (TorException e) {
            tell(request, begun, e);
            if (tunnel.failed()) {
                if (e.kind() == ErrorKind.TIMEOUT) {
                    LOG.info(
                            "Tried for {} seconds to get a connection to [scrubbed]:{}. Giving up.",
                            settings.timeout().toSeconds(),
                            request.port());
                }
                send(SocksReply.status(request.version(), SocksReply.statusOf(e, settings.extendedErrors())));
                tunnel.hangUp();
            }
            return;
        }
        tell(request, begun, null);
        send(SocksReply.status(request.version(), SocksReply.SUCCEEDED));
        tunnel.download();
        tunnel.hangUp();
    }

    private void send(byte[] reply) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(reply);
        out.flush();
    }

    @Override
    public void close() {
        tunnel.close();
    }
}
