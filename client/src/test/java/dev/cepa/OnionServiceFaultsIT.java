package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.OnionServiceException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.onion.Introducer;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Our onion services when clients, relays and operators do what they had better not, with real relays. */
@Timeout(240)
class OnionServiceFaultsIT {
    private static final Logger LOG = LoggerFactory.getLogger(OnionServiceFaultsIT.class);
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int CROWD = 100;
    /** Two or three as a rule; a busy computer takes longer. */
    private static final Duration SECONDS = Duration.ofSeconds(15);

    private final List<TorEvent> hostEvents = new CopyOnWriteArrayList<>();
    private final List<TorEvent> guestEvents = new CopyOnWriteArrayList<>();

    private static TorClient client(List<TorEvent> events) throws IOException {
        TestNetwork network = TestNetworks.shared();
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true).inMemory();
        TorClient client = TorClient.start(Networks.addAuthorities(config, network).build(), events::add);
        client.awaitReady(PATIENCE);
        return client;
    }

    /** Sends back what comes, until the client is done. */
    private static HostedOnionService echo(TorClient host, OnionServiceKey key) throws TorException {
        HostedOnionService service = host.onionService(key).port(7).start();
        Thread.startVirtualThread(() -> {
            try {
                while (true) {
                    TorSocket socket = service.accept();
                    Thread.startVirtualThread(() -> {
                        try (socket) {
                            socket.getInputStream().transferTo(socket.getOutputStream());
                        } catch (IOException e) {
                            // The client went away.
                        }
                    });
                }
            } catch (TorException e) {
                // Closed.
            }
        });
        return service;
    }

    private static void assertEchoes(TorSocket socket) throws IOException {
        socket.getOutputStream().write(42);
        assertThat(socket.getInputStream().read()).isEqualTo(42);
    }

    /** It still echoes for a moment perhaps. */
    private static void assertEnds(TorSocket socket) {
        assertThatThrownBy(() -> {
                    while (true) {
                        assertEchoes(socket);
                    }
                })
                .isInstanceOf(Throwable.class);
    }

    private static List<CircuitStatus> built(List<TorEvent> events, String purpose) {
        List<CircuitStatus> all = new ArrayList<>();
        for (TorEvent event : events) {
            if (event instanceof CircuitStatus circuit
                    && circuit.status() == CircuitStatus.Status.BUILT
                    && circuit.purpose().equals(purpose)) {
                all.add(circuit);
            }
        }
        return all;
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(50);
        }
    }

    @Test
    void anIntroductionThatIsSentAgainIsNotAnsweredAgain() throws Exception {
        try (TorClient host = client(hostEvents);
                TorClient guest = client(guestEvents);
                HostedOnionService service = echo(host, OnionServiceKey.generate())) {
            service.awaitPublished(PATIENCE);
            Introducer introducer = new Introducer(guest.internalCircuits(), service.address());
            List<Introducer.Sent> sent = introducer.introduce(5);
            await(() -> built(hostEvents, "HS_SERVICE_REND").size() == sent.size());
            for (Introducer.Sent one : sent) {
                assertThat(introducer.repeat(one).status()).as("passed on by the relay").isZero();
            }
            // What comes after it is answered, so that it has been read.
            introducer.introduce(1);
            await(() -> built(hostEvents, "HS_SERVICE_REND").size() > sent.size());
            Thread.sleep(1000);
            assertThat(built(hostEvents, "HS_SERVICE_REND")).hasSize(sent.size() + 1);
            assertEchoes(guest.open(service.address(), 7));
        }
    }

    @Test
    void isReachedAgainSecondsAfterItWasStartedAnew() throws Exception {
        OnionServiceKey key = OnionServiceKey.generate();
        try (TorClient host = client(hostEvents);
                TorClient other = client(new ArrayList<>());
                TorClient guest = client(guestEvents)) {
            TorSocket before;
            try (HostedOnionService service = echo(host, key)) {
                service.awaitPublished(PATIENCE);
                before = guest.open(service.address(), 7);
                assertEchoes(before);
            }
            assertEnds(before);
            // Once by the same client and once by another, which knows nothing of the descriptors of before.
            for (TorClient next : List.of(host, other)) {
                try (HostedOnionService service = echo(next, key)) {
                    long begun = System.nanoTime();
                    service.awaitPublished(PATIENCE);
                    // The guest has the descriptor of before.
                    assertEchoes(guest.open(service.address(), 7));
                    Duration taken = Duration.ofNanos(System.nanoTime() - begun);
                    LOG.info("Reached again in {}", taken);
                    assertThat(taken).isLessThan(SECONDS);
                }
            }
        }
    }

    /** With KILL its connections end without a word, with STOP they stay, as when a computer loses its network. */
    @ParameterizedTest
    @ValueSource(strings = {"KILL", "STOP"})
    void isReachedAgainSecondsAfterItWasLost(String signal) throws Exception {
        OnionServiceKey key = OnionServiceKey.generate();
        try (ServiceProcess lost = ServiceProcess.start(TestNetworks.shared(), key);
                TorClient host = client(hostEvents);
                TorClient guest = client(guestEvents)) {
            assertEchoes(guest.open(key.address(), 7));
            lost.signal(signal);
            try (HostedOnionService service = echo(host, key)) {
                long begun = System.nanoTime();
                service.awaitPublished(PATIENCE);
                // Those of before are still open, as far as the guest knows.
                assertEchoes(guest.isolated().open(key.address(), 7));
                Duration taken = Duration.ofNanos(System.nanoTime() - begun);
                LOG.info("Reached again after SIG{} in {}", signal, taken);
                assertThat(taken).isLessThan(SECONDS);
            }
        }
    }

    @Test
    void clientsComeBackWhenARendezvousPointIsKilled() throws Exception {
        TestNetwork network = TestNetworks.shared();
        try (TorClient host = client(hostEvents);
                TorClient guest = client(guestEvents);
                HostedOnionService service = echo(host, OnionServiceKey.generate())) {
            service.awaitPublished(PATIENCE);
            for (int attempt = 0; ; attempt++) {
                assertThat(attempt).as("rendezvous points that can't be killed").isLessThan(20);
                guestEvents.clear();
                TorStreams streams = guest.isolated();
                TorSocket socket = streams.open(service.address(), 7);
                assertEchoes(socket);
                CircuitStatus circuit = built(guestEvents, "HS_CLIENT_REND").getLast();
                Node point = network.nodeByFingerprint(circuit.path().getLast().substring(1, 41));
                if (network.nodes(NodeKind.AUTHORITY).contains(point)) {
                    socket.close();
                    continue;
                }
                point.kill();
                try {
                    assertEnds(socket);
                    assertEchoes(openInTime(streams, service.address()));
                    assertThat(service.introductionPoints()).isPositive();
                } finally {
                    point.restart();
                }
                return;
            }
        }
    }

    /** The relay may have been on the way to all introduction points as well, which the service then has to replace. */
    private static TorSocket openInTime(TorStreams streams, String address) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return streams.open(address, 7);
            } catch (OnionServiceException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                Thread.sleep(500);
            }
        }
    }

    @Test
    void meetsAHundredClientsAtOnce() throws Exception {
        try (TorClient host = client(hostEvents);
                TorClient guest = client(guestEvents);
                TorClient other = client(new ArrayList<>());
                HostedOnionService service = echo(host, OnionServiceKey.generate())) {
            service.awaitPublished(PATIENCE);
            AtomicInteger served = new AtomicInteger();
            List<Throwable> failures = new CopyOnWriteArrayList<>();
            List<Thread> clients = new ArrayList<>();
            List<TorSocket> open = new CopyOnWriteArrayList<>();
            for (int i = 0; i < CROWD; i++) {
                TorStreams streams = (i % 2 == 0 ? guest : other).isolated();
                clients.add(Thread.startVirtualThread(() -> {
                    try {
                        TorSocket socket = streams.open(service.address(), 7, PATIENCE);
                        open.add(socket);
                        assertEchoes(socket);
                        served.incrementAndGet();
                    } catch (IOException | RuntimeException | Error e) {
                        failures.add(e);
                    }
                }));
            }
            for (Thread client : clients) {
                client.join();
            }
            assertThat(failures).isEmpty();
            assertThat(served).hasValue(CROWD);
            assertThat(service.clients()).isEqualTo(CROWD);
            for (TorSocket socket : open) {
                socket.close();
            }
        }
    }
}
