package dev.cepa.testnet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A private Tor network of real {@code tor} processes on 127.0.0.1. Several can run side by side. Its processes end with
 * {@link #close()}, when the JVM exits, and within some fifteen seconds of the JVM's death if it is killed.
 *
 * <p>Its exits resolve names through {@link DnsResponder}: any name under {@code .test} is this machine. Safe for use by
 * several threads.
 */
public final class TestNetwork implements AutoCloseable {
    private static final long STOP_NANOS = 3_000_000_000L;

    private final Path folder;
    private final boolean keepsFiles;
    private final List<Authority> authorities;
    private final List<Node> nodes;
    private final Torrc torrc;
    private final DnsResponder dns;
    private final Thread shutdownHook = new Thread(this::endProcesses, "test network shutdown");
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock; clients come and go while the relays stay. */
    private final List<Node> clients = new ArrayList<>();
    /** Guarded by the lock. */
    private boolean closed;

    TestNetwork(Path folder, boolean keepsFiles, List<Authority> authorities, List<Node> nodes, Torrc torrc,
            DnsResponder dns) {
        this.folder = folder;
        this.keepsFiles = keepsFiles;
        this.authorities = List.copyOf(authorities);
        this.nodes = List.copyOf(nodes);
        this.torrc = torrc;
        this.dns = dns;
        Runtime.getRuntime().addShutdownHook(shutdownHook);
    }

    /** A builder with the usual size: three authorities, five relays, four exits. */
    public static Builder builder() {
        return new Builder();
    }

    /** The torrc lines by which a client joins this network and no other. */
    public List<String> clientTorrc() {
        List<String> lines = new ArrayList<>();
        lines.add("TestingTorNetwork 1");
        for (Authority authority : authorities) {
            lines.add(authority.torrcLine());
        }
        return lines;
    }

    /** The {@code Bridge} lines of this network's bridges. */
    public List<String> bridgeLines() {
        List<String> lines = new ArrayList<>();
        for (Node node : nodes(NodeKind.BRIDGE)) {
            lines.add("Bridge 127.0.0.1:" + node.orPort() + " " + node.fingerprint());
        }
        return lines;
    }

    /** The directory authorities. */
    public List<Authority> authorities() {
        return authorities;
    }

    /** Every relay that the consensus lists: authorities, relays and exits. */
    public List<Node> relays() {
        List<Node> listed = new ArrayList<>();
        for (Node node : nodes) {
            if (node.kind() != NodeKind.BRIDGE) {
                listed.add(node);
            }
        }
        return listed;
    }

    /** All nodes of one kind. */
    public List<Node> nodes(NodeKind kind) {
        lock.lock();
        try {
            List<Node> found = new ArrayList<>();
            for (Node node : kind == NodeKind.CLIENT ? clients : nodes) {
                if (node.kind() == kind) {
                    found.add(node);
                }
            }
            return found;
        } finally {
            lock.unlock();
        }
    }

    /** The node with a nickname such as {@code exit0}, or an IllegalArgumentException. */
    public Node node(String nickname) {
        for (Node node : nodes) {
            if (node.nickname().equals(nickname)) {
                return node;
            }
        }
        throw new IllegalArgumentException("no node is called " + nickname);
    }

    /** The node with an RSA fingerprint (40 hex digits, either case), or an IllegalArgumentException. */
    public Node nodeByFingerprint(String fingerprint) {
        for (Node node : nodes) {
            if (node.fingerprint().equalsIgnoreCase(fingerprint)) {
                return node;
            }
        }
        throw new IllegalArgumentException("no node has the fingerprint " + fingerprint);
    }

    /** Where the nodes' folders are. */
    public Path folder() {
        return folder;
    }

    /**
     * Starts a C tor client in this network, with a SOCKS port, and waits until it has bootstrapped. It ends with the
     * network, or by {@link Node#stop()}.
     *
     * @param nickname   names its folder; new in this network
     * @param timeout    how long bootstrapping may take
     * @param extraLines torrc lines of the caller's, such as {@code HiddenServiceDir}; {@code $DIR} in them is its folder
     */
    public Node startClient(String nickname, Duration timeout, String... extraLines) throws IOException {
        Path home = folder.resolve(nickname);
        Launch.createPrivateFolder(home);
        int socksPort = Launch.ports().next();
        List<String> lines = new ArrayList<>();
        lines.add("SocksPort 127.0.0.1:" + socksPort);
        for (String line : extraLines) {
            lines.add(line.replace("$DIR", home.toString()));
        }
        Node node = new Node(NodeKind.CLIENT, nickname, home, 0, 0, socksPort, lines);
        Files.writeString(node.torrcFile(), torrc.text(node, null));
        lock.lock();
        try {
            if (closed) {
                throw new IOException("the network is closed");
            }
            clients.add(node);
            node.start(Programs.require("tor"));
        } finally {
            lock.unlock();
        }
        long end = System.nanoTime() + timeout.toNanos();
        while (!node.hasLogged("Bootstrapped 100%")) {
            if (!node.isAlive() || System.nanoTime() > end) {
                node.kill();
                throw new IOException(nickname + " did not bootstrap; it says:\n" + node.logTail());
            }
            Node.pause(50);
        }
        return node;
    }

    /**
     * Starts a C tor onion service whose port 80 is a port of this machine, and waits until its descriptor is on its
     * directories. It ends with the network, or by {@link OnionService#close()}.
     *
     * @param nickname   names its folder; new in this network
     * @param targetPort where its port 80 leads to on 127.0.0.1
     * @param timeout    how long that may take
     * @param clients    public X25519 keys in base32 of those who alone may reach it; none: everybody
     * @param extraLines torrc lines for the service
     */
    public OnionService startOnionService(
            String nickname, int targetPort, Duration timeout, List<String> clients, String... extraLines) throws IOException {
        return OnionService.start(this, nickname, targetPort, timeout, clients, extraLines);
    }

    /** Ends all processes (SIGTERM, SIGKILL after three seconds) and deletes the files. Again: does nothing. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            lock.unlock();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException e) {
            // The JVM is exiting and the hook does the same work at the same time; both may.
        }
        endProcesses();
    }

    private void endProcesses() {
        dns.close();
        lock.lock();
        try {
            List<Node> all = new ArrayList<>(clients);
            all.addAll(nodes);
            end(all);
        } finally {
            lock.unlock();
        }
        if (!keepsFiles) {
            Launch.deleteFolder(folder);
        }
    }

    static void end(List<Node> nodes) {
        for (Node node : nodes) {
            node.requestStop();
        }
        long killAt = System.nanoTime() + STOP_NANOS;
        for (Node node : nodes) {
            try {
                node.awaitStop(killAt);
            } catch (IOException e) {
                // Interrupted; it has been killed, and the others must be ended too.
            }
        }
    }

    /** How a network is to be. Not thread-safe. */
    public static final class Builder {
        private int authorities = 3;
        private int relays = 5;
        private int exits = 4;
        private int bridges;
        private int votingInterval = 60;
        private String consensusParams = "cc_alg=2 cfx_enabled=1 hsdir_interval=24";
        private String logLevel = "notice";
        private @Nullable Path folder;
        private boolean keepsFiles;
        private Consumer<String> progress = text -> {};

        private Builder() {}

        /** Number of directory authorities, 1 to 9; three unless set. */
        public Builder authorities(int count) {
            authorities = within("authorities", count, 1, 9);
            return this;
        }

        /** Number of relays that are neither authority nor exit, 0 to 200; five unless set. */
        public Builder relays(int count) {
            relays = within("relays", count, 0, 200);
            return this;
        }

        /** Number of exits, 0 to 200; four unless set. */
        public Builder exits(int count) {
            exits = within("exits", count, 0, 200);
            return this;
        }

        /** Number of bridges, 0 to 20; none unless set. */
        public Builder bridges(int count) {
            bridges = within("bridges", count, 0, 20);
            return this;
        }

        /** Time between two consensuses: seconds that divide half an hour, at least ten; a minute unless set. */
        public Builder votingInterval(Duration interval) {
            long seconds = interval.toSeconds();
            if (seconds < 10 || Torrc.LONGEST_INTERVAL % seconds != 0) {
                throw new IllegalArgumentException("a voting interval divides 1800 s and is at least 10 s: " + interval);
            }
            votingInterval = (int) seconds;
            return this;
        }

        /** Network parameters for the consensus, {@code name=value} with spaces in between. */
        public Builder consensusParams(String params) {
            consensusParams = params;
            return this;
        }

        /** How much the nodes log: a severity of tor's, {@code notice} unless set. */
        public Builder logLevel(String level) {
            logLevel = level;
            return this;
        }

        /** A new folder for the nodes' files; a temporary one unless set. */
        public Builder folder(Path path) {
            folder = path.toAbsolutePath();
            return this;
        }

        /** Leaves the files after {@link TestNetwork#close()}. */
        public Builder keepFiles(boolean keep) {
            keepsFiles = keep;
            return this;
        }

        /** Is told, at least every two seconds while starting, what is being waited for. */
        public Builder progress(Consumer<String> listener) {
            progress = listener;
            return this;
        }

        /**
         * Starts the network and returns once every relay is listed in a consensus that all authorities have published
         * and all relays have fetched.
         *
         * @throws IOException if a program is missing, a relay fails (with its log) or the time is up
         */
        public TestNetwork start(Duration timeout) throws IOException {
            return new Launch(this, timeout).run();
        }

        int count(NodeKind kind) {
            return switch (kind) {
                case AUTHORITY -> authorities;
                case RELAY -> relays;
                case EXIT -> exits;
                case BRIDGE -> bridges;
                case CLIENT -> 0;
            };
        }

        int votingInterval() {
            return votingInterval;
        }

        String consensusParams() {
            return consensusParams;
        }

        String logLevel() {
            return logLevel;
        }

        @Nullable Path folder() {
            return folder;
        }

        boolean keepsFiles() {
            return keepsFiles;
        }

        Consumer<String> progress() {
            return progress;
        }

        private static int within(String what, int count, int least, int most) {
            if (count < least || count > most) {
                throw new IllegalArgumentException(what + " must be " + least + " to " + most + ": " + count);
            }
            return count;
        }
    }
}
