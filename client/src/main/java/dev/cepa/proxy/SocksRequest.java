package dev.cepa.proxy;

/**
 * What a program asked for by SOCKS. Immutable.
 *
 * @param version 4 or 5
 * @param host a valid host name, or an address as text without brackets
 * @param byAddress whether the program gave an address in binary, so that it may have resolved a name by itself
 * @param port 0 to 65535
 * @param user the user name, one character a byte; empty without one
 * @param password the password, one character a byte; empty without one
 */
record SocksRequest(
        int version, Command command, String host, boolean byAddress, int port, String user, String password) {
    /** What is to be done. */
    enum Command {
        CONNECT,
        RESOLVE,
        RESOLVE_PTR
    }

    /** The port alone: the rest is nobody's business. */
    @Override
    public String toString() {
        return "SOCKS" + version + " " + command + " to port " + port;
    }
}
