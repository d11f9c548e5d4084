package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.onion.PlayedNetwork.Met;
import dev.cepa.onion.PlayedNetwork.Visitor;
import dev.cepa.testrelay.RelayCircuit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A service of ours in a network that is played, and breaks the rules. */
@Timeout(120)
class OnionServiceTest {
    private static final Duration SOON = Duration.ofSeconds(40);
    private static final Duration A_MOMENT = Duration.ofMillis(300);
    /** From the lowest known command to beyond the highest. */
    private static final int COMMANDS = 46;

    private final Ed25519KeyPair identity = Ed25519KeyPair.generate(new SecureRandom());
    private final OnionAddress address = OnionAddress.of(identity.publicKey());
    private final TorEvents events = new TorEvents();
    private final BlockingQueue<Integer> served = new LinkedBlockingQueue<>();

    private OnionService start(PlayedNetwork network, ServiceSettings settings) throws Exception {
        OnionService service = make(network, settings);
        service.start();
        service.awaitPublished(Deadline.in(SOON));
        return service;
    }

    private OnionService make(PlayedNetwork network, ServiceSettings settings) {
        return new OnionService(
                network,
                false,
                new MasterIdentity(Ed25519KeyPair.ofExpanded(identity.secretKey())),
                Map.of(80, (stream, circuit) -> {
                    stream.accept();
                    served.add(80);
                }),
                settings,
                events,
                network::now,
                new SecureRandom(),
                () -> {});
    }

    private PeriodKeys keys(PlayedNetwork network) throws Exception {
        return PeriodKeys.of(address, TimePeriod.of(network.dir.consensus(), false));
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(5);
        }
    }

    /** A client comes, and is served. */
    private HopCrypto assertServes(PlayedNetwork network) throws Exception {
        network.met.clear();
        Visitor visitor = network.introduce(keys(network));
        Met met = network.nextMet(SOON);
        assertThat(met).isNotNull();
        assertThat(met.cookie()).isEqualTo(visitor.cookie());
        HopCrypto crypto = network.join(visitor, met);
        served.clear();
        met.circuit().sendFor(crypto, 1, new Begin("", 80, 0));
        assertThat(served.poll(SOON.toMillis(), TimeUnit.MILLISECONDS)).isEqualTo(80);
        return crypto;
    }

    @Test
    void isFoundOfBothPeriodsAndServesThoughThereIsNoSharedRandomValue() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork();
                OnionService service = start(network, ServiceSettings.DEFAULT)) {
            assertThat(network.dir.consensus().currentSharedRandom()).isNull();
            assertThat(service.introPointCount()).isEqualTo(3);
            PeriodKeys keys = keys(network);
            assertThat(network.descriptor(keys).introPoints()).hasSize(3);
            TimePeriod other = HsDirRing.forStoring(network.dir, true, false).period().equals(keys.period())
                    ? keys.period().previous()
                    : keys.period().next();
            assertThat(network.descriptor(PeriodKeys.of(address, other)).introPoints()).hasSize(3);
            assertServes(network);
        }
    }

    @Test
    void itsIntroductionPointsLetGoOfAServiceThatStops() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork();
                OnionService service = start(network, ServiceSettings.DEFAULT)) {
            service.close();
            service.awaitLeft(Deadline.in(SOON));
            assertThat(network.left.get()).isGreaterThanOrEqualTo(3);
        }
    }

    @Test
    void itsDescriptorIsGivenToNobodyUnlessItMayBe() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork();
                OnionService service = make(network, ServiceSettings.DEFAULT)) {
            service.setPublishing(false);
            service.start();
            await(() -> service.introPointCount() == 3);
            Thread.sleep(A_MOMENT);
            assertThat(service.isPublished()).isFalse();
            service.setPublishing(true);
            service.awaitPublished(Deadline.in(SOON));
            assertServes(network);
        }
    }

    @Test
    void anIntroductionAndACookieCountOnce() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork();
                OnionService service = start(network, ServiceSettings.DEFAULT)) {
            Visitor visitor = network.introduce(keys(network));
            assertThat(network.nextMet(SOON)).isNotNull();
            visitor.introPoint().send(OnionMessage.INTRODUCE2, 0, visitor.introduction());
            network.introduce(keys(network), visitor.cookie());
            assertThat(network.nextMet(A_MOMENT)).isNull();
            assertServes(network);
            assertThat(service.introPointCount()).isEqualTo(3);
        }
    }

    @Test
    void clientsOfTheLastPeriodAndOfTheNextAreServedWhileItChanges() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork()) {
            network.setTime(Instant.parse("2026-11-24T11:00:00Z"));
            try (OnionService service = start(network, ServiceSettings.DEFAULT)) {
                PeriodKeys before = keys(network);
                assertServes(network);
                network.setTime(Instant.parse("2026-11-24T12:00:00Z"));
                service.directoryChanged();
                PeriodKeys after = keys(network);
                assertThat(after.period()).isEqualTo(before.period().next());
                assertServes(network);
                // One whose consensus is an hour older.
                network.introduce(before);
                assertThat(network.nextMet(SOON)).isNotNull();
                network.setTime(Instant.parse("2026-11-25T01:00:00Z"));
                service.directoryChanged();
                int published = network.descriptors.size();
                await(() -> network.descriptors.size() > published);
                assertServes(network);
            }
        }
    }

    @Test
    void survivesWhateverAnIntroductionPointSends() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork();
                OnionService service = start(network, ServiceSettings.DEFAULT)) {
            PeriodKeys keys = keys(network);
            Random random = new Random(1);
            for (int command = 0; command < COMMANDS; command++) {
                for (int length : new int[] {0, 21, 490}) {
                    byte[] body = new byte[length];
                    random.nextBytes(body);
                    IntroPoint point = network.descriptor(keys).introPoints().getFirst();
                    RelayCircuit circuit = network.introPoints.get(Base32.encode(point.authKey()));
                    circuit.send(command, random.nextInt(2), body);
                    // Circuits may be built anew only so often.
                    network.pass(Duration.ofMinutes(6));
                }
                await(() -> service.introPointCount() == 3);
            }
            Thread.sleep(A_MOMENT.toMillis());
            await(() -> service.introPointCount() == 3);
            assertServes(network);
        }
    }

    @Test
    void survivesWhateverARendezvousPointAndAClientSend() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork();
                OnionService service = start(network, ServiceSettings.DEFAULT)) {
            PeriodKeys keys = keys(network);
            Random random = new Random(2);
            for (int command = 0; command < COMMANDS; command++) {
                for (boolean behind : new boolean[] {false, true}) {
                    Visitor visitor = network.introduce(keys);
                    Met met = network.nextMet(SOON);
                    HopCrypto crypto = network.join(visitor, met);
                    byte[] body = new byte[random.nextInt(490)];
                    random.nextBytes(body);
                    if (behind) {
                        met.circuit().sendFor(crypto, command, random.nextInt(3), body);
                    } else {
                        met.circuit().send(command, random.nextInt(3), body);
                    }
                }
            }
            for (String begin : List.of("", ":80", "\0", ":0\0", ":65536\0", ":80", "x:80\0", ":80\0\0\0", ":eighty\0")) {
                Visitor visitor = network.introduce(keys);
                Met met = network.nextMet(SOON);
                HopCrypto crypto = network.join(visitor, met);
                byte[] body = begin.getBytes(StandardCharsets.ISO_8859_1);
                met.circuit().sendFor(crypto, RelayMessage.BEGIN, 1, body);
                met.circuit().sendFor(crypto, RelayMessage.BEGIN, 0, ":80\0".getBytes(StandardCharsets.ISO_8859_1));
            }
            assertServes(network);
            assertThat(service.introPointCount()).isEqualTo(3);
        }
    }

    private static boolean isPublishedWithin(OnionService service, Duration time) throws TorException {
        try {
            service.awaitPublished(Deadline.in(time));
            return true;
        } catch (TorException e) {
            if (e.kind() != ErrorKind.TIMEOUT) {
                throw e;
            }
            return false;
        }
    }

    @Test
    void takesOtherRelaysWhenOnesRefuseToBeIntroductionPoints() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork() {
                    @Override
                    void establish(int n, RelayCircuit circuit) throws IOException {
                        if (n < 5) {
                            circuit.destroy(1);
                        } else {
                            super.establish(n, circuit);
                        }
                    }
                };
                OnionService service = make(network, ServiceSettings.DEFAULT)) {
            service.start();
            await(() -> network.asked.get() >= 5);
            // It waits a while before it tries others, from the moment on that it hears of the last refusal.
            for (int i = 0; !isPublishedWithin(service, Duration.ofSeconds(2)); i++) {
                assertThat(i).isLessThan(20);
                network.pass(Duration.ofMinutes(1));
                service.directoryChanged();
                service.setSettings(ServiceSettings.DEFAULT);
            }
            await(() -> service.introPointCount() == 3);
            assertServes(network);
        }
    }

    @Test
    void isPublishedWithoutTheRelaysThatAnswerWhatTheyHadBetterNot() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork() {
                    @Override
                    void establish(int n, RelayCircuit circuit) throws IOException {
                        switch (n) {
                            case 0 -> circuit.send(OnionMessage.RENDEZVOUS_ESTABLISHED, 0);
                            case 1 -> circuit.send(OnionMessage.INTRODUCE2, 0, new byte[100]);
                            default -> super.establish(n, circuit);
                        }
                    }
                };
                OnionService service = start(network, ServiceSettings.DEFAULT)) {
            assertThat(network.descriptor(keys(network)).introPoints()).hasSize(3);
            assertServes(network);
            assertThat(service.introPointCount()).isEqualTo(3);
        }
    }

    @Test
    void settingsWithWhichADescriptorWouldBeTooLongAreRefusedAndNothingIsPublishedThatIs() throws Exception {
        try (PlayedNetwork network = new PlayedNetwork();
                OnionService service = start(network, ServiceSettings.DEFAULT)) {
            List<byte[]> many = Collections.nCopies(369, new byte[32]);
            assertThatThrownBy(() -> service.setSettings(ServiceSettings.DEFAULT.withClients(many)))
                    .hasMessageContaining("room for 368 clients");
            assertServes(network);
            // Later directories take less.
            network.largestDescriptor = 10_000;
            network.setTime(Instant.parse("2026-11-24T04:00:00Z"));
            List<String> warnings = new CopyOnWriteArrayList<>();
            events.add(e -> {
                if (e instanceof TorEvent.Warning warning) {
                    warnings.add(warning.message());
                }
            });
            int before = network.descriptors.size();
            network.pass(Duration.ofHours(2));
            service.directoryChanged();
            await(() -> !warnings.isEmpty());
            assertThat(warnings.getFirst()).contains("directories take less than 10000");
            assertThat(network.descriptors).hasSize(before);
            assertServes(network);
        }
    }

    @Test
    void theLargestDescriptorThereCanBeIsPublishedAndRead() throws Exception {
        ServiceSettings most = ServiceSettings.DEFAULT.withIntroPoints(ServiceSettings.MAX_INTRO_POINTS);
        try (PlayedNetwork network = new PlayedNetwork();
                OnionService service = start(network, most)) {
            await(() -> service.introPointCount() == ServiceSettings.MAX_INTRO_POINTS);
            await(() -> {
                try {
                    return network.descriptor(keys(network)).introPoints().size() == ServiceSettings.MAX_INTRO_POINTS;
                } catch (Exception e) {
                    return false;
                }
            });
            assertThat(network.descriptors)
                    .allSatisfy(document -> assertThat(document).hasSizeLessThan(DescriptorReader.MAX_BYTES));
            assertServes(network);
        }
    }
}
