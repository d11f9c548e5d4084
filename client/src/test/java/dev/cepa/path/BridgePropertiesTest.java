package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.RsaId;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.BridgeRelay;
import dev.cepa.netdoc.BridgedNetDir;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.TestDescriptors;
import dev.cepa.path.GuardAttempt.Usability;
import dev.cepa.path.GuardManager.Usage;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What holds of bridges as guards at every moment of ten thousand histories of settings, failures and restarts. */
class BridgePropertiesTest {
    private static final Instant BEGIN = Instant.parse("2026-11-24T01:00:00Z");
    private static final int BRIDGES = 26;
    private static final int EXIT = 40;
    private static final int STEPS = 40;

    private Instant now;
    private Random random;
    private NetDir network;
    private StateFile state;
    private GuardManager guards;
    private PathSelector world;
    private List<BridgeLine> lines = List.of();
    /** Who is at each address, whether or not the user or we know it. */
    private final Map<InetSocketAddress, RsaId> there = new HashMap<>();
    private final Set<InetSocketAddress> described = new HashSet<>();
    private final List<GuardAttempt> open = new ArrayList<>();
    private List<String> others = List.of();

    private static NetDir network() {
        SmallNet net = new SmallNet().realWeights().many(EXIT, SmallNet.GUARD, 100);
        net.validAfter = BEGIN.minusSeconds(1800);
        net.add(SmallNet.EXIT, 100, 443);
        return net.dir();
    }

    @Test
    void tenThousandHistoriesKeepEveryRule() throws TorException {
        network = network();
        InstantSource clock = () -> now;
        for (int seed = 0; seed < 10_000; seed++) {
            random = new Random(seed);
            now = BEGIN;
            open.clear();
            there.clear();
            described.clear();
            state = StateFile.inMemory("1", clock);
            guards = new GuardManager(state, clock, random, new TorEvents());
            lines = List.of();
            update();
            others = defaultLines();
            for (int step = 0; step < STEPS; step++) {
                step(clock);
                check(seed, step);
            }
        }
    }

    private static InetSocketAddress address(int bridge) {
        // One in the exit's subnet: it must not be together with it.
        return bridge == 0 ? SmallNet.address(10, EXIT, 9, 9, 443) : SmallNet.address(172, 16 + bridge, 0, 1, 443);
    }

    /** Some bridges, with and without fingerprints; the network is not always known. */
    private void configure() {
        List<BridgeLine> next = new ArrayList<>();
        for (int bridge = 0; bridge < BRIDGES; bridge++) {
            if (random.nextInt(BRIDGES) < (random.nextBoolean() ? 3 : BRIDGES)) {
                InetSocketAddress address = address(bridge);
                RsaId id = there.computeIfAbsent(address, a -> SmallNet.id(900 + random.nextInt(1000)));
                next.add(new BridgeLine("", address, random.nextInt(3) == 0 ? null : id, List.of(), "[bridge]"));
            }
        }
        lines = next;
        if (lines.isEmpty()) {
            described.clear();
        }
        update();
    }

    private void update() {
        PathSettings settings = PathSettings.DEFAULT.withTuning(PathTuning.DEFAULT.withBridges(lines));
        if (!lines.isEmpty() && random.nextInt(3) == 0) {
            try {
                settings = settings.withExcluded(RelaySet.parse("172.20.0.0/14"), RelaySet.EMPTY);
            } catch (TorException e) {
                throw new AssertionError(e);
            }
        }
        NetDir dir = network;
        if (!lines.isEmpty()) {
            Map<RsaId, BridgeRelay> known = new HashMap<>();
            for (BridgeLine line : lines) {
                if (described.contains(line.address())) {
                    RsaId id = there.get(line.address());
                    known.putIfAbsent(id, TestDescriptors.bridge(id, "b", line.address()));
                }
            }
            dir = BridgedNetDir.of(random.nextInt(4) == 0 ? null : network, List.copyOf(known.values()));
        }
        world = new PathSelector(dir, settings, random);
        guards.update(world);
    }

    private void step(InstantSource clock) {
        switch (random.nextInt(13)) {
            case 0 -> configure();
            case 1 -> now = now.plus(Duration.ofSeconds(random.nextInt(2000)));
            case 2 -> guards.noteInternetConnectivity();
            case 3 -> guards.noteNetworkChange();
            case 4 -> restart(clock);
            case 5, 6, 7 -> askForDescriptor();
            case 8, 9 -> finish();
            default -> select();
        }
    }

    private void askForDescriptor() {
        if (lines.isEmpty()) {
            return;
        }
        BridgeLine line = lines.get(random.nextInt(lines.size()));
        GuardAttempt attempt = guards.attemptBridge(line.address());
        if (attempt == null) {
            return;
        }
        if (random.nextInt(3) == 0) {
            attempt.useless(false);
            if (!described.contains(line.address())) {
                assertThat(attempt.guard.reachable).isEqualTo(Guard.Reachability.NO);
            }
            return;
        }
        RsaId id = there.get(line.address());
        if (line.fingerprint() == null) {
            RsaId pinned = guards.identityOfBridge(line.address());
            assertThat(pinned == null || pinned.equals(id)).isTrue();
            guards.learnBridge(line.address(), id);
            assertThat(guards.identityOfBridge(line.address())).isEqualTo(id);
        }
        assertThat(attempt.succeeded()).isEqualTo(Usability.USABLE);
        described.add(line.address());
        update();
    }

    /** The program ends and begins again: what is known of bridges' identities and order is as before. */
    private void restart(InstantSource clock) {
        guards.store();
        List<String> written = state.values("Guard");
        for (String line : written) {
            assertThat(!line.startsWith("in=bridges") || line.contains(" bridge_addr=")).isTrue();
        }
        guards = new GuardManager(state, clock, random, new TorEvents());
        open.clear();
        guards.store();
        assertThat(new HashSet<>(state.values("Guard"))).isEqualTo(new HashSet<>(written));
        guards.update(world);
        guards.store();
        // What has no identity is sampled anew, and not written; the rest keeps its order.
        assertThat(bridgeIds(state.values("Guard"))).containsSubsequence(bridgeIds(written));
    }

    private static List<String> bridgeIds(List<String> written) {
        List<String> ids = new ArrayList<>();
        for (String line : written) {
            if (line.startsWith("in=bridges")) {
                ids.add(line.substring(0, line.indexOf(" sampled_on")));
            }
        }
        return ids;
    }

    private void finish() {
        if (!open.isEmpty()) {
            GuardAttempt attempt = open.remove(random.nextInt(open.size()));
            switch (random.nextInt(3)) {
                case 0 -> attempt.failed(random.nextBoolean());
                case 1 -> attempt.closed();
                default -> {
                    if (attempt.succeeded() == Usability.USABLE && !attempt.guard.removed) {
                        assertThat(attempt.guard.isConfirmed()).isTrue();
                    }
                }
            }
        }
    }

    private void select() {
        Usage usage = random.nextInt(4) == 0 ? Usage.DIRECTORY : Usage.TRAFFIC;
        int exit = world.dir().indexOf(SmallNet.id(EXIT));
        GuardRestriction restriction = usage == Usage.TRAFFIC && exit >= 0 && random.nextBoolean()
                ? GuardRestriction.exit(SmallNet.id(EXIT))
                : GuardRestriction.NONE;
        try {
            GuardAttempt attempt = guards.select(usage, restriction);
            open.add(attempt);
            int relay = attempt.relayIn(world.dir());
            assertThat(restriction.isNone() || world.canBeTogether(relay, exit)).isTrue();
            if (lines.isEmpty()) {
                assertThat(attempt.guard.bridge).isNull();
                return;
            }
            BridgeRelay bridge = world.dir().bridge(relay);
            assertThat(bridge).as("what is chosen is a bridge of which we have the keys").isNotNull();
            assertThat(lines).as("and that the user names")
                    .anyMatch(line -> line.fits(attempt.guard.bridge, attempt.guard.id));
            assertThat(world.addresses(bridge)).isNotEmpty();
            assertThat(world.settings().excludeNodes().contains(attempt.guard(), "", bridge.addresses())).isFalse();
        } catch (TorException e) {
            assertThat(e).isInstanceOf(NoGuardException.class);
        }
    }

    private List<String> defaultLines() {
        guards.store();
        List<String> found = new ArrayList<>();
        for (String line : state.values("Guard")) {
            if (line.startsWith("in=default")) {
                // What they are, not how they fare while they are in use.
                found.add(line.substring(0, line.indexOf(" listed=")));
            }
        }
        return found;
    }

    private void check(int seed, int step) {
        List<GuardInfo> all = guards.guards();
        Set<String> ids = new HashSet<>();
        int marked = 0;
        for (GuardInfo guard : all) {
            ids.add(guard.id().toString());
            marked += guard.primary() ? 1 : 0;
        }
        boolean bridges = !lines.isEmpty();
        boolean kept = marked <= 3
                && marked == guards.primaryGuards().size()
                && all.size() <= 60
                && (bridges || ids.size() == all.size());
        if (bridges && step % 8 == 0) {
            kept &= defaultLines().containsAll(others);
        }
        for (GuardInfo guard : all) {
            kept &= bridges == guard.shown().startsWith("[bridge");
        }
        if (!kept) {
            throw new AssertionError("history " + seed + ", step " + step + ": " + all);
        }
    }
}
