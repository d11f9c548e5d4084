package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.ServerDescriptor;
import dev.cepa.path.BridgeLine;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSettings;
import dev.cepa.path.PathTuning;
import dev.cepa.path.StateFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is taken from a bridge and what is not; the descriptor is a real one. */
@Timeout(60)
class BridgeDirectoryTest {
    private static final String ID = "364E6660D937791D859E6B837BA4FFF2DC92A3E0";
    private static final InetSocketAddress AT = new InetSocketAddress("192.0.2.1", 443);

    @TempDir
    Path cache;

    private final List<TorEvent> happened = new CopyOnWriteArrayList<>();
    private final List<DirectoryManager> opened = new ArrayList<>();
    private volatile byte[] answer;
    private byte[] cached;
    private volatile Instant now = Instant.parse("2026-11-29T22:10:00Z");
    private final ScriptedLink link =
            new ScriptedLink((server, request) -> request.path().equals("/tor/server/authority.z") ? answer : null);
    private final StateFile state = StateFile.inMemory("1", () -> now);
    private GuardManager guards;
    /** Whether the clock goes while something is waited for. */
    private boolean ticking;

    @BeforeEach
    void read() throws IOException {
        try (InputStream in = ServerDescriptor.class.getResourceAsStream("bridge-descriptor.txt")) {
            cached = in.readAllBytes();
        }
        String text = new String(cached, StandardCharsets.ISO_8859_1);
        answer = text.substring(text.indexOf("router ")).getBytes(StandardCharsets.ISO_8859_1);
        link.there = found(ID, "nZGIrSFUTgStMHzmuyv+NYlc1GJcwfhSpChHHcmwX0c");
    }

    @AfterEach
    void close() {
        opened.forEach(DirectoryManager::close);
    }

    private static ChannelTarget found(String rsa, String ed25519) {
        return new ChannelTarget(
                RsaId.ofHex(rsa), Ed25519Id.of(Base64.getDecoder().decode(ed25519)), List.of(AT), "[bridge 1]", true);
    }

    private DirectoryManager start(String line) throws Exception {
        TorEvents events = new TorEvents();
        events.add(happened::add);
        guards = new GuardManager(state, () -> now, new Random(1), events);
        DirectorySettings settings = new ScriptedNetwork(1).settings().withCacheDirectory(cache).forTestingNetwork();
        PathSettings paths = PathSettings.DEFAULT.withTuning(
                PathTuning.DEFAULT.withBridges(List.of(BridgeLine.parse(line).named("[bridge 1]"))));
        DirectoryManager manager = new DirectoryManager(
                settings, link, new BootstrapProgress(events), guards, paths, events, () -> now, new Random(1));
        opened.add(manager);
        manager.start();
        return manager;
    }

    private void until(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            Thread.sleep(10);
            if (ticking) {
                now = now.plusMillis(50);
            }
        }
    }

    private boolean isKnown() {
        return !guards.guards().isEmpty() && guards.knowsBridge();
    }

    private void assertRefused(String why) throws Exception {
        until(() -> happened.stream().anyMatch(event -> event instanceof TorEvent.Bootstrap b
                && b.problem() != null && b.problem().contains(why)));
        assertThat(guards.knowsBridge()).isFalse();
        assertThat(Files.exists(cache.resolve("cached-descriptors.new"))).isFalse();
        assertThat(link.questions).allMatch(question -> question.request().path().equals("/tor/server/authority.z"));
    }

    @Test
    void aBridgeIsKnownByWhatItSaysOfItselfAndThatIsKept() throws Exception {
        start("192.0.2.1:443 " + ID);
        until(this::isKnown);
        until(() -> Files.exists(cache.resolve("cached-descriptors.new")));
        assertThat(guards.selector().dir().bridge(guards.selector().dir().indexOf(RsaId.ofHex(ID))).addresses())
                .as("the address of the line, not of the descriptor").containsExactly(AT);
        assertThat(Files.readString(cache.resolve("cached-descriptors.new")))
                .isEqualTo("@downloaded-at 2026-11-29 22:10:00\n@source \"192.0.2.1\"\n@purpose bridge\n"
                        + new String(answer, StandardCharsets.ISO_8859_1));
        until(() -> link.questions.size() > 1);
        assertThat(link.questions).as("nobody but bridges is asked").allMatch(q -> q.server().equals(RsaId.ofHex(ID)));
    }

    @Test
    void whatCTorHasKeptNeedsNoQuestion() throws Exception {
        Files.write(cache.resolve("cached-descriptors"), cached);
        answer = null;
        start("192.0.2.1:443 " + ID);
        until(this::isKnown);
        assertThat(link.paths("/tor/server/")).isEmpty();
    }

    @Test
    void whatIsKeptOfABridgeThatIsNoneOfOursIsLeftAlone() throws Exception {
        Files.write(cache.resolve("cached-descriptors"), cached);
        answer = null;
        start("192.0.2.1:443");
        until(() -> !link.paths("/tor/server/").isEmpty());
        assertThat(guards.knowsBridge()).isFalse();
    }

    @Test
    void anIdentityThatNobodySaidIsKeptFromTheFirstTimeOn() throws Exception {
        start("192.0.2.1:443");
        until(this::isKnown);
        assertThat(guards.identityOfBridge(AT)).isEqualTo(RsaId.ofHex(ID));
        state.save();
        assertThat(state.values("Guard")).singleElement().asString()
                .startsWith("in=bridges rsa_id=" + ID + " bridge_addr=192.0.2.1:443 ");
    }

    @Test
    void aDescriptorOfAnotherRelayIsRefused() throws Exception {
        String other = "0" + ID.substring(1);
        link.there = found(other, "nZGIrSFUTgStMHzmuyv+NYlc1GJcwfhSpChHHcmwX0c");
        start("192.0.2.1:443 " + other);
        assertRefused("it has sent the descriptor of another relay");
    }

    @Test
    void aDescriptorOfAnotherEd25519IdentityIsRefused() throws Exception {
        link.there = found(ID, "oZGIrSFUTgStMHzmuyv+NYlc1GJcwfhSpChHHcmwX0c");
        start("192.0.2.1:443 " + ID);
        assertRefused("it has sent the descriptor of another relay");
    }

    @Test
    void anOldDescriptorIsRefused() throws Exception {
        now = now.plus(Duration.ofDays(6));
        start("192.0.2.1:443 " + ID);
        assertRefused("and too old");
    }

    @Test
    void aDescriptorOfTheFutureIsRefused() throws Exception {
        now = now.minus(Duration.ofDays(2));
        start("192.0.2.1:443 " + ID);
        assertRefused("yet to come by our clock");
    }

    @Test
    void whatIsNoDescriptorIsRefusedUntilThereIsOne() throws Exception {
        ticking = true;
        byte[] good = answer;
        byte[] changed = good.clone();
        changed[changed.length / 2] ^= 1;
        answer = changed;
        start("192.0.2.1:443 " + ID);
        assertRefused("the bridge is of no use");
        answer = Arrays.copyOf(good, good.length - 30);
        int asked = link.questions.size();
        until(() -> link.questions.size() > asked + 1);
        assertThat(guards.knowsBridge()).isFalse();
        answer = null;
        assertRefused("no such document (404)");
        answer = good;
        until(this::isKnown);
    }
}
