package dev.cepa.proxy;

import dev.cepa.event.StreamOrigin;

/**
 * What a program asks for, whichever way it came. Immutable.
 *
 * @param protocol how it asks: {@code SOCKS5} and the like
 * @param client where it is, as text; empty if it came by the file system
 * @param clientPort from which port; 0 if it came by the file system
 * @param user its credentials, one character a byte; empty without any. The password likewise
 * @param host a host name, or an address as text without brackets
 * @param port 1 to 65535; 0 for a question about a name
 * @param beginFlags which addresses the exit may connect to, the flags of {@link dev.cepa.cell.RelayMessage.Begin}
 */
record ProgramRequest(
        String protocol, String client, int clientPort, String user, String password, String host, int port, int beginFlags)
        implements StreamOrigin {
    @Override
    public String source() {
        return client.isEmpty() ? "" : (client.indexOf(':') < 0 ? client : "[" + client + "]") + ":" + clientPort;
    }

    boolean hasCredentials() {
        return !user.isEmpty() || !password.isEmpty();
    }

    /** The port alone: the rest is nobody's business. */
    @Override
    public String toString() {
        return protocol + " to port " + port;
    }
}
