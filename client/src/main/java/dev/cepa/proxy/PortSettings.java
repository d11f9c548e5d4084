package dev.cepa.proxy;

import dev.cepa.cell.RelayMessage;
import dev.cepa.pool.IsolationKey;
import java.net.InetAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How one port for programs behaves, whatever they speak there: torrc's flags of {@code SocksPort} and its like. Immutable;
 * made by {@link #builder}.
 *
 * @param group which ports may share circuits: those with the same number
 * @param isolation what keeps streams of this port apart from one another
 * @param beginFlags which addresses exits may connect to, the flags of {@link RelayMessage.Begin}
 * @param nameRequests whether RESOLVE and RESOLVE_PTR are answered
 * @param onionOnly whether only onion services may be asked for
 * @param noOnion whether onion services are refused
 * @param preferNoAuthentication whether to choose "no authentication" where user name and password are offered too
 * @param safeSocks whether to refuse addresses, because the program may have resolved names by itself
 * @param testSocks whether to log for every request if it is safe in that respect
 * @param timeout how long a handshake may take, and then how long a stream may take to open
 * @param maxConnections how many connections may be open at once
 * @param maxHandshakes how many of them may not have made their request yet
 * @param keepAlive whether circuits for streams with user name or password stay in use as long as such streams come
 * @param extendedErrors whether programs are told by SOCKS 5 codes of Tor's own why an onion service can't be reached
 * @param clients which addresses programs may come from; those of sockets in the file system are not asked about
 * @param socketFile who may use it, where it is a socket in the file system
 * @param keepAnswers whether answers about names are kept for later questions of the same isolation
 * @param useAnswers whether kept answers are given
 * @param preferIpv6Automap whether names that stand for no address get made-up IPv6 addresses rather than IPv4 ones
 * @param sessions whether user names may choose exits and how long circuits last
 * @param socketBuffer how many bytes of buffers to ask the system for, in each direction, for each connection; 0: as the
 *     system does it
 * @param originalDestinations finds out where connections to a transparent port were meant for; null on other ports
 */
public record PortSettings(
        int group,
        Set<Isolation> isolation,
        int beginFlags,
        boolean nameRequests,
        boolean onionOnly,
        boolean noOnion,
        boolean preferNoAuthentication,
        boolean safeSocks,
        boolean testSocks,
        Duration timeout,
        int maxConnections,
        int maxHandshakes,
        boolean keepAlive,
        boolean extendedErrors,
        Predicate<InetAddress> clients,
        SocketFileMode socketFile,
        boolean keepAnswers,
        boolean useAnswers,
        boolean preferIpv6Automap,
        boolean sessions,
        int socketBuffer,
        @Nullable OriginalDestinations originalDestinations) {
    /** What keeps streams apart. */
    public enum Isolation {
        CLIENT_ADDRESS,
        CREDENTIALS,
        PROTOCOL,
        DESTINATION_PORT,
        DESTINATION_HOST
    }

    /** Lets programs in from everywhere. */
    public static final Predicate<InetAddress> ANYBODY = new Anybody();

    /** No lambda, whose class would be made at each start. */
    private record Anybody() implements Predicate<InetAddress> {
        @Override
        public boolean test(InetAddress client) {
            return true;
        }
    }

    /** C tor's values for a port that is the first of its kind. */
    public static final PortSettings DEFAULT = new Builder().build();

    public PortSettings {
        isolation = Set.copyOf(isolation);
        if (maxConnections < 1 || maxHandshakes < 1) {
            throw new IllegalArgumentException("a port must allow at least one connection and one handshake");
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("the time limit must be positive, not " + timeout);
        }
    }

    /** The defaults, to be changed. */
    public static Builder builder() {
        return new Builder();
    }

    /** These settings, to be changed. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /**
     * Which streams a stream of this port may share a circuit with.
     *
     * @param user the SOCKS user name, one character a byte, or empty; the password likewise
     * @param host as it was asked for
     * @param port as it was asked for; 0 for a question about a name
     */
    IsolationKey isolationKey(
            String clientAddress, String protocol, String user, String password, String host, int port) {
        IsolationKey key = IsolationKey.group(group);
        if (isolation.contains(Isolation.CLIENT_ADDRESS)) {
            key = key.withClientAddress(clientAddress);
        }
        if (isolation.contains(Isolation.CREDENTIALS)) {
            key = key.withCredentials(user, password);
        }
        if (isolation.contains(Isolation.PROTOCOL)) {
            key = key.withProtocol(protocol);
        }
        if (isolation.contains(Isolation.DESTINATION_HOST)) {
            key = key.withHost(host.toLowerCase(Locale.ROOT));
        }
        if (isolation.contains(Isolation.DESTINATION_PORT)) {
            key = key.withPort(port);
        }
        return key;
    }

    /** Collects settings; not thread-safe. */
    public static final class Builder {
        private int group = 1;
        private Set<Isolation> isolation = EnumSet.of(Isolation.CLIENT_ADDRESS, Isolation.CREDENTIALS);
        private int beginFlags = RelayMessage.Begin.IPV6_OK;
        private boolean nameRequests = true;
        private boolean onionOnly;
        private boolean noOnion;
        private boolean preferNoAuthentication;
        private boolean safeSocks;
        private boolean testSocks;
        private Duration timeout = Duration.ofMinutes(2);
        private int maxConnections = 4000;
        private int maxHandshakes = 2000;
        private boolean keepAlive;
        private boolean extendedErrors;
        private Predicate<InetAddress> clients = ANYBODY;
        private SocketFileMode socketFile = SocketFileMode.OWNER;
        private boolean keepAnswers;
        private boolean useAnswers;
        private boolean preferIpv6Automap = true;
        private boolean sessions;
        private int socketBuffer;
        private @Nullable OriginalDestinations originalDestinations;

        private Builder() {}

        private Builder(PortSettings from) {
            group = from.group;
            isolation = from.isolation;
            beginFlags = from.beginFlags;
            nameRequests = from.nameRequests;
            onionOnly = from.onionOnly;
            noOnion = from.noOnion;
            preferNoAuthentication = from.preferNoAuthentication;
            safeSocks = from.safeSocks;
            testSocks = from.testSocks;
            timeout = from.timeout;
            maxConnections = from.maxConnections;
            maxHandshakes = from.maxHandshakes;
            keepAlive = from.keepAlive;
            extendedErrors = from.extendedErrors;
            clients = from.clients;
            socketFile = from.socketFile;
            keepAnswers = from.keepAnswers;
            useAnswers = from.useAnswers;
            preferIpv6Automap = from.preferIpv6Automap;
            sessions = from.sessions;
            socketBuffer = from.socketBuffer;
            originalDestinations = from.originalDestinations;
        }

        /** Which ports may share circuits: those with the same number. */
        public Builder group(int number) {
            group = number;
            return this;
        }

        /** What keeps streams of this port apart from one another. */
        public Builder isolation(Set<Isolation> by) {
            isolation = by;
            return this;
        }

        /** Which addresses exits may connect to, the flags of {@link RelayMessage.Begin}. */
        public Builder beginFlags(int flags) {
            beginFlags = flags;
            return this;
        }

        /** Whether questions about names are answered. */
        public Builder nameRequests(boolean answered) {
            nameRequests = answered;
            return this;
        }

        /** Whether onion services alone may be asked for, and whether they may at all. */
        public Builder onions(boolean only, boolean refused) {
            onionOnly = only;
            noOnion = refused;
            return this;
        }

        /** Whether to choose "no authentication" where user name and password are offered too. */
        public Builder preferNoAuthentication(boolean preferred) {
            preferNoAuthentication = preferred;
            return this;
        }

        /** Whether to refuse addresses, and whether to log for each request if it is safe. */
        public Builder safeSocks(boolean safe, boolean test) {
            safeSocks = safe;
            testSocks = test;
            return this;
        }

        /** How long a handshake may take, and then how long a stream may take to open. */
        public Builder timeout(Duration limit) {
            timeout = limit;
            return this;
        }

        /** How many connections may be open at once, and how many of them without a request. */
        public Builder limits(int connections, int handshakes) {
            maxConnections = connections;
            maxHandshakes = handshakes;
            return this;
        }

        /** Whether circuits for streams with credentials stay in use as long as such streams come. */
        public Builder keepAlive(boolean kept) {
            keepAlive = kept;
            return this;
        }

        /** Whether programs hear by codes of Tor's own why an onion service can't be reached. */
        public Builder extendedErrors(boolean extended) {
            extendedErrors = extended;
            return this;
        }

        /** Which addresses programs may come from. */
        public Builder clients(Predicate<InetAddress> allowed) {
            clients = allowed;
            return this;
        }

        /** Who may use a socket in the file system. */
        public Builder socketFile(SocketFileMode mode) {
            socketFile = mode;
            return this;
        }

        /** Whether answers about names are kept, and whether kept ones are given. */
        public Builder answers(boolean kept, boolean used) {
            keepAnswers = kept;
            useAnswers = used;
            return this;
        }

        /** Whether made-up addresses are of IPv6 rather than of IPv4. */
        public Builder preferIpv6Automap(boolean preferred) {
            preferIpv6Automap = preferred;
            return this;
        }

        /** Whether user names may choose exits and how long circuits last. */
        public Builder sessions(boolean allowed) {
            sessions = allowed;
            return this;
        }

        /** How many bytes of buffers to ask the system for, for each connection; 0: as the system does it. */
        public Builder socketBuffer(int bytes) {
            socketBuffer = bytes;
            return this;
        }

        /** Finds out where connections to a transparent port were meant for. */
        public Builder originalDestinations(OriginalDestinations finder) {
            originalDestinations = finder;
            return this;
        }

        /**
         * The finished settings.
         *
         * @throws IllegalArgumentException if a limit or the timeout is not positive
         */
        public PortSettings build() {
            return new PortSettings(
                    group, isolation, beginFlags, nameRequests, onionOnly, noOnion, preferNoAuthentication, safeSocks,
                    testSocks, timeout, maxConnections, maxHandshakes, keepAlive, extendedErrors, clients, socketFile,
                    keepAnswers, useAnswers, preferIpv6Automap, sessions, socketBuffer, originalDestinations);
        }
    }
}
