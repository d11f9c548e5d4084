package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.path.GuardManager;
import dev.cepa.path.StateFile;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ConsensusRaceTest {
    private static final byte[] DOCUMENT = "a consensus".getBytes(StandardCharsets.US_ASCII);
    private static final TorException REFUSED = new TorException(ErrorKind.RELAY_UNREACHABLE, "connection refused");

    private final List<TorEvent.Bootstrap> steps = new CopyOnWriteArrayList<>();

    @Test
    void asksOneFallbackAndTakesItsAnswer() throws Exception {
        ScriptedLink link = new ScriptedLink((server, request) -> DOCUMENT);
        assertThat(race(link, Duration.ofSeconds(6)).run().document()).isEqualTo(DOCUMENT);
        assertThat(link.questions).hasSize(1);
        assertThat(isAuthority(link.questions.getFirst().server())).isFalse();
    }

    @Test
    void asksAnotherAtOnceWhenOneFails() throws Exception {
        Set<RsaId> asked = ConcurrentHashMap.newKeySet();
        ScriptedLink link = new ScriptedLink((server, request) -> {
            if (asked.add(server) && asked.size() < 3) {
                throw REFUSED;
            }
            return DOCUMENT;
        });
        long start = System.nanoTime();
        race(link, Duration.ofSeconds(6)).run();
        assertThat(asked).hasSize(3);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .as("less than the two waits for silent ones")
                .isLessThan(Duration.ofMillis(1900));
    }

    @Test
    void asksAuthoritiesTooAfterTheirDelayWhileFallbacksAreSilent() throws Exception {
        ScriptedLink link = new ScriptedLink((server, request) -> {
            if (!isAuthority(server)) {
                Thread.sleep(60_000);
            }
            return DOCUMENT;
        });
        ConsensusRace.Winner winner = race(link, Duration.ofMillis(200)).run();
        assertThat(isAuthority(winner.server().id())).isTrue();
    }

    @Test
    void withdrawsTheOthersOnceAnAnswerHasBegun() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        ScriptedLink link = new ScriptedLink((server, request) -> {
            if (isAuthority(server)) {
                asked.await();
            } else {
                asked.countDown();
                try {
                    Thread.sleep(60_000);
                } catch (InterruptedException e) {
                    interrupted.countDown();
                    throw e;
                }
            }
            return DOCUMENT;
        });
        race(link, Duration.ofMillis(100)).run();
        interrupted.await();
    }

    @Test
    void saysWhyItWaitsAndGoesOnUntilSomebodyAnswers() throws Exception {
        ScriptedLink link = new ScriptedLink((server, request) -> {
            throw REFUSED;
        });
        ConsensusRace race = race(link, Duration.ZERO);
        List<ConsensusRace.Winner> winners = new ArrayList<>();
        Thread running = Thread.ofVirtual().start(() -> {
            try {
                winners.add(race.run());
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        while (steps.stream().noneMatch(step -> step.problem() != null)) {
            Thread.sleep(5);
        }
        assertThat(steps.getLast().problem()).contains("connection refused", "trying again in ");
        link.script = (server, request) -> DOCUMENT;
        race.hurry();
        running.join();
        assertThat(winners).hasSize(1);
    }

    @Test
    void asksForNoMoreThanThreeAtATime() throws Exception {
        ScriptedLink link = new ScriptedLink((server, request) -> {
            Thread.sleep(60_000);
            return DOCUMENT;
        });
        ConsensusRace race = race(link, Duration.ZERO);
        Thread running = Thread.ofVirtual().start(() -> {
            try {
                race.run();
            } catch (InterruptedException e) {
                // As it should be.
            }
        });
        while (link.questions.size() < 3) {
            Thread.sleep(5);
        }
        Thread.sleep(1200);
        assertThat(link.questions).hasSize(3);
        running.interrupt();
        running.join();
    }

    @Test
    void asksTheFirstFallbackNoSoonerThanItShall() throws Exception {
        ScriptedLink link = new ScriptedLink((server, request) -> DOCUMENT);
        long start = System.nanoTime();
        race(link, new BootstrapSettings(Duration.ofMillis(700), Duration.ofSeconds(6), Duration.ZERO, 3)).run();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(699));
        assertThat(link.questions).hasSize(1);
    }

    @Test
    void asksNoMoreServersAtATimeThanItMay() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        ScriptedLink link = new ScriptedLink((server, request) -> {
            over.await();
            return DOCUMENT;
        });
        ConsensusRace race = race(link, new BootstrapSettings(Duration.ZERO, Duration.ZERO, Duration.ZERO, 1));
        Thread running = Thread.ofVirtual().start(() -> {
            try {
                race.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Thread.sleep(1500);
        assertThat(link.questions).hasSize(1);
        over.countDown();
        running.join();
    }

    private ConsensusRace race(ScriptedLink link, Duration authorityDelay) throws Exception {
        return race(link, new BootstrapSettings(Duration.ZERO, authorityDelay, Duration.ZERO, 3));
    }

    private ConsensusRace race(ScriptedLink link, BootstrapSettings bootstrap) throws Exception {
        DirectorySettings defaults = DirectorySettings.DEFAULT;
        List<DirectoryAuthority> authorities = new ArrayList<>();
        List<FallbackDirectory> fallbacks = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            authorities.add(DirectoryAuthority.parse(
                    "auth orport=1 v3ident=" + "0".repeat(39) + i + " 10.0.0.1:2 " + "A".repeat(39) + i));
            fallbacks.add(FallbackDirectory.parse("10.0.1.1 orport=1 id=" + "B".repeat(39) + i));
        }
        DirectorySettings settings = defaults.withNetwork(authorities, fallbacks).withBootstrap(bootstrap);
        TorEvents events = new TorEvents();
        events.add(event -> steps.add((TorEvent.Bootstrap) event));
        InstantSource clock = InstantSource.system();
        Random random = new Random(1);
        GuardManager guards = new GuardManager(StateFile.inMemory("test", clock), clock, random, events);
        DirectoryFetcher fetcher =
                new DirectoryFetcher(link, new DirectoryServers(settings, clock, random), guards, events, clock);
        DirectoryRequest request = DirectoryRequest.consensus(authorities, null, null);
        return new ConsensusRace(fetcher, settings, new BootstrapProgress(events), request, random);
    }

    private static boolean isAuthority(RsaId server) {
        return server.toString().startsWith("A");
    }
}
