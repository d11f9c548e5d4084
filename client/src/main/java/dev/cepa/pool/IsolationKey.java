package dev.cepa.pool;

/**
 * Which streams may share a circuit: those with equal keys. A component that a listener does not isolate by is left
 * empty, so that it makes no difference. Immutable.
 *
 * @param listener the group of listeners, or of an application's own streams, that the stream came in by
 * @param clientAddress the address of the program that asked, or empty
 * @param protocol how it asked ({@code SOCKS5}), or empty
 * @param user the SOCKS user name, one character a byte, or empty
 * @param password the SOCKS password, one character a byte, or empty
 * @param host the destination's host, or empty
 * @param port the destination's port, or 0
 */
public record IsolationKey(
        int listener, String clientAddress, String protocol, String user, String password, String host, int port) {
    /** The group of an application's own streams when it asks for no isolation. */
    public static final IsolationKey DEFAULT = group(0);

    /** A key that keeps the streams of one group apart from all others. */
    public static IsolationKey group(int listener) {
        return new IsolationKey(listener, "", "", "", "", "", 0);
    }

    /** The same with another client address. */
    public IsolationKey withClientAddress(String address) {
        return new IsolationKey(listener, address, protocol, user, password, host, port);
    }

    /** The same with another protocol. */
    public IsolationKey withProtocol(String name) {
        return new IsolationKey(listener, clientAddress, name, user, password, host, port);
    }

    /** The same with other credentials. */
    public IsolationKey withCredentials(String newUser, String newPassword) {
        return new IsolationKey(listener, clientAddress, protocol, newUser, newPassword, host, port);
    }

    /** The same with another destination host. */
    public IsolationKey withHost(String name) {
        return new IsolationKey(listener, clientAddress, protocol, user, password, name, port);
    }

    /** The same with another destination port. */
    public IsolationKey withPort(int number) {
        return new IsolationKey(listener, clientAddress, protocol, user, password, host, number);
    }

    /** The group alone: credentials and destinations are nobody's business. */
    @Override
    public String toString() {
        return "isolation group " + listener;
    }
}
