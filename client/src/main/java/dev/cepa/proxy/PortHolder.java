package dev.cepa.proxy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which program has a port of this computer, for people who wonder why they can't have it. Linux tells, of programs of the
 * same user; root hears of all.
 */
final class PortHolder {
    private static final Logger LOG = LoggerFactory.getLogger(PortHolder.class);
    private static final Path PROC = Path.of("/proc");
    private static final String LISTENING = "0A";
    /** Where the inode stands in a line, counted from 0. */
    private static final int INODE_FIELD = 9;

    private PortHolder() {}

    /**
     * Looks for it.
     *
     * @param protocol {@code tcp} or {@code udp}
     * @return such as {@code tor (process 123)}; empty if nobody can be found
     */
    static String find(String protocol, int port) {
        try {
            List<String> sockets = new ArrayList<>(2);
            collect(protocol, port, sockets);
            collect(protocol + "6", port, sockets);
            return sockets.isEmpty() ? "" : owner(sockets);
        } catch (IOException | RuntimeException e) {
            LOG.debug("looking for the holder of a port failed", e);
            return "";
        }
    }

    private static void collect(String table, int port, List<String> sockets) throws IOException {
        Path file = PROC.resolve("net").resolve(table);
        if (!Files.exists(file)) {
            return;
        }
        boolean tcp = table.startsWith("tcp");
        for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
            String[] fields = line.strip().split(" +", -1);
            int colon = fields.length > INODE_FIELD ? fields[1].lastIndexOf(':') : -1;
            if (colon > 0
                    && fields[1].length() == colon + 5
                    && Integer.parseInt(fields[1].substring(colon + 1), 16) == port
                    && (!tcp || fields[3].equals(LISTENING))) {
                sockets.add("socket:[" + fields[INODE_FIELD] + "]");
            }
        }
    }

    private static String owner(List<String> sockets) throws IOException {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                if (hasOne(process, sockets)) {
                    String name = Files.readString(process.resolve("comm")).strip();
                    return name + " (process " + process.getFileName() + ")";
                }
            }
        }
        return "a program of another user";
    }

    private static boolean hasOne(Path process, List<String> sockets) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path file : files) {
                if (isOne(file, sockets)) {
                    return true;
                }
            }
        } catch (IOException | RuntimeException e) {
            // It is another user's, or has ended.
            return false;
        }
        return false;
    }

    private static boolean isOne(Path file, List<String> sockets) {
        try {
            return sockets.contains(Files.readSymbolicLink(file).toString());
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }
}
