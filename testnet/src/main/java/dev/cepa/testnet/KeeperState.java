package dev.cepa.testnet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Keeper} leaves on disk for later commands, a line each: its process, the nodes, what clients need.
 *
 * @param pid     the keeper's process id
 * @param started when that process started, by which a later process with the same id is told from it
 * @param nodes   nickname, process id and port of each node
 * @param torrc   the torrc lines for clients
 * @param bridges the Bridge lines
 * @param webPort where the web server listens
 */
record KeeperState(long pid, Instant started, List<String> nodes, List<String> torrc, List<String> bridges, int webPort) {
    private static final String FILE = "testnet.state";
    /** The start time is computed from the boot time, which the system rounds. */
    private static final Duration CLOCK_SLACK = Duration.ofSeconds(2);

    static KeeperState of(TestNetwork network, WebServer web) {
        List<String> nodes = new ArrayList<>();
        for (NodeKind kind : NodeKind.values()) {
            for (Node node : network.nodes(kind)) {
                nodes.add(node.nickname() + " " + node.pid() + " " + node.orPort());
            }
        }
        ProcessHandle self = ProcessHandle.current();
        Instant started = self.info().startInstant().orElse(Instant.EPOCH);
        return new KeeperState(self.pid(), started, nodes, network.clientTorrc(), network.bridgeLines(), web.port());
    }

    /** The state in the folder, or null if there is none. */
    static @Nullable KeeperState read(Path folder) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(folder.resolve(FILE));
        } catch (NoSuchFileException e) {
            return null;
        }
        try {
            return new KeeperState(
                    Long.parseLong(values(lines, "pid").getFirst()),
                    Instant.ofEpochMilli(Long.parseLong(values(lines, "started").getFirst())),
                    values(lines, "node"), values(lines, "torrc"), values(lines, "bridge"),
                    Integer.parseInt(values(lines, "web").getFirst()));
        } catch (RuntimeException e) {
            throw new IOException("cannot understand " + folder.resolve(FILE), e);
        }
    }

    static void delete(Path folder) throws IOException {
        Files.deleteIfExists(folder.resolve(FILE));
    }

    void write(Path folder) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("pid " + pid);
        lines.add("started " + started.toEpochMilli());
        nodes.forEach(node -> lines.add("node " + node));
        torrc.forEach(line -> lines.add("torrc " + line));
        bridges.forEach(line -> lines.add("bridge " + line));
        lines.add("web " + webPort);
        Path temporary = Files.write(folder.resolve(FILE + ".new"), lines);
        Files.move(temporary, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    }

    /** The keeper's process, if it is still there and really that one. */
    Optional<ProcessHandle> process() {
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(handle -> {
            Optional<Instant> start = handle.info().startInstant();
            boolean sameStart = start.isPresent()
                    && Duration.between(start.get(), started).abs().compareTo(CLOCK_SLACK) <= 0;
            // Where the system does not tell the command line, the start time has to do.
            return sameStart && handle.info().commandLine().map(line -> line.contains(Keeper.class.getName())).orElse(true);
        });
    }

    private static List<String> values(List<String> lines, String key) {
        List<String> values = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith(key + " ")) {
                values.add(line.substring(key.length() + 1));
            }
        }
        return values;
    }
}
