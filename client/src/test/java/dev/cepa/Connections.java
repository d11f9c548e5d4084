package dev.cepa;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whom one client connects to, by the kernel's word: a client that has an address of loopback for itself is told from all
 * others, and what it has closed stays in the kernel's table for a minute.
 */
final class Connections implements AutoCloseable {
    private final String from;
    private final Set<Integer> ports = new TreeSet<>();
    /** What an earlier run of the tests has left in the table. */
    private final Set<String> before = new HashSet<>();

    private final Thread watch = Thread.ofPlatform().daemon().unstarted(this::run);
    private volatile boolean stopping;

    /** @param last of the client's address 127.0.0.x, 1 to 255 */
    Connections(int last) throws IOException {
        from = String.format("%02X00007F:", last);
        look(before);
        ports.clear();
        watch.start();
    }

    private void run() {
        while (!stopping) {
            try {
                look(new HashSet<>());
                Thread.sleep(20);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Notes the ports of connections that were not there before, and the near ends of all in {@code ends}. */
    private synchronized void look(Set<String> ends) throws IOException {
        // The JVM's sockets are of IPv6, whatever they connect to.
        for (String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
            for (String line : Files.readAllLines(Path.of(table))) {
                String[] words = line.strip().split(" +");
                if (words.length > 2 && words[1].contains(from) && !before.contains(words[1])) {
                    ports.add(Integer.parseInt(words[2].substring(words[2].indexOf(':') + 1), 16));
                    ends.add(words[1]);
                }
            }
        }
    }

    /** The ports on this machine that it has connected to so far. */
    synchronized Set<Integer> ports() throws IOException {
        look(new HashSet<>());
        return Set.copyOf(ports);
    }

    @Override
    public void close() throws InterruptedException {
        stopping = true;
        watch.join();
    }
}
