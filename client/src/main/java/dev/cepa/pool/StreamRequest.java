package dev.cepa.pool;

import dev.cepa.cell.RelayMessage;
import dev.cepa.event.StreamOrigin;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What somebody wants a stream to. Immutable.
 *
 * @param host a host name, or an address as text without brackets; never resolved on this side
 * @param port 1 to 65535; 0 for a question about a name
 * @param isolation which streams it may share a circuit with
 * @param beginFlags the flags of {@link RelayMessage.Begin}
 * @param optimistic whether data may be sent before the exit has confirmed the connection
 * @param prebuilt whether it may have a circuit that was built before anybody asked
 * @param keepAlive whether the age of its circuit counts from its last use, not from its first
 * @param early gives what may be sent before the far end has confirmed the connection, two cells' data or so, each
 *     time it is asked; null for nothing. Not for optimistic streams, whose owners write it themselves
 * @param exits the only exits that will do; null for any
 * @param lifetime how long after its first stream the stream's circuit takes others; null: as the settings say
 * @param origin the program that it is for, for events; null if it is not for one
 */
public record StreamRequest(
        String host, int port, IsolationKey isolation, int beginFlags, boolean optimistic, boolean prebuilt,
        boolean keepAlive, @Nullable Supplier<byte[]> early, @Nullable ExitChoice exits, @Nullable Duration lifetime,
        @Nullable StreamOrigin origin) {
    public StreamRequest {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " is not from 0 to 65535");
        }
    }

    /** With a prebuilt circuit if there is one. */
    public StreamRequest(String host, int port, IsolationKey isolation, int beginFlags, boolean optimistic) {
        this(host, port, isolation, beginFlags, optimistic, true, false, null, null, null, null);
    }

    /** With nothing to be sent early. */
    StreamRequest(
            String host, int port, IsolationKey isolation, int beginFlags, boolean optimistic, boolean prebuilt,
            boolean keepAlive) {
        this(host, port, isolation, beginFlags, optimistic, prebuilt, keepAlive, null, null, null, null);
    }

    /** To that port of that host, by IPv4 or IPv6, sharing circuits with the streams of equal isolation. */
    public static StreamRequest to(String host, int port, IsolationKey isolation) {
        return new StreamRequest(host, port, isolation, RelayMessage.Begin.IPV6_OK, false);
    }

    /** The same on a circuit that is built for it. */
    public StreamRequest onDemand() {
        return new StreamRequest(
                host, port, isolation, beginFlags, optimistic, false, keepAlive, early, exits, lifetime, origin);
    }

    /** The same on a circuit that stays in use as long as streams like it come. */
    public StreamRequest keepingAlive() {
        return new StreamRequest(
                host, port, isolation, beginFlags, optimistic, prebuilt, true, early, exits, lifetime, origin);
    }

    /** The same, with something to be sent early. */
    public StreamRequest withEarly(Supplier<byte[]> data) {
        return new StreamRequest(
                host, port, isolation, beginFlags, optimistic, prebuilt, keepAlive, data, exits, lifetime, origin);
    }

    /** The same, sharing circuits with other streams. */
    public StreamRequest withIsolation(IsolationKey key) {
        return new StreamRequest(
                host, port, key, beginFlags, optimistic, prebuilt, keepAlive, early, exits, lifetime, origin);
    }

    /** The same with one of those exits; null for any. */
    public StreamRequest withExits(@Nullable ExitChoice chosen) {
        return new StreamRequest(
                host, port, isolation, beginFlags, optimistic, prebuilt, keepAlive, early, chosen, lifetime, origin);
    }

    /** The same on a circuit that takes streams for so long after its first; null: as the settings say. */
    public StreamRequest withLifetime(@Nullable Duration time) {
        return new StreamRequest(
                host, port, isolation, beginFlags, optimistic, prebuilt, keepAlive, early, exits, time, origin);
    }

    /** The same to another port of another host. */
    StreamRequest to(String otherHost, int otherPort) {
        return new StreamRequest(
                otherHost, otherPort, isolation, beginFlags, optimistic, prebuilt, keepAlive, early, exits, lifetime, origin);
    }

    /** The same for that program. */
    public StreamRequest from(StreamOrigin program) {
        return new StreamRequest(
                host, port, isolation, beginFlags, optimistic, prebuilt, keepAlive, early, exits, lifetime, program);
    }

    /** Sends what may be sent early, if there is anything, into a stream that is being opened. */
    public void sendEarly(OutputStream out) {
        byte[] data = early == null ? new byte[0] : early.get();
        if (data.length > 0) {
            try {
                out.write(data);
                out.flush();
            } catch (IOException e) {
                // The stream has ended; whoever waits for it to open hears why.
                return;
            }
        }
    }

    /** The port alone: the destination is nobody's business. */
    @Override
    public String toString() {
        return "stream to port " + port;
    }
}
