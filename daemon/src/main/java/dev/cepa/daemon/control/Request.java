package dev.cepa.daemon.control;

/**
 * One command as a controller has sent it. Immutable.
 *
 * @param connection where it came from
 * @param keyword in capital letters; begins with {@code +} if a body follows
 * @param line what follows the keyword in its line, without blanks at its beginning and without its end
 * @param rawLine the same, a byte each character
 * @param body the lines that follow, each with a line feed at its end, dots taken out; empty without a {@code +}
 */
record Request(ControlConnection connection, String keyword, String line, String rawLine, String body) {
    /** What all connections share. */
    ControlServer server() {
        return connection.server();
    }

    /** The program. */
    ControlHost host() {
        return connection.server().host();
    }
}
