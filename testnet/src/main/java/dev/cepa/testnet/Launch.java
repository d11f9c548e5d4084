package dev.cepa.testnet;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Brings a network up, step by step: keys of the authorities, authorities, other nodes, descriptors, consensus. No step
 * waits for a fixed time; the first vote in particular is called when all descriptors are there ({@link VoteSchedule}),
 * and called again if it failed. Used once, by one thread.
 */
final class Launch {
    private static final int ATTEMPTS = 3;
    private static final long POLL_MILLIS = 50;
    private static final long REPORT_NANOS = 1_900_000_000L;
    private static final long RELOAD_NANOS = 3_000_000_000L;
    private static final Duration VOTE_GRACE = Duration.ofSeconds(3);

    private final TestNetwork.Builder settings;
    private final long endNanos;
    private String lastReport = "";
    private long lastReportNanos;

    Launch(TestNetwork.Builder settings, Duration timeout) {
        this.settings = settings;
        this.endNanos = System.nanoTime() + timeout.toNanos();
    }

    TestNetwork run() throws IOException {
        Path tor = Programs.require("tor");
        Path gencert = Programs.require("tor-gencert");
        for (int attempt = 1;; attempt++) {
            Path folder = settings.folder();
            if (folder == null) {
                folder = Files.createTempDirectory("cepa-testnet-");
            } else if (Files.exists(folder)) {
                throw new IOException(folder + " exists already; a network wants a folder of its own");
            } else {
                createPrivateFolder(folder);
            }
            try {
                return attempt(tor, gencert, folder);
            } catch (PortTakenException e) {
                deleteFolder(folder);
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                report(e.getMessage() + "; trying other ports");
            } catch (IOException e) {
                if (!settings.keepsFiles()) {
                    deleteFolder(folder);
                }
                throw e;
            }
        }
    }

    private TestNetwork attempt(Path tor, Path gencert, Path folder) throws IOException {
        List<Node> nodes = plan(folder);
        DnsResponder dns = DnsResponder.start();
        TestNetwork network = null;
        try {
            Path resolvConf = Files.writeString(folder.resolve("resolv.conf"),
                    "nameserver 127.0.0.1:" + dns.port() + "\n");
            List<Authority> authorities = makeKeys(gencert, nodes);
            List<String> authorityLines = new ArrayList<>();
            for (Authority authority : authorities) {
                authorityLines.add(authority.torrcLine());
            }
            Torrc torrc = new Torrc(authorityLines, resolvConf, ProcessHandle.current().pid(), settings.logLevel(),
                    settings.votingInterval(), settings.consensusParams());
            VoteSchedule notYet = VoteSchedule.notYet(Instant.now(), settings.votingInterval());
            for (Node node : nodes) {
                Files.writeString(node.torrcFile(), torrc.text(node, notYet));
                if (node.kind() != NodeKind.CLIENT) {
                    BandwidthHistory.write(node.folder(), Instant.now());
                }
            }
            network = new TestNetwork(folder, settings.keepsFiles(), authorities, nodes, torrc, dns);
            start(tor, network);
            awaitDescriptors(network);
            awaitConsensus(network, torrc);
            awaitCaches(network);
            report("ready");
            return network;
        } catch (IOException | RuntimeException e) {
            if (network == null) {
                dns.close();
            } else {
                network.close();
            }
            throw e;
        }
    }

    private List<Node> plan(Path folder) throws IOException {
        Ports ports = ports();
        List<Node> nodes = new ArrayList<>();
        for (NodeKind kind : NodeKind.values()) {
            for (int i = 0; i < settings.count(kind); i++) {
                String nickname = kind.prefix() + i;
                Path home = folder.resolve(nickname);
                createPrivateFolder(home.resolve("keys"));
                int dirPort = kind == NodeKind.AUTHORITY ? ports.next() : 0;
                nodes.add(new Node(kind, nickname, home, ports.next(), dirPort, 0, List.of()));
            }
        }
        return nodes;
    }

    private List<Authority> makeKeys(Path gencert, List<Node> nodes) throws IOException {
        List<Node> owners = nodes.stream().filter(node -> node.kind() == NodeKind.AUTHORITY).toList();
        List<Process> tools = new ArrayList<>();
        try {
            for (Node node : owners) {
                tools.add(AuthorityKeys.startCertificate(gencert, node.folder().resolve("keys"), node.dirPort()));
            }
            List<Authority> authorities = new ArrayList<>();
            for (int i = 0; i < owners.size(); i++) {
                Node node = owners.get(i);
                Path keys = node.folder().resolve("keys");
                String fingerprint = AuthorityKeys.createRelayIdentity(keys);
                while (tools.get(i).isAlive()) {
                    step("making the authorities' keys, " + i + " of " + owners.size());
                }
                if (tools.get(i).exitValue() != 0) {
                    throw new IOException("tor-gencert failed:\n" + Files.readString(keys.resolve("gencert.log")));
                }
                authorities.add(new Authority(node.nickname(), AuthorityKeys.v3Ident(keys), fingerprint, "127.0.0.1",
                        node.orPort(), node.dirPort()));
            }
            return authorities;
        } finally {
            tools.forEach(Process::destroyForcibly);
        }
    }

    /** Authorities first: a relay uploads its descriptor as soon as it runs, and would wait long to try again. */
    private void start(Path tor, TestNetwork network) throws IOException {
        List<Node> all = new ArrayList<>(network.relays());
        all.addAll(network.nodes(NodeKind.BRIDGE));
        int up = 0;
        for (boolean authorities : new boolean[] {true, false}) {
            List<Node> starting = all.stream()
                    .filter(node -> node.kind() == NodeKind.AUTHORITY == authorities)
                    .toList();
            for (Node node : starting) {
                node.start(tor);
            }
            for (Node node : starting) {
                while (!accepts(node.orPort())) {
                    check(all);
                    step(up + " of " + all.size() + " relays up");
                }
                up++;
            }
        }
    }

    private void awaitDescriptors(TestNetwork network) throws IOException {
        List<Node> relays = network.relays();
        for (Node authority : network.nodes(NodeKind.AUTHORITY)) {
            int known;
            while ((known = countDescriptors(authority)) < relays.size()) {
                check(relays);
                step(authority.nickname() + " has " + known + " of " + relays.size() + " descriptors");
            }
        }
    }

    private void awaitConsensus(TestNetwork network, Torrc torrc) throws IOException {
        List<Node> relays = network.relays();
        List<Node> authorities = network.nodes(NodeKind.AUTHORITY);
        int exits = network.nodes(NodeKind.EXIT).size();
        while (true) {
            VoteSchedule schedule = VoteSchedule.soon(Instant.now(), settings.votingInterval());
            for (Node authority : authorities) {
                Files.writeString(authority.torrcFile(), torrc.text(authority, schedule));
                authority.reload();
            }
            while (schedule.until(Instant.now()).plus(VOTE_GRACE).isPositive()) {
                if (allHave(authorities, relays.size(), exits)) {
                    return;
                }
                check(relays);
                long seconds = schedule.until(Instant.now()).toSeconds();
                step(seconds > 0 ? "waiting for the first consensus in " + seconds + " s" : "publishing the consensus");
            }
            report("the authorities reached no consensus; voting again");
        }
    }

    /**
     * Relays are directory caches: until they have the consensus, a client that asks one is sent away. They asked for it
     * before there was one and by now wait long between attempts; a reload makes them ask at once.
     */
    private void awaitCaches(TestNetwork network) throws IOException {
        List<Node> waiting = new ArrayList<>(network.relays());
        waiting.addAll(network.nodes(NodeKind.BRIDGE));
        int all = waiting.size();
        int relays = network.relays().size();
        int exits = network.nodes(NodeKind.EXIT).size();
        long reloadAt = System.nanoTime();
        while (true) {
            Iterator<Node> each = waiting.iterator();
            while (each.hasNext()) {
                if (allHave(List.of(each.next()), relays, exits)) {
                    each.remove();
                }
            }
            if (waiting.isEmpty()) {
                return;
            }
            check(waiting);
            if (System.nanoTime() - reloadAt >= 0) {
                for (Node node : waiting) {
                    node.reload();
                }
                reloadAt = System.nanoTime() + RELOAD_NANOS;
            }
            step(all - waiting.size() + " of " + all + " relays have the consensus");
        }
    }

    private static boolean allHave(List<Node> nodes, int relays, int exits) throws IOException {
        for (Node node : nodes) {
            Consensus consensus = Consensus.read(node.folder().resolve("cached-microdesc-consensus"));
            if (!consensus.isComplete(relays, exits)) {
                return false;
            }
        }
        return true;
    }

    private static int countDescriptors(Node authority) throws IOException {
        int count = 0;
        for (String name : new String[] {"cached-descriptors", "cached-descriptors.new"}) {
            try {
                String text = Files.readString(authority.folder().resolve(name), StandardCharsets.ISO_8859_1);
                for (String line : text.split("\n", -1)) {
                    count += line.startsWith("router ") ? 1 : 0;
                }
            } catch (NoSuchFileException e) {
                // Not written yet.
            }
        }
        return count;
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void check(List<Node> nodes) throws IOException {
        for (Node node : nodes) {
            if (node.pid() >= 0 && !node.isAlive()) {
                String tail = node.logTail();
                if (tail.contains("Address already in use")) {
                    throw new PortTakenException("a port of " + node.nickname() + " was taken by another program");
                }
                throw new IOException(node.nickname() + " ended while the network was starting; it says:\n" + tail);
            }
        }
    }

    /** One pause of a waiting loop: reports, and fails when the time is up. */
    private void step(String what) throws IOException {
        if (!what.equals(lastReport) || System.nanoTime() - lastReportNanos > REPORT_NANOS) {
            report(what);
        }
        if (System.nanoTime() - endNanos > 0) {
            throw new IOException("the private network was not ready in time: " + what);
        }
        Node.pause(POLL_MILLIS);
    }

    private void report(String what) {
        lastReport = what;
        lastReportNanos = System.nanoTime();
        settings.progress().accept(what);
    }

    static Ports ports() {
        return new Ports(new SecureRandom());
    }

    static void createPrivateFolder(Path folder) throws IOException {
        Files.createDirectories(folder,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** Deletes as much as it can. */
    static void deleteFolder(@Nullable Path folder) {
        if (folder == null) {
            return;
        }
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException problem) {
                    try {
                        Files.deleteIfExists(visited);
                    } catch (IOException e) {
                        // Something was added meanwhile; a leftover in a temporary folder harms nobody.
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            // As above.
        }
    }

    /** Another program was faster; other ports may do. */
    private static final class PortTakenException extends IOException {
        private static final long serialVersionUID = 1;

        PortTakenException(String message) {
            super(message);
        }
    }
}
