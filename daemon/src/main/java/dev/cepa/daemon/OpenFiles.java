package dev.cepa.daemon;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How many files, connections among them, the system lets this process have open. The JVM has raised that to the most that
 * the system allows, as tor does.
 */
final class OpenFiles {
    /** Where the system doesn't say. */
    static final int UNKNOWN = -1;

    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final String LINE = "Max open files";
    /** What is not for programs' connections: files, and connections with relays. */
    private static final int RESERVE = 64;
    /** What one connection of a program takes of the heap, at rest. */
    private static final int CONNECTION_BYTES = 6 * 1024;
    private static final int MOST_CONNECTIONS = 65_000;

    private OpenFiles() {}

    /** The limit for this process; {@link #UNKNOWN} if the system doesn't tell. */
    static int limit() {
        try {
            return limit(Files.readString(LIMITS));
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /** The limit in force, as Linux writes it to {@code /proc/self/limits}. */
    static int limit(String limits) {
        int line = limits.indexOf(LINE);
        int at = line + LINE.length();
        while (line >= 0 && at < limits.length() && limits.charAt(at) == ' ') {
            at++;
        }
        long number = 0;
        int start = at;
        while (line >= 0 && at < limits.length() && limits.charAt(at) >= '0' && limits.charAt(at) <= '9' && at - start < 18) {
            number = 10 * number + (limits.charAt(at++) - '0');
        }
        if (at > start && line >= 0) {
            return (int) Math.min(number, Integer.MAX_VALUE);
        }
        return line >= 0 && limits.startsWith("unlimited", at) ? Integer.MAX_VALUE : UNKNOWN;
    }

    /**
     * Fails if fewer may be open than ConnLimit says.
     *
     * @throws TorException of kind CONFIG that says what to do
     */
    static void require(long connLimit, int limit) throws TorException {
        if (connLimit < 1) {
            throw new TorException(ErrorKind.CONFIG, "ConnLimit must be greater than 0, but was set to " + connLimit);
        }
        if (limit != UNKNOWN && limit < connLimit) {
            throw new TorException(
                    ErrorKind.CONFIG,
                    "We need " + connLimit + " file descriptors available, and we're limited to " + limit
                            + ". Please change your ulimit -n, or set a lower ConnLimit.");
        }
    }

    /** How many programs one port may serve at once: what descriptors and heap allow. */
    static int connections(int limit, long heap) {
        long byDescriptors = limit == UNKNOWN ? MOST_CONNECTIONS : limit - RESERVE;
        return (int) Math.clamp(Math.min(byDescriptors, heap / CONNECTION_BYTES), 4L, MOST_CONNECTIONS);
    }
}
