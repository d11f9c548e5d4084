package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.ChannelStatus;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.path.PathSettings;
import dev.cepa.path.RelaySet;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Relays that a user wants, or does not want, by country and by address, on real relays: all of them are at 127.0.0.1. */
@Timeout(120)
class NodeOptionsIT {
    private static TestNetwork network;
    private static WebServer web;

    @TempDir
    private static Path folder;

    private static Path countries;

    private final List<TorEvent> events = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void network() throws IOException {
        network = TestNetworks.shared();
        web = WebServer.start();
        countries = Files.writeString(folder.resolve("geoip"), "167772160,184549375,YY\n2130706432,2147483647,XX\n");
    }

    @AfterAll
    static void stop() {
        web.close();
    }

    private static TorConfigBuilder config() throws TorException {
        TorConfigBuilder config =
                TorConfig.builder().inMemory().testingNetwork(true).countryFiles(countries, null);
        Networks.addAuthorities(config, network);
        return config;
    }

    private TorClient ready(TorConfigBuilder config) throws TorException {
        TorClient tor = TorClient.start(config.build(), events::add);
        tor.awaitReady(Duration.ofSeconds(60));
        return tor;
    }

    private static void echo(TorClient tor) throws IOException {
        try (TorSocket socket = tor.open("127.0.0.1", web.echoPort())) {
            socket.getOutputStream().write(7);
            socket.setSoTimeout(20_000);
            assertThat(socket.getInputStream().read()).isEqualTo(7);
        }
    }

    private List<List<String>> paths() {
        return events.stream()
                .filter(e -> e instanceof CircuitStatus c && c.status() == CircuitStatus.Status.BUILT)
                .map(e -> ((CircuitStatus) e).path())
                .filter(path -> path.size() == 3)
                .toList();
    }

    @Test
    void exitsAreOfTheNamedCountryAlone() throws Exception {
        try (TorClient tor = ready(config().exitNodes("{xx}"))) {
            echo(tor);
            tor.reconfigure(tor.config().toBuilder().excludeExitNodes("{xx}").build());
            assertThatThrownBy(() -> tor.open("127.0.0.1", web.echoPort()))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NO_PATH));
            tor.reconfigure(tor.config().toBuilder().excludeExitNodes("{yy}").build());
            echo(tor);
            tor.reconfigure(tor.config().toBuilder().exitNodes("{yy}").streamTimeout(Duration.ofSeconds(3)).build());
            assertThatThrownBy(() -> tor.open("127.0.0.1", web.echoPort())).isInstanceOf(TorException.class);
        }
    }

    @Test
    void pathsKeepToAddressPatterns() throws Exception {
        Node exit = network.node("exit0");
        Node excluded = network.node("exit1");
        try (TorClient tor = ready(config()
                .exitNodes("127.0.0.0/8:" + exit.orPort() + ",[::1]/48:1")
                .excludeNodes("127.0.0.1:" + excluded.orPort()))) {
            echo(tor);
        }
        assertThat(paths()).isNotEmpty().allSatisfy(path -> {
            assertThat(path.getLast()).contains(exit.fingerprint());
            assertThat(path.toString()).doesNotContain(excluded.fingerprint());
        });
    }

    /** Paths never have excluded relays; what StrictNodes decides is whether they are asked for the directory. */
    @Test
    void excludedDirectoriesAreAskedAsLongAsNodesAreNotStrict() throws Exception {
        assertThat(reachesAnyRelay(false)).isTrue();
        assertThat(paths()).isEmpty();
        events.clear();
        assertThat(reachesAnyRelay(true)).isFalse();
    }

    private boolean reachesAnyRelay(boolean strict) throws Exception {
        PathSettings settings = PathSettings.DEFAULT
                .withDistinctSubnets(false)
                .withExcluded(RelaySet.parse("{xx}"), RelaySet.EMPTY)
                .withStrictNodes(strict);
        TorClient tor = TorClient.start(config().paths(settings).build(), events::add);
        try {
            assertThatThrownBy(() -> tor.awaitReady(Duration.ofSeconds(strict ? 5 : 10))).isInstanceOf(TorException.class);
        } finally {
            tor.close();
        }
        return events.stream().anyMatch(e -> e instanceof ChannelStatus c && c.status() == ChannelStatus.Status.CONNECTED);
    }
}
