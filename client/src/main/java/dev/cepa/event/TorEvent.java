package dev.cepa.event;

import dev.cepa.error.TorException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened. Events carry what happened whole, destinations included; whoever writes them down for others
 * leaves out what {@code SafeLogging} says.
 */
public sealed interface TorEvent {

    /**
     * Bootstrapping moved on, or stands still for a reason.
     *
     * @param percent 0 to 100
     * @param tag the phase's name in the control specification, such as {@code loading_status}
     * @param summary the phase in words
     * @param problem why it waits, in words an application can show; null while all goes well
     */
    record Bootstrap(int percent, String tag, String summary, @Nullable String problem) implements TorEvent {}

    /** A channel (a TLS link to a relay) changed. {@code relay} is {@code $FINGERPRINT} or an address. */
    record ChannelStatus(long channelId, Status status, String relay, @Nullable TorException error) implements TorEvent {
        /** What happened to it; where a relay has several addresses, REACHED and SECURED may come once for each. */
        public enum Status {
            LAUNCHED,
            /** TCP is connected, the TLS handshake begins. */
            REACHED,
            /** TLS is up, the link handshake begins. */
            SECURED,
            /** The relay has proved who it is; circuits may be created. */
            CONNECTED,
            FAILED,
            CLOSED
        }
    }

    /**
     * A circuit changed.
     *
     * @param circuitId unique within one client, from 1
     * @param path {@code $FINGERPRINT~nickname} of each hop so far
     * @param reason why it failed or closed, null otherwise
     */
    record CircuitStatus(
            long circuitId, Status status, String purpose, List<String> path, @Nullable TorException reason,
            @Nullable Duration buildTime)
            implements TorEvent {
        /** What happened to it. */
        public enum Status {
            LAUNCHED,
            EXTENDED,
            BUILT,
            FAILED,
            CLOSED
        }
    }

    /** A stream changed. {@code target} is host:port. */
    record StreamStatus(long streamId, Status status, long circuitId, String target, @Nullable TorException reason)
            implements TorEvent {
        /** What happened to it. */
        public enum Status {
            NEW,
            SENT_CONNECT,
            SUCCEEDED,
            FAILED,
            CLOSED
        }
    }

    /** An entry guard's state changed: {@code NEW}, {@code UP}, {@code DOWN}, {@code DROPPED}. */
    record GuardStatus(String relay, String status) implements TorEvent {}

    /** A new consensus is in use. */
    record ConsensusArrived(int relays, java.time.Instant validAfter, java.time.Instant validUntil) implements TorEvent {}

    /** The local clock and the network disagree; positive when the local clock is ahead. */
    record ClockSkew(Duration skew, String source) implements TorEvent {}

    /** A listener was opened, by kind ({@code Socks}) and address. */
    record ListenerOpened(String kind, String address) implements TorEvent {}

    /** Something a user should know, in a full sentence. */
    record Warning(String message, @Nullable TorException cause) implements TorEvent {}
}
