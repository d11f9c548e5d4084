package dev.cepa;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What clients may leave behind in a process: threads, virtual ones included, and open files and sockets. Both are compared
 * with what there was before, because tests share their process.
 */
public final class Leftovers {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Pattern THREAD = Pattern.compile("\"tid\": *\"?(\\d+)\"?,[^{}]*?\"name\": *\"([^\"]*)\"");
    private static final Path OPEN_FILES = Path.of("/proc/self/fd");

    private final int server;
    private final Set<String> threads = threads();
    private final Set<String> files;

    private Leftovers(int server) {
        this.server = server;
        files = files();
    }

    /** What there is now. */
    public static Leftovers before() {
        return new Leftovers(0);
    }

    /**
     * The same, leaving out the connections of a server in this program: they are the exits', who close them when they
     * come to it, which on a busy machine may be long after the client has gone.
     *
     * @param server its port
     */
    public static Leftovers before(int server) {
        return new Leftovers(server);
    }

    /** Waits until no thread of a client is left but those of before. */
    public void assertNoThreads() throws InterruptedException {
        awaitNone("threads", threads, Leftovers::threads);
    }

    /** Waits until no file and no socket is open but those of before; says nothing where the system does not tell. */
    public void assertNoFiles() throws InterruptedException {
        awaitNone("files", files, this::files);
    }

    /** Threads of clients that were not there before: proof that they would be found. */
    public Set<String> newThreads() {
        Set<String> more = threads();
        more.removeAll(threads);
        return more;
    }

    /** Files and sockets that were not open before. */
    public Set<String> newFiles() {
        Set<String> more = files();
        more.removeAll(files);
        return more;
    }

    private static void awaitNone(String what, Set<String> before, Supplier<Set<String>> now) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            Set<String> left = now.get();
            left.removeAll(before);
            if (left.isEmpty()) {
                return;
            }
            if (System.nanoTime() > end) {
                throw new AssertionError(what + " left behind: " + left);
            }
            Thread.sleep(20);
        }
    }

    /** Number and name of each thread that bears a client's names. */
    private static Set<String> threads() {
        Set<String> ours = new TreeSet<>();
        try {
            Path folder = Files.createTempDirectory("threads");
            Path dump = folder.resolve("dump.json");
            ManagementFactory.getPlatformMXBean(com.sun.management.HotSpotDiagnosticMXBean.class)
                    .dumpThreads(dump.toString(), com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
            Matcher thread = THREAD.matcher(Files.readString(dump));
            while (thread.find()) {
                if (thread.group(2).startsWith("cepa-") || thread.group(2).startsWith("socks")) {
                    ours.add(thread.group(1) + " " + thread.group(2));
                }
            }
            Files.delete(dump);
            Files.delete(folder);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return ours;
    }

    /** What the process has open: descriptors with what they lead to. */
    private Set<String> files() {
        Set<String> open = new TreeSet<>();
        Set<String> others = serverSockets();
        if (!Files.isDirectory(OPEN_FILES)) {
            return open;
        }
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(OPEN_FILES)) {
            for (Path descriptor : descriptors) {
                try {
                    String target = Files.readSymbolicLink(descriptor).toString();
                    // Class files are opened as they are needed; the listing itself is one of the open files.
                    if (!target.endsWith(".jar") && !target.endsWith("/fd") && !others.contains(target)) {
                        open.add(descriptor.getFileName() + " " + target);
                    }
                } catch (IOException e) {
                    // closed meanwhile
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return open;
    }

    /** The sockets of the server, as a descriptor's link names them. */
    private Set<String> serverSockets() {
        Set<String> sockets = new TreeSet<>();
        if (server == 0) {
            return sockets;
        }
        String port = ":%04X".formatted(server);
        try {
            for (String table : List.of("/proc/self/net/tcp", "/proc/self/net/tcp6")) {
                for (String line : Files.readAllLines(Path.of(table))) {
                    String[] fields = line.strip().split(" +"); // slot, local address, remote address, ..., inode
                    if (fields.length > 9 && fields[1].endsWith(port)) {
                        sockets.add("socket:[" + fields[9] + "]");
                    }
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return sockets;
    }
}
