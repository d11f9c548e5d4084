package dev.cepa.proxy;

import dev.cepa.cell.RelayMessage;
import dev.cepa.pool.IsolationKey;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * How one SOCKS port behaves.
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
 */
public record SocksSettings(
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
        boolean extendedErrors) {
    /** What keeps streams apart. */
    public enum Isolation {
        CLIENT_ADDRESS,
        CREDENTIALS,
        PROTOCOL,
        DESTINATION_PORT,
        DESTINATION_HOST
    }

    /** C tor's values for a port that is the first of its kind. */
    public static final SocksSettings DEFAULT = new SocksSettings(
            1,
            EnumSet.of(Isolation.CLIENT_ADDRESS, Isolation.CREDENTIALS, Isolation.PROTOCOL),
            RelayMessage.Begin.IPV6_OK | RelayMessage.Begin.IPV6_PREFERRED,
            true,
            false,
            false,
            false,
            false,
            false,
            Duration.ofMinutes(2),
            4000,
            2000,
            false,
            false);

    /** Without extended errors. */
    public SocksSettings(
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
            boolean keepAlive) {
        this(
                group, isolation, beginFlags, nameRequests, onionOnly, noOnion, preferNoAuthentication, safeSocks, testSocks,
                timeout, maxConnections, maxHandshakes, keepAlive, false);
    }

    public SocksSettings {
        isolation = Set.copyOf(isolation);
        if (maxConnections < 1 || maxHandshakes < 1) {
            throw new IllegalArgumentException("a port must allow at least one connection and one handshake");
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("the time limit must be positive, not " + timeout);
        }
    }

    /** The same port with such codes, or without. */
    public SocksSettings withExtendedErrors(boolean on) {
        return new SocksSettings(
                group, isolation, beginFlags, nameRequests, onionOnly, noOnion, preferNoAuthentication, safeSocks, testSocks,
                timeout, maxConnections, maxHandshakes, keepAlive, on);
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
}
