package dev.cepa.channel;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent.ChannelStatus;
import dev.cepa.event.TorEvents;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** Opens one channel: TCP, TLS and the link handshake, at one of the relay's addresses after the other. Single-threaded. */
final class ConnectAttempt {
    private final long channelId;
    private final ChannelTarget target;
    private final ChannelSettings settings;
    private final TlsClient tls;
    private final SecureRandom random;
    private final InstantSource clock;
    private final TorEvents events;
    private final Supplier<ChannelPadding> padding;
    private final QueueMemory memory;
    private final OutboundAddresses outbound;
    private final LinkLimits limits;
    private final @Nullable OutboundProxy proxy;

    ConnectAttempt(
            long channelId, ChannelTarget target, ChannelSettings settings, TlsClient tls, SecureRandom random,
            InstantSource clock, TorEvents events, Supplier<ChannelPadding> padding, QueueMemory memory,
            OutboundAddresses outbound, LinkLimits limits, @Nullable OutboundProxy proxy) {
        this.channelId = channelId;
        this.target = target;
        this.settings = settings;
        this.tls = tls;
        this.random = random;
        this.clock = clock;
        this.events = events;
        this.padding = padding;
        this.memory = memory;
        this.outbound = outbound;
        this.limits = limits;
        this.proxy = proxy;
    }

    /** The open channel, not started yet; interrupting the thread ends the attempt. */
    Channel connect() throws TorException {
        TorException failure = null;
        for (InetSocketAddress address : target.addresses()) {
            if (Thread.currentThread().isInterrupted()) {
                break;
            }
            try {
                return connect(address);
            } catch (TorException e) {
                if (failure != null) {
                    e.addSuppressed(failure);
                }
                failure = e;
            }
        }
        throw failure != null ? failure : new TorException(ErrorKind.CLOSED, "connecting was interrupted");
    }

    private Channel connect(InetSocketAddress address) throws TorException {
        Deadline deadline = Deadline.in(settings.connectTimeout());
        Socket tcp = new Socket();
        Thread watchdog = closeAt(deadline, tcp);
        OutboundProxy through = proxy;
        InetSocketAddress first = through == null ? address : through.address();
        String step = through == null ? "TCP connection" : "connection by way of the " + through;
        try {
            tcp.setTcpNoDelay(true);
            tcp.setKeepAlive(true);
            int buffer = limits.settings().socketBuffer();
            if (buffer > 0) {
                tcp.setReceiveBufferSize(buffer);
                tcp.setSendBufferSize(buffer);
            }
            InetAddress from = outbound.towards(first.getAddress());
            if (from != null) {
                tcp.bind(new InetSocketAddress(from, 0));
            }
            tcp.connect(first, Math.max(1, deadline.millisLeft()));
            if (through != null) {
                through.connect(address, tcp.getInputStream(), tcp.getOutputStream());
            }
            step = "TLS handshake";
            tell(ChannelStatus.Status.REACHED);
            SSLSocket secured = tls.handshake(tcp);
            byte[] certificate = secured.getSession().getPeerCertificates()[0].getEncoded();
            byte[] tlsDigest = MessageDigest.getInstance("SHA-256").digest(certificate);
            step = "link handshake";
            tell(ChannelStatus.Status.SECURED);
            LinkHandshake.Result link = new LinkHandshake(
                            target, address.getAddress(), clock, secured.getInputStream(), secured.getOutputStream())
                    .run(tlsDigest);
            return new Channel(
                    channelId, target, link, address, tcp, secured, events, idleTimeout(),
                    settings.halfCellTimeout(), random.nextInt(), new PaddingTimer(padding, random), memory, limits);
        } catch (Exception e) {
            Channel.closeQuietly(tcp);
            throw failure(e, step, address, deadline);
        } finally {
            watchdog.interrupt();
        }
    }

    private void tell(ChannelStatus.Status status) {
        events.emit(new ChannelStatus(channelId, status, target.name(), null));
    }

    /** A timeout of the socket would bound each read alone; a relay that sends a byte now and then could go on for ever. */
    private static Thread closeAt(Deadline deadline, Socket socket) {
        return Thread.ofVirtual().name("cepa-connect-timeout").start(() -> {
            try {
                Thread.sleep(Duration.ofNanos(Math.max(0, deadline.nanosLeft())));
                Channel.closeQuietly(socket);
            } catch (InterruptedException e) {
                // connected, or failed earlier
            }
        });
    }

    /** Not always the same, and half of it where padding is to cost little. */
    Duration idleTimeout() {
        long nanos = settings.idleTimeout().toNanos() / (padding.get().shortIdle() ? 2 : 1);
        return Duration.ofNanos(nanos + (long) (nanos * 0.5 * random.nextDouble()));
    }

    private TorException failure(Exception e, String step, InetSocketAddress address, Deadline deadline) {
        String at = target.shown().isEmpty()
                ? " at " + address.getAddress().getHostAddress() + " port " + address.getPort()
                : "";
        String where = step + " with " + target.name() + at + " failed: ";
        if (e instanceof TorException known) {
            String message = where + known.getMessage();
            return known instanceof ProtocolException
                    ? new ProtocolException(message, known)
                    : new TorException(known.kind(), message, known);
        }
        if (deadline.passed()) {
            return new TorException(ErrorKind.RELAY_UNREACHABLE, where + "no answer within "
                    + settings.connectTimeout().toMillis() + " ms", e);
        }
        if (e instanceof IOException && (!(e instanceof SSLException) || e.getCause() instanceof EOFException)) {
            return new TorException(ErrorKind.RELAY_UNREACHABLE, where + what(e), e);
        }
        return new ProtocolException(where + what(e), e);
    }

    private static String what(Exception e) {
        String message = e.getMessage();
        return message != null ? message : e.toString();
    }
}
