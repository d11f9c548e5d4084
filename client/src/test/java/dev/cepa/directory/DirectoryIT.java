package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.directory.Decompression.Encoding;
import dev.cepa.directory.DirectorySettings.Encodings;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.Consensus;
import dev.cepa.netdoc.ConsensusDiff;
import dev.cepa.path.GuardAttempt;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSettings;
import dev.cepa.path.StateFile;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The directory, asked of real relays. */
@Timeout(240)
class DirectoryIT {
    private static final String CONSENSUS = "/tor/status-vote/";
    private static final String KEYS = "/tor/keys/";
    private static final String MICRO = "/tor/micro/";
    private static TestNetwork network;

    @TempDir
    private Path cache;

    private final List<TorEvent> happened = new CopyOnWriteArrayList<>();
    private final TorEvents events = new TorEvents();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeAll
    static void start() throws IOException {
        network = TestNetwork.builder().votingInterval(Duration.ofSeconds(20)).start(Duration.ofMinutes(3));
    }

    @AfterAll
    static void stop() {
        network.close();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    @Test
    void aColdStartFetchesAndVerifiesAllOfItAndAWarmOneFetchesNothing() throws Exception {
        Recorder cold = new Recorder(tunnels(Encodings.LIGHT));
        DirectoryManager manager = start(cold);
        manager.awaitUsable(Deadline.in(Duration.ofSeconds(60)));
        until(() -> manager.latest().missingMicrodescs() == 0);
        assertThat(manager.current().size()).isEqualTo(network.relays().size());
        assertThat(cold.answers(CONSENSUS)).hasSize(1);
        assertThat(cold.answers(KEYS)).isNotEmpty();
        assertThat(cold.answers(MICRO)).hasSizeGreaterThanOrEqualTo(3).allMatch(answer -> answer.guard());
        assertThat(cold.all).allMatch(answer -> answer.encoding() == Encoding.DEFLATE);
        assertThat(cache.resolve("cached-microdesc-consensus")).hasBinaryContent(cold.answers(CONSENSUS).getFirst().body());
        manager.close();
        assertThat(manager.join(Duration.ofSeconds(5))).isTrue();

        happened.clear();
        Recorder warm = new Recorder(null);
        DirectoryManager again = start(warm);
        again.awaitUsable(Deadline.in(Duration.ofSeconds(10)));
        assertThat(again.current().missingMicrodescs()).isZero();
        Instant due = Lifetime.of(again.current().consensus()).freshUntil();
        assertThat(warm.asked).as("the network is not even there").noneMatch(asked -> asked.at().isBefore(due));
        assertThat(happened).noneMatch(event -> event instanceof TorEvent.Warning w && w.message().contains("cached"));
    }

    @Test
    void microdescriptorsComeInBatchesFromSeveralCaches() throws Exception {
        // Each batch goes to one of three guards at random: all to the same in one run of nine.
        Set<RsaId> servers = Set.of();
        for (int run = 0; run < 6 && servers.size() < 2; run++) {
            Recorder recorder = new Recorder(tunnels(Encodings.LIGHT));
            DirectoryManager manager = start(recorder, null);
            manager.awaitUsable(Deadline.in(Duration.ofSeconds(60)));
            until(() -> manager.latest().missingMicrodescs() == 0);
            manager.close();
            assertThat(recorder.answers(MICRO)).hasSizeGreaterThanOrEqualTo(3);
            servers = servers(recorder.answers(MICRO));
        }
        assertThat(servers).hasSizeGreaterThan(1);
    }

    @Test
    void relaysAnswerInEveryEncodingThatIsAskedFor() throws Exception {
        Recorder recorder = new Recorder(tunnels(Encodings.ALL));
        DirectoryManager manager = start(recorder);
        manager.awaitUsable(Deadline.in(Duration.ofSeconds(60)));
        until(() -> manager.latest().missingMicrodescs() == 0);
        assertThat(recorder.answers(CONSENSUS)).allMatch(answer -> answer.encoding() == Encoding.LZMA);
        assertThat(recorder.answers(MICRO)).allMatch(answer -> answer.encoding() == Encoding.ZSTD);
    }

    @Test
    void theNextConsensusComesWhenItIsDueAndAsADifference() throws Exception {
        Recorder recorder = new Recorder(tunnels(Encodings.LIGHT));
        DirectoryManager manager = start(recorder);
        manager.awaitUsable(Deadline.in(Duration.ofSeconds(60)));
        Lifetime held = Lifetime.of(manager.current().consensus());
        byte[] first = Files.readAllBytes(cache.resolve("cached-microdesc-consensus"));
        int before = recorder.asked.size();
        until(() -> recorder.answers(CONSENSUS).stream().anyMatch(answer -> ConsensusDiff.isDiff(answer.body())));

        Asked refresh = recorder.asked.stream().skip(before).filter(a -> a.request().path().startsWith(CONSENSUS))
                .findFirst().orElseThrow();
        Duration interval = Duration.between(held.validAfter(), held.freshUntil());
        assertThat(refresh.at())
                .isAfterOrEqualTo(held.freshUntil().plus(interval.multipliedBy(3).dividedBy(4)))
                .isBefore(held.validUntil());
        assertThat(refresh.guard()).isTrue();
        assertThat(refresh.request().diffFrom()).isEqualTo(Consensus.diffDigest(first));

        Answered diff = recorder.answers(CONSENSUS).stream().filter(answer -> ConsensusDiff.isDiff(answer.body()))
                .findFirst().orElseThrow();
        String[] hashes = new String(diff.body(), StandardCharsets.US_ASCII).lines().skip(1).findFirst().orElseThrow().split(" ");
        Path file = cache.resolve("cached-microdesc-consensus");
        until(() -> sha3(file).equalsIgnoreCase(hashes[2]));
        // It is on the disk before it is in use.
        until(() -> manager.latest().consensus().validAfter().isAfter(held.validAfter()));
        assertThat(diff.body().length).isLessThan(Files.readAllBytes(file).length);
    }

    @Test
    void relaysThatAreDownAreTriedAgainEverMoreSlowly() throws Exception {
        List<Node> relays = new ArrayList<>(network.relays());
        for (Node relay : relays) {
            relay.stop();
        }
        Recorder recorder = new Recorder(tunnels(Encodings.LIGHT));
        DirectoryManager manager = start(recorder);
        try {
            Thread.sleep(8000);
            List<Asked> asked = List.copyOf(recorder.asked);
            assertThat(asked).hasSizeBetween(4, 25);
            assertThat(recorder.all).isEmpty();
            assertThat(happened).anyMatch(event ->
                    event instanceof TorEvent.Bootstrap b && b.problem() != null && b.problem().contains("trying again in"));
        } finally {
            for (Node relay : relays) {
                relay.restart();
            }
        }
        manager.awaitUsable(Deadline.in(Duration.ofSeconds(90)));
    }

    private DirectoryManager start(DirectoryLink link) throws TorException {
        return start(link, cache);
    }

    private DirectoryManager start(DirectoryLink link, @Nullable Path folder) throws TorException {
        List<DirectoryAuthority> authorities = new ArrayList<>();
        for (String line : network.clientTorrc()) {
            if (line.startsWith("DirAuthority ")) {
                authorities.add(DirectoryAuthority.parse(line.substring("DirAuthority ".length())));
            }
        }
        DirectorySettings settings = DirectorySettings.DEFAULT
                .withNetwork(authorities, List.of())
                .forTestingNetwork()
                .withCacheDirectory(folder);
        InstantSource clock = InstantSource.system();
        SecureRandom random = new SecureRandom();
        GuardManager guards = new GuardManager(StateFile.inMemory("test", clock), clock, random, events);
        PathSettings paths = PathSettings.DEFAULT.withDistinctSubnets(false);
        DirectoryManager manager = new DirectoryManager(
                settings, link, new BootstrapProgress(events), guards, paths, events, clock, random);
        opened.add(manager);
        manager.start();
        return manager;
    }

    private DirectoryLink tunnels(Encodings encodings) {
        events.add(happened::add);
        ChannelManager channels = new ChannelManager(ChannelSettings.DEFAULT, events);
        opened.add(channels);
        AtomicLong ids = new AtomicLong();
        return new DirectoryTunnels(
                DirectorySettings.DEFAULT.withEncodings(encodings), channels, events, ids::incrementAndGet,
                new BootstrapProgress(new TorEvents()));
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(20);
        }
    }

    private static String sha3(Path file) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA3-256").digest(Files.readAllBytes(file)));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Set<RsaId> servers(List<Answered> answers) {
        Set<RsaId> servers = new HashSet<>();
        answers.forEach(answer -> servers.add(answer.server()));
        return servers;
    }

    /** A question, and when it was asked. */
    private record Asked(Instant at, DirectoryRequest request, boolean guard) {}

    /** An answer of status 200. */
    private record Answered(RsaId server, String path, boolean guard, Encoding encoding, byte[] body) {}

    /** Passes questions on to real relays, or to nobody, and remembers them and the answers. */
    private static final class Recorder implements DirectoryLink {
        private final @Nullable DirectoryLink relays;
        private final List<Asked> asked = new CopyOnWriteArrayList<>();
        private final List<Answered> all = new CopyOnWriteArrayList<>();

        Recorder(@Nullable DirectoryLink relays) {
            this.relays = relays;
        }

        @Override
        public ChannelTarget identify(ChannelTarget relay, Deadline deadline) {
            return relay;
        }

        @Override
        public DirectoryAnswer ask(
                HopTarget server, @Nullable GuardAttempt attempt, DirectoryRequest request, Deadline deadline)
                throws IOException {
            asked.add(new Asked(Instant.now(), request, attempt != null));
            if (relays == null) {
                throw new TorException(ErrorKind.RELAY_UNREACHABLE, "there is no network");
            }
            try (DirectoryAnswer answer = relays.ask(server, attempt, request, deadline)) {
                byte[] body = answer.readAll();
                if (answer.status() == 200) {
                    all.add(new Answered(
                            server.link().rsaId(), request.path(), attempt != null, answer.encoding(), body));
                }
                return new DirectoryAnswer(
                        answer.status(), "", answer.date(), answer.encoding(), new ByteArrayInputStream(body),
                        new ReceivedBytes(InputStream.nullInputStream()));
            }
        }

        private List<Answered> answers(String path) {
            return all.stream().filter(answer -> answer.path().startsWith(path)).toList();
        }

        @Override
        public void closeIdle() {
            if (relays != null) {
                relays.closeIdle();
            }
        }

        @Override
        public void close() {
            if (relays != null) {
                relays.close();
            }
        }
    }
}
