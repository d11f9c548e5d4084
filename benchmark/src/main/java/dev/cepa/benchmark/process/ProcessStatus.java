package dev.cepa.benchmark.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What the kernel says of a process beside its memory: Linux's /proc. Stateless. */
final class ProcessStatus {
    /** The unit of /proc/PID/stat's times: the same on every machine that Linux runs on, for what programs see of it. */
    private static final int TICKS_A_SECOND = 100;

    private static final String LISTENING = "0A";

    private ProcessStatus() {}

    /**
     * CPU time that the process has used so far, user and system, all its threads, in seconds; to a hundredth.
     *
     * @throws IOException if the process is gone, or the system is not Linux
     */
    static double cpuSeconds(long pid) throws IOException {
        return cpuSeconds(read(pid, "stat"));
    }

    static double cpuSeconds(String stat) {
        // The second field is the name in parentheses, which may itself contain them; field 3 follows the last one.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (double) (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_A_SECOND;
    }

    /** The CPUs it may run on, as the kernel writes them: {@code 0}, {@code 0-3,8}. */
    static String allowedCpus(long pid) throws IOException {
        String key = "\nCpus_allowed_list:";
        String status = read(pid, "status");
        int at = status.indexOf(key);
        if (at < 0) {
            throw new IOException("the kernel does not say which CPUs process " + pid + " may use");
        }
        return status.substring(at + key.length(), status.indexOf('\n', at + 1)).strip();
    }

    /**
     * Whether a TCP socket that listens on the port belongs to that process.
     *
     * @throws IOException as {@link #cpuSeconds(long)}
     */
    static boolean listens(long pid, int port) throws IOException {
        String suffix = ":%04X".formatted(port);
        for (String table : new String[] {"net/tcp", "net/tcp6"}) {
            // Of the columns, the second is the local address and port, the fourth the state, the tenth the socket's number.
            for (String line : read(pid, table).split("\n", -1)) {
                String[] columns = line.strip().split(" +", -1);
                if (columns.length > 9 && columns[3].equals(LISTENING) && columns[1].endsWith(suffix)
                        && hasOpen(pid, "socket:[" + columns[9] + "]")) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean hasOpen(long pid, String link) throws IOException {
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
            for (Path descriptor : open) {
                try {
                    if (Files.readSymbolicLink(descriptor).toString().equals(link)) {
                        return true;
                    }
                } catch (NoSuchFileException e) {
                    // Closed meanwhile.
                }
            }
            return false;
        }
    }

    private static String read(long pid, String file) throws IOException {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new IOException(Files.isDirectory(Path.of("/proc/self"))
                    ? "process " + pid + " can't be observed: it is gone, or belongs to somebody else"
                    : "processes are observed through Linux's /proc, which this system lacks", e);
        }
    }
}
