package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ErrorKind;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.ChannelStatus;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.ServiceStatus;
import dev.cepa.monitor.Health.State;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HealthTest {
    private Instant now = Events.NOON;
    private final List<InetSocketAddress> ports = new ArrayList<>();
    private final NetworkState network = new NetworkState(() -> now);
    private final Health health = new Health(network, () -> now, () -> ports);

    private Health.Component component(String name) {
        return health.report().components().stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
    }

    private void started() {
        network.onEvent(Events.consensus());
        network.onEvent(new TorEvent.Bootstrap(100, "done", "Done", null));
        network.onEvent(new TorEvent.GuardStatus("$AAAA~one", "UP"));
        Events.built(1, 3).forEach(network::onEvent);
    }

    @Test
    void startsAndIsWellThen() {
        Health.Report report = health.report();
        assertThat(report.state()).isEqualTo(State.STARTING);
        assertThat(report.isHealthy()).isFalse();
        assertThat(report.isReady()).isFalse();
        now = now.plusSeconds(10);
        started();
        report = health.report();
        assertThat(report.state()).as(report.message()).isEqualTo(State.UP);
        assertThat(report.isReady()).isTrue();
        assertThat(report.since()).isEqualTo(now);
        assertThat(component("circuits").latency()).isEqualTo(Duration.ofMillis(420));
        now = now.plusSeconds(10);
        assertThat(health.report().since()).isEqualTo(now.minusSeconds(10));
    }

    @Test
    void saysOfEachPartHowItIsSinceWhenAndHowLongItTook() {
        started();
        network.onEvent(new TorEvent.DirectoryDownload("consensus", "$AAAA~one", 200, 5000, Duration.ofMillis(250), null));
        network.onEvent(Events.channel(1, ChannelStatus.Status.LAUNCHED, null));
        network.onEvent(Events.channel(1, ChannelStatus.Status.CONNECTED, null));
        String json = health.report().json();
        String part = "\\{\"status\":\"[a-z]+\",\"message\":\"[^\"]+\",\"since\":\"2026-11-24T12:00:00Z\"";
        assertThat(json).matches("\\{\"status\":\"up\",\"message\":\"all is well\",\"since\":\"2026-11-24T12:00:00Z\",.*");
        for (String name : List.of("directory", "guards", "circuits", "listeners", "clock", "onion_services")) {
            assertThat(json).containsPattern("\"" + name + "\":" + part);
        }
        for (String name : List.of("directory", "guards", "circuits")) {
            assertThat(json).containsPattern("\"" + name + "\":" + part + ",\"latencySeconds\":[0-9.E-]+}");
        }
    }

    @Test
    void isDownWhenCircuitsEndAndNoRelayCanBeReached() {
        started();
        network.onEvent(Events.circuit(1, CircuitStatus.Status.CLOSED, 3, Events.failure(ErrorKind.RELAY_UNREACHABLE)));
        assertThat(component("circuits").state()).as("a new one may come in a moment").isEqualTo(State.UP);
        network.onEvent(Events.channel(7, ChannelStatus.Status.LAUNCHED, null));
        network.onEvent(Events.channel(7, ChannelStatus.Status.FAILED, Events.failure(ErrorKind.RELAY_UNREACHABLE)));
        now = now.plusSeconds(4);
        assertThat(health.report().isHealthy()).as("some relay can't be reached, as happens").isTrue();
        network.onEvent(new TorEvent.GuardStatus("$AAAA~one", "DOWN"));
        now = now.plusSeconds(1);
        Health.Report report = health.report();
        assertThat(report.state()).isEqualTo(State.DOWN);
        assertThat(component("circuits").error()).isEqualTo(ErrorKind.RELAY_UNREACHABLE);
        assertThat(component("guards").error()).isEqualTo(ErrorKind.NETWORK_DOWN);
        assertThat(report.json()).contains("\"remedy\":\"Check the network connection", "\"category\":\"network\"");

        network.onEvent(new TorEvent.GuardStatus("$AAAA~one", "UP"));
        network.onEvent(Events.channel(8, ChannelStatus.Status.CONNECTED, null));
        Events.built(2, 3).forEach(network::onEvent);
        assertThat(health.report().isHealthy()).isTrue();
    }

    @Test
    void isDownWithoutACircuitForAMinute() {
        started();
        network.onEvent(Events.circuit(1, CircuitStatus.Status.CLOSED, 3, Events.failure(ErrorKind.CLOSED)));
        assertThat(health.report().isHealthy()).isTrue();
        now = now.plusSeconds(61);
        assertThat(component("circuits").state()).isEqualTo(State.DOWN);
        network.onEvent(new TorEvent.Dormant(true));
        assertThat(component("circuits").state()).as("resting").isEqualTo(State.UP);
    }

    @Test
    void anExpiredConsensusIsWorthALookAndAnOldOneIsUseless() {
        started();
        now = Events.NOON.plusSeconds(7200);
        assertThat(component("directory").state()).isEqualTo(State.DEGRADED);
        assertThat(health.report().isHealthy()).isTrue();
        now = Events.NOON.plus(Duration.ofHours(26));
        assertThat(component("directory").state()).isEqualTo(State.DOWN);
    }

    @Test
    void aWrongClockIsDownUnlessAValidConsensusSpeaksForIt() {
        started();
        network.onEvent(new TorEvent.ClockSkew(Duration.ofMinutes(-5), "a relay"));
        assertThat(component("clock").state()).isEqualTo(State.DEGRADED);
        network.onEvent(new TorEvent.ClockSkew(Duration.ofHours(3), "a relay"));
        assertThat(component("clock").message()).isEqualTo("10800 s ahead of a relay");
        assertThat(component("clock").error()).isEqualTo(ErrorKind.CLOCK_SKEW);
        assertThat(component("clock").state()).as("one relay against a consensus").isEqualTo(State.DEGRADED);
        now = Events.NOON.plusSeconds(3 * 3600);
        assertThat(component("clock").state()).isEqualTo(State.DOWN);
        assertThat(health.report().isHealthy()).isFalse();
        network.onEvent(new TorEvent.ClockSkew(Duration.ZERO, "another relay"));
        assertThat(component("clock").state()).as("an answer to it").isEqualTo(State.UP);
        network.onEvent(new TorEvent.ClockSkew(Duration.ofHours(3), "a relay"));
        network.onEvent(new TorEvent.ClockJumped(Duration.ofHours(-3), false));
        assertThat(component("clock").state()).isEqualTo(State.UP);
    }

    @Test
    void triesListenersOut() throws Exception {
        started();
        try (ServerSocket open = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            ports.add(new InetSocketAddress(InetAddress.getByAddress(new byte[4]), open.getLocalPort()));
            assertThat(component("listeners").state()).isEqualTo(State.UP);
            assertThat(component("listeners").latency()).isPositive();
        }
        Health later = new Health(network, () -> now, () -> ports);
        assertThat(later.report().isReady()).isFalse();
        assertThat(later.report().isHealthy()).isFalse();
    }

    @Test
    void aServiceHasAMinuteToBePublished() {
        started();
        network.onEvent(Events.service(ServiceStatus.Action.STARTED, null));
        assertThat(component("onion_services").state()).isEqualTo(State.STARTING);
        now = now.plusSeconds(61);
        assertThat(component("onion_services").state()).isEqualTo(State.DOWN);
        network.onEvent(Events.service(ServiceStatus.Action.POINT_ESTABLISHED, null));
        network.onEvent(new TorEvent.OnionDescriptor(
                TorEvent.OnionDescriptor.Action.UPLOADED, Events.ONION, "$AAAA~one", "id", null));
        assertThat(component("onion_services").state()).isEqualTo(State.UP);
        assertThat(component("onion_services").latency()).isEqualTo(Duration.ofMillis(300));
        network.onEvent(Events.service(ServiceStatus.Action.POINT_CLOSED, null));
        assertThat(component("onion_services").state()).isEqualTo(State.DOWN);
        network.onEvent(Events.service(ServiceStatus.Action.STOPPED, null));
        assertThat(component("onion_services").message()).isEqualTo("none here");
        assertThat(component("onion_services").latency()).isNull();
    }
}
