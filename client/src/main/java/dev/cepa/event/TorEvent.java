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

    /**
     * A channel (a TLS link to a relay) changed. {@code relay} is {@code $FINGERPRINT} or an address. Bridges, here and in
     * all events, are {@code [bridge 1]} and so on, unless the configuration wants them named.
     *
     * @param channelId unique within one client
     * @param status what happened to it
     * @param relay {@code $FINGERPRINT}, or an address while that is not known
     * @param error why it failed or closed, null otherwise
     */
    record ChannelStatus(long channelId, Status status, String relay, @Nullable TorException error) implements TorEvent {
        /** What happened to it; where a relay has several addresses, REACHED and SECURED may come once for each. */
        public enum Status {
            /** It is being made. */
            LAUNCHED,
            /** TCP is connected, the TLS handshake begins. */
            REACHED,
            /** TLS is up, the link handshake begins. */
            SECURED,
            /** The relay has proved who it is; circuits may be created. */
            CONNECTED,
            /** It could not be made. */
            FAILED,
            /** It has ended. */
            CLOSED
        }
    }

    /**
     * A circuit changed.
     *
     * @param circuitId unique within one client, from 1
     * @param status what happened to it
     * @param purpose what it is for, in the words of the control specification
     * @param path {@code $FINGERPRINT~nickname} of each hop so far
     * @param reason why it failed or closed, null otherwise
     * @param buildTime how long it took to build; null before it is built
     * @param confluxId what the set is called that it is a leg of: the same for all its legs; null if it is none
     * @param facts what more may be asked of it; null if nothing
     */
    record CircuitStatus(
            long circuitId, Status status, String purpose, List<String> path, @Nullable TorException reason,
            @Nullable Duration buildTime, @Nullable String confluxId, @Nullable CircuitFacts facts)
            implements TorEvent {
        /**
         * Of a circuit that stands alone.
         *
         * @param circuitId its number
         * @param status what happened to it
         * @param purpose what it is for
         * @param path its hops so far
         * @param reason why it failed or closed, null otherwise
         * @param buildTime how long it took to build; null before it is built
         */
        public CircuitStatus(
                long circuitId, Status status, String purpose, List<String> path, @Nullable TorException reason,
                @Nullable Duration buildTime) {
            this(circuitId, status, purpose, path, reason, buildTime, null, null);
        }

        /** What happened to it. */
        public enum Status {
            /** It is being made. */
            LAUNCHED,
            /** It has one hop more. */
            EXTENDED,
            /** It has all its hops. */
            BUILT,
            /** It could not be made. */
            FAILED,
            /** It has ended. */
            CLOSED
        }
    }

    /**
     * A stream changed. {@code target} is host:port.
     *
     * @param streamId unique within one client
     * @param status what happened to it
     * @param circuitId the circuit it is on; 0 while it is on none
     * @param target host and port
     * @param reason why it failed or closed, null otherwise
     * @param facts what more may be asked of it; null if nothing
     */
    record StreamStatus(
            long streamId, Status status, long circuitId, String target, @Nullable TorException reason,
            @Nullable StreamFacts facts)
            implements TorEvent {
        /**
         * Of which nothing more may be asked.
         *
         * @param streamId its number
         * @param status what happened to it
         * @param circuitId the circuit it is on; 0 while it is on none
         * @param target host and port
         * @param reason why it failed or closed, null otherwise
         */
        public StreamStatus(long streamId, Status status, long circuitId, String target, @Nullable TorException reason) {
            this(streamId, status, circuitId, target, reason, null);
        }

        /** What happened to it. */
        public enum Status {
            /** It was asked for. */
            NEW,
            /** The exit was asked to connect. */
            SENT_CONNECT,
            /** It is open. */
            SUCCEEDED,
            /** It could not be made. */
            FAILED,
            /** It has ended. */
            CLOSED
        }
    }

    /**
     * An entry guard's state changed: {@code NEW}, {@code UP}, {@code DOWN}, {@code DROPPED}. Or a relay behind it that
     * onion-service circuits keep did: {@code GOOD_L2}, {@code BAD_L2}, {@code GOOD_L3}, {@code BAD_L3}.
     *
     * @param relay {@code $FINGERPRINT~nickname}
     * @param status its new state
     */
    record GuardStatus(String relay, String status) implements TorEvent {}

    /**
     * A new consensus is in use.
     *
     * @param relays how many relays it lists
     * @param validAfter the moment from which it is valid
     * @param validUntil the moment until which it is valid
     */
    record ConsensusArrived(int relays, java.time.Instant validAfter, java.time.Instant validUntil) implements TorEvent {}

    /**
     * The local clock and the network disagree; positive when the local clock is ahead. Once a relay has said so and another
     * says that the clock is right, the skew is zero.
     *
     * @param skew how far the local clock is ahead, negative if it is behind
     * @param source who showed it
     */
    record ClockSkew(Duration skew, String source) implements TorEvent {}

    /**
     * The computer slept, its clock was set, or the program stood still; circuits of before are taken to be broken.
     *
     * @param time by how much the clock went on, negative if back
     * @param standstill whether all clocks went on alike
     */
    record ClockJumped(Duration time, boolean standstill) implements TorEvent {}

    /**
     * The client rests because nobody uses it, or has been woken.
     *
     * @param dormant whether it rests
     */
    record Dormant(boolean dormant) implements TorEvent {}

    /**
     * A listener was opened, by kind ({@code Socks}) and address.
     *
     * @param kind {@code Socks} and the like
     * @param address address and port
     */
    record ListenerOpened(String kind, String address) implements TorEvent {}

    /**
     * The time that circuits may take to build was learned anew, or what was learned was dropped.
     *
     * @param type which of the two
     * @param times how many build times it rests on
     * @param timeout after which a circuit is not used
     * @param close after which it is given up
     * @param xm least value of the fitted distribution in milliseconds; 0 if there is none
     * @param alpha its exponent; 0 if there is none
     * @param quantile share of circuits that the timeout should let through
     * @param timeoutRate share of circuits that were too slow
     * @param closeRate share of circuits that were given up
     */
    record BuildTimeoutSet(
            Type type, int times, Duration timeout, Duration close, int xm, double alpha, double quantile,
            double timeoutRate, double closeRate)
            implements TorEvent {
        /** What happened to it. */
        public enum Type {
            /** Learned from the times kept. */
            COMPUTED,
            /** Dropped, for a network that has changed. */
            RESET
        }
    }

    /**
     * A stream has got a circuit to be opened on.
     *
     * @param circuitId which
     * @param outcome how it got it
     * @param waited how long that took
     */
    record CircuitChosen(long circuitId, Outcome outcome, Duration waited) implements TorEvent {
        /** How it got it. */
        public enum Outcome {
            /** It was open. */
            HIT,
            /** It was being built already. */
            WAIT,
            /** It had to be begun for this stream. */
            MISS
        }
    }

    /**
     * All queues together took more memory than they may ({@code MaxMemInQueues}), and those with the oldest data were given
     * up, with their circuits.
     *
     * @param limit how many bytes they may take
     * @param before how many they took
     * @param freed how many fewer they take now
     * @param ended how many were given up
     */
    record LowMemory(long limit, long before, long freed, int ended) implements TorEvent {}

    /**
     * An onion service's descriptor was asked for, or one of our own was put on a directory.
     *
     * @param action what happened
     * @param address the service's 56 characters
     * @param directory {@code $FINGERPRINT~nickname} of the directory; null if nobody could be asked
     * @param descriptorId the service's blinded key in this time period, in base64 without padding
     * @param reason why it failed, in the control specification's words, such as {@code NOT_FOUND}; else null
     * @param index where the directory stands on the ring, 64 hexadecimal digits, if it is being asked, is being given one or
     *     has not taken one; else null
     */
    record OnionDescriptor(
            Action action, String address, @Nullable String directory, String descriptorId, @Nullable String reason,
            @Nullable String index)
            implements TorEvent {
        /**
         * The same without a place on the ring.
         *
         * @param action what happened
         * @param address the service's 56 characters
         * @param directory the directory, or null
         * @param descriptorId the service's blinded key in base64
         * @param reason why it failed, or null
         */
        public OnionDescriptor(
                Action action, String address, @Nullable String directory, String descriptorId, @Nullable String reason) {
            this(action, address, directory, descriptorId, reason, null);
        }

        /** {@return whether it is about a descriptor that is to be put on directories, not about one that is wanted} */
        public boolean isUpload() {
            return switch (action) {
                case UPLOADING, UPLOADED, CREATED -> true;
                case REQUESTED, RECEIVED -> false;
                case FAILED -> index != null;
            };
        }

        /** What happened. */
        public enum Action {
            /** A directory is being asked. */
            REQUESTED,
            /** It was received, and is good. */
            RECEIVED,
            /** The directory has it not, or not a good one; or it did not take ours. */
            FAILED,
            /** A directory is being given our own service's. */
            UPLOADING,
            /** It has taken it. */
            UPLOADED,
            /** Our own service has one for a time period in which it had none. */
            CREATED
        }
    }

    /**
     * A directory has answered with an onion service's descriptor, or failed to.
     *
     * @param address the service's 56 characters
     * @param directory {@code $FINGERPRINT~nickname} of the directory; null if nobody could be asked
     * @param descriptorId the service's blinded key in this time period, in base64 without padding
     * @param document the descriptor as it came, not to be changed; empty if there is none
     */
    record OnionDescriptorContent(String address, @Nullable String directory, String descriptorId, byte[] document)
            implements TorEvent {}

    /**
     * A directory server was asked for something.
     *
     * @param document what for: {@code consensus}, {@code certificates}, {@code microdescriptors}, or a bridge's own
     *     {@code descriptor}
     * @param server {@code $FINGERPRINT~nickname} of the server
     * @param status 200 and the like, as the server answered; 0 if it did not
     * @param bytes how many came, compressed
     * @param time how long it took
     * @param failure why there was no answer, null if there was one
     */
    record DirectoryDownload(
            String document, String server, int status, long bytes, Duration time, @Nullable TorException failure)
            implements TorEvent {}

    /**
     * A request of another program was carried out, or could not be: for a stream that is the moment when it is open.
     *
     * @param protocol how the program asked, {@code SOCKS5} and the like
     * @param command {@code CONNECT}, {@code RESOLVE} or {@code RESOLVE_PTR}
     * @param time how long that took
     * @param failure why it could not, null otherwise
     */
    record ProxyRequest(String protocol, String command, Duration time, @Nullable TorException failure)
            implements TorEvent {}

    /**
     * Something happened to an onion service of our own.
     *
     * @param action what happened
     * @param address the service's 56 characters
     * @param time how long it took; null where nothing was waited for
     * @param failure why it went wrong, null otherwise
     */
    record ServiceStatus(Action action, String address, @Nullable Duration time, @Nullable TorException failure)
            implements TorEvent {
        /** What happened. */
        public enum Action {
            /** The service was started. */
            STARTED,
            /** An introduction point is ready. */
            POINT_ESTABLISHED,
            /** An introduction point could not be made ready. */
            POINT_FAILED,
            /** An introduction point that was ready is no more. */
            POINT_CLOSED,
            /** A client was introduced. */
            INTRODUCED,
            /** An introduction was refused: not authentic, or received before. */
            REFUSED,
            /** A client was met at its rendezvous point. */
            CLIENT_MET,
            /** A client could not be met. */
            CLIENT_MISSED,
            /** A client that was met has gone. */
            CLIENT_LEFT,
            /** The service was stopped. */
            STOPPED
        }
    }

    /**
     * Something a user should know, in a full sentence.
     *
     * @param message for people to read
     * @param cause what caused it; null if nothing else did
     */
    record Warning(String message, @Nullable TorException cause) implements TorEvent {}
}
