package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathBiasSettings;
import dev.cepa.path.PathSettings;
import dev.cepa.path.PathTuning;
import dev.cepa.path.StateFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class DirectoryManagerTest {
    private static final String CONSENSUS = "/tor/status-vote/";
    private static final String KEYS = "/tor/keys/";
    private static final String MICRO = "/tor/micro/";

    @TempDir
    Path cache;

    private final ScriptedNetwork network = new ScriptedNetwork(30);
    private final ScriptedLink link = new ScriptedLink(network);
    private final List<TorEvent> happened = new CopyOnWriteArrayList<>();
    private final List<DirectoryManager> opened = new ArrayList<>();
    private volatile Instant now = ScriptedNetwork.VALID_AFTER.plusSeconds(600);

    @AfterEach
    void close() {
        opened.forEach(DirectoryManager::close);
    }

    @Test
    void bringsUpAVerifiedDirectoryFromNothing() throws Exception {
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
        manager.awaitUsable(soon());
        assertThat(manager.current().size()).isEqualTo(30);
        until(() -> manager.latest().missingMicrodescs() == 0);
        until(() -> percents().contains("75 enough_dirinfo"));
        assertThat(percents()).startsWith("0 starting").contains("30 loading_status", "40 loading_keys").endsWith("75 enough_dirinfo");
        assertThat(link.paths(CONSENSUS)).hasSize(1);
        assertThat(link.paths(KEYS)).hasSize(1);
        assertThat(link.questions).filteredOn(question -> question.request().path().startsWith(MICRO)).hasSize(3)
                .allMatch(ScriptedLink.Question::guard);
        assertThat(cache.resolve("cached-microdesc-consensus")).hasBinaryContent(network.consensus);
        assertThat(events(TorEvent.ConsensusArrived.class)).hasSize(1);
        until(() -> Files.exists(cache.resolve("cached-microdescs.new")));
    }

    @Test
    void needsAsManyPathsAsTheUserOrElseTheConsensusSays() throws Exception {
        DirectoryManager manager = start(network.settings());
        manager.awaitUsable(soon());
        var consensus = manager.current().consensus();
        assertThat(DirectoryManager.pathsNeeded(PathTuning.DEFAULT, consensus)).isEqualTo(0.6);
        PathTuning most = new PathTuning(false, List.of(), 0.95, PathBiasSettings.DEFAULT);
        assertThat(DirectoryManager.pathsNeeded(most, consensus)).isEqualTo(0.95);
        assertThatThrownBy(() -> new PathTuning(false, List.of(), 0.96, PathBiasSettings.DEFAULT))
                .hasMessageContaining("PathsNeededToBuildCircuits");
    }

    @Test
    void startsFromDiskWithoutAskingAnybody() throws Exception {
        bringUpAndClose();
        link.questions.clear();
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
        manager.awaitUsable(soon());
        assertThat(manager.current().missingMicrodescs()).isZero();
        assertThat(link.questions).isEmpty();
        assertThat(events(TorEvent.Warning.class)).isEmpty();
    }

    @Test
    void refusesAConsensusSignedByTooFewAuthoritiesAndAsksAnother() throws Exception {
        byte[] good = network.consensus;
        byte[] poor = network.relays.signed(List.of(network.authorities), List.of(network.authorities[0]));
        AtomicInteger asked = new AtomicInteger();
        link.script = (server, request) -> {
            if (request.path().startsWith(CONSENSUS)) {
                return asked.getAndIncrement() == 0 ? poor : good;
            }
            return network.answer(server, request);
        };
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
        manager.awaitUsable(soon());
        assertThat(asked).hasValue(2);
        assertThat(problems()).anyMatch(problem -> problem.contains("authorities signed it, and 2 must have"));
        assertThat(cache.resolve("cached-microdesc-consensus")).hasBinaryContent(good);
    }

    @Test
    void refusesEveryKindOfBadConsensusAndAsksAnother() throws Exception {
        byte[] good = network.consensus;
        network.relays.validAfter(now.minus(Duration.ofDays(4)));
        byte[] expired = network.relays.signed(network.authorities);
        network.relays.validAfter(now.plus(Duration.ofDays(4)));
        byte[] future = network.relays.signed(network.authorities);
        String text = new String(good, StandardCharsets.ISO_8859_1);
        byte[] lines = text.replace("known-flags ", "x\n".repeat(5_000_000) + "known-flags ")
                .getBytes(StandardCharsets.ISO_8859_1);
        Map<String, byte[]> bad = Map.of(
                "forged", changed(good),
                "signed by one of three", network.relays.signed(List.of(network.authorities), List.of(network.authorities[0])),
                "expired", expired,
                "from the future", future,
                "cut short", Arrays.copyOf(good, good.length / 2),
                "five million lines more", lines,
                "a difference to nothing", "network-status-diff-version 1\nhash a b\n".getBytes(StandardCharsets.US_ASCII));
        // All at the same time, as each waits a moment before it asks again.
        Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();
        Map<String, DirectoryManager> managers = new HashMap<>();
        for (Map.Entry<String, byte[]> each : bad.entrySet()) {
            AtomicInteger count = new AtomicInteger();
            asked.put(each.getKey(), count);
            ScriptedLink liar = new ScriptedLink((server, request) -> {
                if (request.path().startsWith(CONSENSUS)) {
                    return count.getAndIncrement() == 0 ? each.getValue() : good;
                }
                return network.answer(server, request);
            });
            Path folder = Files.createDirectory(cache.resolve(each.getKey()));
            managers.put(each.getKey(), start(network.settings().withCacheDirectory(folder), liar));
        }
        for (Map.Entry<String, DirectoryManager> each : managers.entrySet()) {
            each.getValue().awaitUsable(soon());
            assertThat(asked.get(each.getKey())).as(each.getKey()).hasValueGreaterThan(1);
            assertThat(cache.resolve(each.getKey()).resolve("cached-microdesc-consensus")).hasBinaryContent(good);
        }
    }

    @Test
    void aMicrodescriptorWithTheWrongDigestIsNotTaken() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        link.script = (server, request) -> {
            byte[] answer = network.answer(server, request);
            return request.path().startsWith(MICRO) && asked.getAndIncrement() < 3
                    ? new String(answer, StandardCharsets.US_ASCII)
                            .replace("p accept 1-65535", "p accept 1-65534")
                            .getBytes(StandardCharsets.US_ASCII)
                    : answer;
        };
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
        manager.awaitUsable(soon());
        until(() -> manager.latest().missingMicrodescs() == 0);
        assertThat(asked).as("asked again for those that were changed").hasValueGreaterThan(3);
        manager.close();
        assertThat(manager.join(Duration.ofSeconds(20))).isTrue();
        assertThat(cache.resolve("cached-microdescs.new")).content().contains("1-65535").doesNotContain("1-65534");
    }

    @Test
    void keepsAConsensusAsideUntilSomebodyHasTheCertificates() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        link.script = (server, request) ->
                request.path().startsWith(KEYS) && asked.getAndIncrement() < 2 ? null : network.answer(server, request);
        start(network.settings()).awaitUsable(soon());
        assertThat(asked).hasValue(3);
        assertThat(link.paths(CONSENSUS)).hasSize(1);
        assertThat(ScriptedNetwork.servers(link.questions)).isGreaterThan(2);
    }

    @Test
    void fetchesMicrodescriptorsThatOneServerLacksFromAnother() throws Exception {
        network.forgetful = true;
        DirectoryManager manager = start(network.settings());
        manager.awaitUsable(soon());
        until(() -> manager.latest().missingMicrodescs() == 0);
        assertThat(ScriptedNetwork.servers(link.questions)).isGreaterThan(2);
    }

    @Test
    void asksForADifferenceAndAppliesIt() throws Exception {
        network.givesDiffs = true;
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
        manager.awaitUsable(soon());
        nextConsensus(manager);
        assertThat(link.questions.stream().filter(question -> question.request().diffFrom() != null)).hasSize(1);
        assertThat(cache.resolve("cached-microdesc-consensus")).hasBinaryContent(network.consensus);
        assertThat(manager.current().consensus().validAfter()).isEqualTo(ScriptedNetwork.VALID_AFTER.plusSeconds(2 * 3600));
        assertThat(link.questions.getLast().request().path()).as("only the new relay's").startsWith(MICRO).hasSizeLessThan(80);
    }

    @Test
    void asksForTheWholeConsensusWhenADifferenceDoesNotFit() throws Exception {
        network.givesDiffs = true;
        network.givesBadDiffs = true;
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
        manager.awaitUsable(soon());
        nextConsensus(manager);
        List<ScriptedLink.Question> consensus = link.questions.stream()
                .filter(question -> question.request().path().startsWith(CONSENSUS)).toList();
        assertThat(consensus).hasSize(3);
        assertThat(consensus.get(1).request().diffFrom()).isNotNull();
        assertThat(consensus.get(2).request().diffFrom()).isNull();
        assertThat(cache.resolve("cached-microdesc-consensus")).hasBinaryContent(network.consensus);
    }

    @Test
    void refreshesThroughGuards() throws Exception {
        DirectoryManager manager = start(network.settings());
        manager.awaitUsable(soon());
        nextConsensus(manager);
        assertThat(link.questions).filteredOn(question -> question.request().path().startsWith(CONSENSUS))
                .extracting(ScriptedLink.Question::guard).containsExactly(false, true);
        assertThat(link.questions.getLast().request().diffFrom()).as("nothing on disk to apply it to").isNull();
    }

    @Test
    void aDamagedConsensusOnDiskIsReportedAndFetchedAnew() throws Exception {
        bringUpAndClose();
        for (byte[] damaged : List.of(
                Arrays.copyOf(network.consensus, network.consensus.length / 2), new byte[0],
                "hello\n".getBytes(StandardCharsets.US_ASCII), changed(network.consensus))) {
            Files.write(cache.resolve("cached-microdesc-consensus"), damaged);
            happened.clear();
            link.questions.clear();
            DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
            manager.awaitUsable(soon());
            manager.close();
            assertThat(link.paths(CONSENSUS)).hasSize(1);
            assertThat(link.paths(MICRO)).as("microdescriptors are still good").isEmpty();
            assertThat(events(TorEvent.Warning.class)).singleElement()
                    .satisfies(warning -> assertThat(warning.message()).contains("cached consensus", cache.toString()));
            assertThat(cache.resolve("cached-microdesc-consensus")).hasBinaryContent(network.consensus);
        }
    }

    @Test
    void damagedMicrodescriptorsOnDiskAreFetchedAnew() throws Exception {
        bringUpAndClose();
        Path journal = cache.resolve("cached-microdescs.new");
        byte[] whole = Files.readAllBytes(journal);
        whole[whole.length / 2] ^= 1;
        Files.write(journal, Arrays.copyOf(whole, whole.length - 5));
        link.questions.clear();
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
        manager.awaitUsable(soon());
        until(() -> manager.latest().missingMicrodescs() == 0);
        assertThat(link.questions).allMatch(question -> question.request().path().startsWith(MICRO));
        assertThat(link.paths(MICRO).toString()).hasSizeLessThan(300);
    }

    @Test
    void damagedCertificatesOnDiskAreReportedAndFetchedAnew() throws Exception {
        bringUpAndClose();
        Files.writeString(cache.resolve("cached-certs"), "dir-key-certificate-version 3\nfingerprint x\n");
        link.questions.clear();
        start(network.settings().withCacheDirectory(cache)).awaitUsable(soon());
        assertThat(link.questions).hasSize(1);
        assertThat(link.paths(KEYS)).hasSize(1);
        assertThat(events(TorEvent.Warning.class)).hasSize(1);
    }

    @Test
    void anExpiredConsensusOnDiskIsOnlyABaseForADifference() throws Exception {
        bringUpAndClose();
        network.givesDiffs = true;
        network.relays.validAfter(ScriptedNetwork.VALID_AFTER.plus(Duration.ofHours(60)));
        network.publish();
        now = ScriptedNetwork.VALID_AFTER.plus(Duration.ofHours(60));
        link.questions.clear();
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
        manager.awaitUsable(soon());
        assertThat(link.questions).hasSize(1);
        assertThat(link.questions.getFirst().request().diffFrom()).isNotNull();
        assertThat(link.questions.getFirst().guard()).isFalse();
    }

    @Test
    void stopsWhenTheNetworkRequiresMoreThanThisVersionSpeaks() throws Exception {
        network.relays.clientProtocols("Relay=63", "Relay=63");
        network.publish();
        DirectoryManager manager = start(network.settings());
        assertThatThrownBy(() -> manager.awaitUsable(soon()))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.OUTDATED))
                .hasMessageContaining("Relay=63");
        assertThat(link.paths(MICRO)).isEmpty();
    }

    @Test
    void warnsOnceWhenTheNetworkRecommendsMore() throws Exception {
        network.relays.clientProtocols("Relay=2", "Relay=63");
        network.publish();
        DirectoryManager manager = start(network.settings());
        manager.awaitUsable(soon());
        nextConsensus(manager);
        assertThat(events(TorEvent.Warning.class)).hasSize(1);
    }

    @Test
    void aConsensusFromTheFutureShowsByHowMuchTheClockIsSlow() throws Exception {
        now = ScriptedNetwork.VALID_AFTER.minus(Duration.ofDays(3));
        DirectoryManager manager = start(network.settings());
        until(() -> !events(TorEvent.ClockSkew.class).isEmpty());
        until(() -> !problems().isEmpty());
        assertThat(events(TorEvent.ClockSkew.class)).allMatch(skew -> skew.skew().equals(Duration.ofDays(-3)));
        assertThat(problems().getFirst()).contains("3 days behind");
        assertThat(manager.isUsable()).isFalse();
    }

    @Test
    void goesOnByItselfWhenTheNetworkComesUpLater() throws Exception {
        link.script = (server, request) -> {
            throw new TorException(ErrorKind.RELAY_UNREACHABLE, "connection refused");
        };
        DirectoryManager manager = start(network.settings());
        until(() -> !problems().isEmpty());
        assertThat(problems().getFirst()).contains("connection refused", "trying again in ");
        assertThatThrownBy(manager::current)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_DIRECTORY));
        link.script = network;
        manager.awaitUsable(soon());
    }

    @Test
    void asksNobodyWhileTheNetworkIsDisabled() throws Exception {
        DirectoryManager manager = make(network.settings(), link);
        manager.setNetworkEnabled(false);
        manager.start();
        Thread.sleep(100);
        assertThat(link.questions).isEmpty();
        manager.setNetworkEnabled(true);
        manager.awaitUsable(soon());
    }

    @Test
    void closingEndsWhateverGoesOnAtOnce() throws Exception {
        link.script = (server, request) -> {
            Thread.sleep(60_000);
            return null;
        };
        DirectoryManager manager = start(network.settings());
        until(() -> !link.questions.isEmpty());
        Thread waiting = Thread.ofVirtual().start(() -> assertThatThrownBy(() -> manager.awaitUsable(soon()))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED)));
        Thread.sleep(50);
        manager.close();
        assertThat(waiting.join(Duration.ofSeconds(20))).isTrue();
        assertThat(manager.join(Duration.ofSeconds(20))).isTrue();
        assertThat(link.closed).isTrue();
    }

    @Test
    void anExpiredDirectoryIsNoLongerUsed() throws Exception {
        DirectoryManager manager = start(network.settings());
        manager.awaitUsable(soon());
        link.script = (server, request) -> {
            throw new TorException(ErrorKind.RELAY_UNREACHABLE, "connection refused");
        };
        now = ScriptedNetwork.VALID_AFTER.plus(Duration.ofHours(26));
        assertThat(manager.isUsable()).isTrue();
        now = ScriptedNetwork.VALID_AFTER.plus(Duration.ofHours(28));
        assertThatThrownBy(manager::current).hasMessageContaining("expired");
    }

    @Test
    void goesOnFromMemoryWhenTheCacheCannotBeWritten() throws Exception {
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache.resolve("missing")));
        manager.awaitUsable(soon());
        until(() -> manager.latest().missingMicrodescs() == 0);
        assertThat(events(TorEvent.Warning.class)).hasSize(1);
    }

    /** A day later the network has one relay more, and a new consensus is due. */
    private void nextConsensus(DirectoryManager manager) throws InterruptedException {
        until(() -> manager.latest().missingMicrodescs() == 0);
        network.relays.relay("newcomer");
        // Two hours on: at the moment below the old one's turn has certainly come, and the new one's has not.
        network.relays.validAfter(ScriptedNetwork.VALID_AFTER.plusSeconds(2 * 3600));
        network.publish();
        now = ScriptedNetwork.VALID_AFTER.plusSeconds(3 * 3600 - 1);
        manager.noteNetworkChange();
        until(() -> manager.latest().size() == 31);
        until(() -> manager.latest().missingMicrodescs() == 0);
    }

    private void bringUpAndClose() throws Exception {
        DirectoryManager manager = start(network.settings().withCacheDirectory(cache));
        manager.awaitUsable(soon());
        until(() -> manager.latest().missingMicrodescs() == 0);
        until(() -> link.paths(MICRO).size() == 3);
        manager.close();
        assertThat(manager.join(Duration.ofSeconds(20))).isTrue();
        happened.clear();
    }

    private DirectoryManager start(DirectorySettings settings) {
        return start(settings, link);
    }

    private DirectoryManager start(DirectorySettings settings, ScriptedLink servers) {
        DirectoryManager manager = make(settings, servers);
        manager.start();
        return manager;
    }

    private DirectoryManager make(DirectorySettings settings, ScriptedLink servers) {
        TorEvents events = new TorEvents();
        events.add(happened::add);
        InstantSource clock = () -> now;
        Random random = new Random(1);
        GuardManager guards = new GuardManager(StateFile.inMemory("test", clock), clock, random, events);
        DirectoryManager manager = new DirectoryManager(
                settings, servers, new BootstrapProgress(events), guards, PathSettings.DEFAULT, events, clock, random);
        opened.add(manager);
        return manager;
    }

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(20));
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(5);
        }
    }

    private <T extends TorEvent> List<T> events(Class<T> type) {
        return happened.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private List<String> percents() {
        return events(TorEvent.Bootstrap.class).stream().map(step -> step.percent() + " " + step.tag()).toList();
    }

    private List<String> problems() {
        return events(TorEvent.Bootstrap.class).stream().map(TorEvent.Bootstrap::problem).filter(p -> p != null).toList();
    }

    private static byte[] changed(byte[] document) {
        byte[] changed = document.clone();
        int at = new String(document, StandardCharsets.ISO_8859_1).indexOf("Bandwidth=") + 10;
        changed[at] = '9';
        return changed;
    }
}
