package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.RsaId;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.path.GuardAttempt.Usability;
import dev.cepa.path.GuardManager.Usage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What holds of the guards at every moment of ten thousand histories of networks, settings, failures and restarts. */
class GuardPropertiesTest {
    private static final Instant BEGIN = Instant.parse("2026-11-24T01:00:00Z");
    private static final int EXIT = 60;
    private static final int STEPS = 30;

    /** Snapshots of one network, under one of several settings each. */
    private final List<PathSelector> worlds = new ArrayList<>();

    private Instant now;
    private Random random;
    private StateFile state;
    private GuardManager guards;
    private PathSelector world;
    private final List<GuardAttempt> open = new ArrayList<>();
    private final Set<GuardAttempt> built = new HashSet<>();

    private void makeWorlds() throws TorException {
        Random made = new Random(3);
        List<PathSettings> settings = List.of(
                PathSettings.DEFAULT,
                PathSettings.DEFAULT.withExcluded(RelaySet.parse("relay1,relay2,relay3,10.4.0.0/16"), RelaySet.EMPTY),
                PathSettings.DEFAULT.withEntryNodes(RelaySet.parse("relay5,relay6,relay7,relay8,relay9")),
                PathSettings.DEFAULT.withGuards(true, 2));
        for (int i = 0; i < 24; i++) {
            SmallNet net = new SmallNet().realWeights();
            net.validAfter = BEGIN.minusSeconds(1800);
            for (int relay = 0; relay < EXIT; relay++) {
                int flags = made.nextInt(8) == 0 ? SmallNet.RUNNING : SmallNet.GUARD;
                net.add(made.nextInt(10) == 0 ? flags & ~RelayFlags.RUNNING : flags, 1 + made.nextInt(1000));
                net.relays.get(relay).microdesc = made.nextInt(10) != 0;
                net.relays.get(relay).family = relay % 4 == 0 ? 1 + relay / 8 : 0;
            }
            net.add(SmallNet.EXIT, 100, 443);
            net.relays.get(EXIT).family = 1;
            worlds.add(new PathSelector(net.dir(), settings.get(i % settings.size()), made));
        }
    }

    @Test
    void tenThousandHistoriesKeepEveryRule() throws TorException {
        makeWorlds();
        for (int seed = 0; seed < 10_000; seed++) {
            random = new Random(seed);
            now = BEGIN;
            open.clear();
            built.clear();
            InstantSource clock = () -> now;
            state = StateFile.inMemory("1", clock);
            guards = new GuardManager(state, clock, random, new TorEvents());
            update();
            for (int step = 0; step < STEPS; step++) {
                step(clock);
                check(seed, step);
            }
        }
    }

    private void update() {
        world = worlds.get(random.nextInt(worlds.size()));
        guards.update(world);
    }

    private void step(InstantSource clock) {
        switch (random.nextInt(12)) {
            case 0 -> update();
            case 1 -> now = now.plus(Duration.ofSeconds(random.nextInt(2000)));
            case 2 -> guards.noteInternetConnectivity();
            case 3 -> {
                if (random.nextInt(4) == 0) {
                    guards.noteNetworkChange();
                } else if (random.nextInt(8) == 0) {
                    restart(clock);
                }
            }
            case 4, 5, 6 -> finish();
            default -> select();
        }
    }

    /** The program ends and begins again: the guards, their order and which are confirmed are as before. */
    private void restart(InstantSource clock) {
        guards.store();
        List<String> lines = state.values("Guard");
        guards = new GuardManager(state, clock, random, new TorEvents());
        open.clear();
        guards.store();
        assertThat(state.values("Guard")).isEqualTo(lines);
        guards.update(world);
    }

    private void finish() {
        if (open.isEmpty()) {
            return;
        }
        GuardAttempt attempt = open.get(random.nextInt(open.size()));
        switch (random.nextInt(4)) {
            case 0 -> attempt.failed(random.nextBoolean());
            case 1 -> attempt.closed();
            case 2 -> {
                if (!built.add(attempt)) {
                    return;
                }
                boolean primary = attempt.guard != null && attempt.guard.primary;
                Usability usability = attempt.succeeded();
                if (primary) {
                    assertThat(usability).as("a primary guard's circuit never waits").isNotEqualTo(Usability.WAIT);
                }
                if (usability != Usability.NEVER) {
                    return; // still open
                }
            }
            default -> {
                attempt.usability();
                return;
            }
        }
        open.remove(attempt);
        assertThat(attempt.usability()).isEqualTo(Usability.NEVER);
    }

    private void select() {
        Usage usage = random.nextInt(4) == 0 ? Usage.DIRECTORY : Usage.TRAFFIC;
        GuardRestriction restriction = usage == Usage.TRAFFIC && random.nextBoolean()
                ? GuardRestriction.exit(SmallNet.id(EXIT))
                : GuardRestriction.NONE;
        List<RsaId> primaryBefore = guards.primaryGuards();
        try {
            GuardAttempt attempt = guards.select(usage, restriction);
            int relay = attempt.relayIn(world.dir());
            boolean fits = relay >= 0
                    && world.passesGuardFilter(relay)
                    && world.isPossibleGuard(relay)
                    && (usage == Usage.DIRECTORY || world.dir().hasMicrodesc(relay))
                    && (restriction.isNone() || world.canBeTogether(relay, exit()));
            assertThat(fits).as("%s fits the network, the settings and the path", attempt).isTrue();
            if (!guards.primaryGuards().contains(attempt.guard())) {
                for (RsaId primary : primaryBefore) {
                    assertThat(mustBePreferred(primary, usage, restriction)).as("%s is passed over", primary).isFalse();
                }
            }
            open.add(attempt);
        } catch (TorException e) {
            assertThat(e).isInstanceOf(NoGuardException.class);
        }
    }

    /** Whether that primary guard could have been used: up or worth a try, known, and fitting the path. */
    private boolean mustBePreferred(RsaId primary, Usage usage, GuardRestriction restriction) {
        int relay = world.dir().indexOf(primary);
        boolean known = usage == Usage.DIRECTORY || relay >= 0 && world.dir().hasMicrodesc(relay);
        boolean fits = restriction.isNone() || world.canBeTogether(relay, exit());
        return known && fits && guards.mayTry(primary);
    }

    private int exit() {
        return world.dir().indexOf(SmallNet.id(EXIT));
    }

    private void check(int seed, int step) {
        List<GuardInfo> all = guards.guards();
        List<RsaId> primary = guards.primaryGuards();
        Set<RsaId> ids = new HashSet<>();
        int marked = 0;
        for (GuardInfo guard : all) {
            ids.add(guard.id());
            marked += guard.primary() ? 1 : 0;
        }
        // No assertion each: there are a third of a million of these.
        boolean kept = ids.size() == all.size()
                && all.size() <= 60
                && primary.size() <= 3
                && marked == primary.size()
                && ids.containsAll(primary);
        if (!kept) {
            throw new AssertionError("history " + seed + ", step " + step + ": primary " + primary + " of " + all);
        }
    }
}
