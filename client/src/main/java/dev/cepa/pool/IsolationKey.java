package dev.cepa.pool;

/**
 * Which streams may share a circuit: those with equal keys. A component that a stream is not isolated by is left empty, so
 * that it makes no difference; which components count is part of the key, so that a stream never meets one that is less
 * particular. Immutable.
 *
 * @param group of listeners, or of an application's own streams, that the stream belongs to
 * @param components which of the following count
 * @param clientAddress the address of the program that asked, or empty
 * @param protocol how it asked ({@code SOCKS5}), or empty
 * @param user the SOCKS user name, one character a byte, or empty
 * @param password the SOCKS password, one character a byte, or empty
 * @param host the destination's host, or empty
 * @param port the destination's port, or 0
 */
public record IsolationKey(
        int group, int components, String clientAddress, String protocol, String user, String password, String host,
        int port) {
    /** The group of an application's own streams when it asks for no isolation. */
    public static final IsolationKey DEFAULT = group(0);

    private static final int CLIENT_ADDRESS = 1;
    private static final int PROTOCOL = 1 << 1;
    private static final int CREDENTIALS = 1 << 2;
    private static final int HOST = 1 << 3;
    private static final int PORT = 1 << 4;

    /** A key that keeps the streams of one group apart from all others. */
    public static IsolationKey group(int group) {
        return new IsolationKey(group, 0, "", "", "", "", "", 0);
    }

    /** The same, apart from streams of programs at other addresses. */
    public IsolationKey withClientAddress(String address) {
        return new IsolationKey(group, components | CLIENT_ADDRESS, address, protocol, user, password, host, port);
    }

    /** The same, apart from streams that were asked for by other protocols. */
    public IsolationKey withProtocol(String name) {
        return new IsolationKey(group, components | PROTOCOL, clientAddress, name, user, password, host, port);
    }

    /** The same, apart from streams with other credentials. */
    public IsolationKey withCredentials(String newUser, String newPassword) {
        return new IsolationKey(
                group, components | CREDENTIALS, clientAddress, protocol, newUser, newPassword, host, port);
    }

    /** The same, apart from streams to other hosts. */
    public IsolationKey withHost(String name) {
        return new IsolationKey(group, components | HOST, clientAddress, protocol, user, password, name, port);
    }

    /** The same, apart from streams to other ports. */
    public IsolationKey withPort(int number) {
        return new IsolationKey(group, components | PORT, clientAddress, protocol, user, password, host, number);
    }

    /** The group alone: credentials and destinations are nobody's business. */
    @Override
    public String toString() {
        return "isolation group " + group;
    }
}
