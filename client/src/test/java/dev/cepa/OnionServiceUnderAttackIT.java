package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.TorException;
import dev.cepa.onion.Introducer;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A service of ours that more clients want than it meets, by way of real relays. */
@Timeout(240)
class OnionServiceUnderAttackIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int FLOODING = 4;

    private static TorClient client(TestNetwork network) throws TorException {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true).inMemory();
        TorClient client = TorClient.connect(Networks.addAuthorities(config, network).build());
        client.awaitReady(Duration.ofSeconds(60));
        return client;
    }

    @Test
    void introductionPointsPassOnNoMoreThanTheyAreTold() throws Exception {
        TestNetwork network = TestNetworks.shared();
        try (TorClient host = client(network);
                TorClient crowd = client(network);
                HostedOnionService open =
                        host.onionService(OnionServiceKey.generate()).port(7).introductionPoints(1).start();
                HostedOnionService limited = host.onionService(OnionServiceKey.generate())
                        .port(7)
                        .introductionPoints(1)
                        .limitIntroductions(1, 3)
                        .start()) {
            open.awaitPublished(PATIENCE);
            limited.awaitPublished(PATIENCE);
            assertThat(new Introducer(crowd.internalCircuits(), open.address()).introduce(20))
                    .allMatch(sent -> sent.status() == 0);
            assertThat(new Introducer(crowd.internalCircuits(), limited.address()).introduce(20))
                    .extracting(Introducer.Sent::status)
                    .as("C tor's bucket never gives out the last of a burst")
                    .startsWith(0, 0)
                    .contains(1);
        }
    }

    @Test
    void whoWorksIsMetWhileAFloodOfOthersIsNot() throws Exception {
        TestNetwork network = TestNetworks.shared();
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger introductions = new AtomicInteger();
        try (TorClient host = client(network);
                TorClient crowd = client(network);
                TorClient guest = client(network);
                HostedOnionService service =
                        host.onionService(OnionServiceKey.generate()).port(7).proofOfWork(1, 2).start()) {
            echo(service);
            service.awaitPublished(PATIENCE);
            Introducer introducer = new Introducer(crowd.internalCircuits(), service.address());
            assertThat(introducer.suggestedEffort()).isZero();
            assertEchoes(guest.open(service.address(), 7));
            OnionServiceState calm = host.onionServices().get(0);
            assertThat(calm.suggestedEffort()).isZero();
            assertThat(calm.ports()).singleElement().satisfies(port -> {
                assertThat(port.toProgram()).as("bytes of the guest").isPositive();
                assertThat(port.fromProgram()).as("and the echo's").isEqualTo(port.toProgram());
            });

            List<Thread> flood = new ArrayList<>();
            for (int i = 0; i < FLOODING; i++) {
                flood.add(Thread.startVirtualThread(() -> {
                    while (!over.get()) {
                        try {
                            introductions.addAndGet(introducer.introduce(20).size());
                        } catch (TorException e) {
                            // Too much even for the relays; it goes on.
                        }
                    }
                }));
            }
            try {
                long end = System.nanoTime() + PATIENCE.toNanos();
                while (introducer.suggestedEffort() < 1) {
                    assertThat(System.nanoTime()).as("time in which no effort was suggested").isLessThan(end);
                    Thread.sleep(500);
                }
                OnionServiceState flooded = host.onionServices().get(0);
                assertThat(flooded.suggestedEffort()).isPositive();
                assertThat(flooded.waiting()).isPositive();
                assertThat(introducer.isMet(Duration.ofSeconds(5))).isFalse();
                // One that has the new descriptor.
                try (TorClient late = client(network)) {
                    assertEchoes(late.open(service.address(), 7));
                }
                worksAsCTorDoes(network, service.address());
                assertThat(introducer.suggestedEffort()).isPositive();
            } finally {
                over.set(true);
                for (Thread thread : flood) {
                    thread.join();
                }
            }
            assertThat(introductions).hasValueGreaterThan(100);
        }
    }

    private static void worksAsCTorDoes(TestNetwork network, String address) throws Exception {
        Node visitor = network.startClient(
                "working", PATIENCE, "UseEntryGuards 0", "Log [rend]info file $DIR/rend.log");
        try (Socket socket = new Socket(new Proxy(
                Proxy.Type.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), visitor.socksPort())))) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.connect(InetSocketAddress.createUnresolved(address, 7), (int) PATIENCE.toMillis());
            assertEchoes(socket);
            assertThat(Files.readString(visitor.folder().resolve("rend.log"), StandardCharsets.ISO_8859_1))
                    .contains("Proof of work solution");
        } finally {
            visitor.stop();
        }
    }

    private static void echo(HostedOnionService service) {
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
    }

    private static void assertEchoes(Socket socket) throws IOException {
        socket.getOutputStream().write(42);
        assertThat(socket.getInputStream().read()).isEqualTo(42);
    }
}
