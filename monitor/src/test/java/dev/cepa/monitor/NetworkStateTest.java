package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.OnionServiceState;
import dev.cepa.error.ErrorKind;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.ChannelStatus;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.StreamStatus;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworkStateTest {
    private final NetworkState network = new NetworkState(InstantSource.fixed(Events.NOON));

    private static TorEvent built(long id) {
        return new CircuitStatus(id, CircuitStatus.Status.BUILT, "GENERAL", Events.PATH, null, null);
    }

    @Test
    void learnsHowThingsStandWithAClientThatHasRunForAWhile() {
        network.learn(new TorEvent.Bootstrap(100, "done", "Done", null));
        network.learn(Events.consensus());
        network.learn(new TorEvent.GuardStatus("$AAAA~one", "UP"));
        network.learn(new TorEvent.GuardStatus("$DDDD~four", "GOOD_L2"));
        network.learn(Events.channel(1, ChannelStatus.Status.CONNECTED, null));
        network.learn(built(1));
        network.learn(Events.stream(1, StreamStatus.Status.SUCCEEDED, "secret.example:443", null));
        network.learn(new OnionServiceState(Events.ONION, 3, 2, true, 0, 0, List.of()));
        NetworkState.View view = network.view();
        assertThat(view.bootstrap().percent()).isEqualTo(100);
        assertThat(view.consensus()).isEqualTo(Events.consensus());
        assertThat(view.guards()).containsEntry("$AAAA~one", "up");
        assertThat(view.vanguards()).containsEntry("$DDDD~four", 2);
        assertThat(view.channels()).containsKey(1L);
        assertThat(view.usableCircuits()).isEqualTo(1);
        assertThat(view.streams()).singleElement().satisfies(stream -> assertThat(stream.open()).isTrue());
        assertThat(view.services()).singleElement().satisfies(service -> {
            assertThat(service.points()).isEqualTo(3);
            assertThat(service.published()).isTrue();
        });
    }

    @Test
    void whatEventsHaveToldMeanwhileCounts() {
        network.onEvent(new TorEvent.Bootstrap(95, "circuit_create", "Establishing", null));
        network.learn(new TorEvent.Bootstrap(80, "ap_conn", "Connecting", null));
        assertThat(network.view().bootstrap().percent()).isEqualTo(95);
        network.onEvent(new TorEvent.GuardStatus("$AAAA~one", "DOWN"));
        network.learn(new TorEvent.GuardStatus("$AAAA~one", "UP"));
        assertThat(network.view().guards()).containsEntry("$AAAA~one", "down");
        network.onEvent(Events.circuit(1, CircuitStatus.Status.LAUNCHED, 0));
        network.learn(built(1));
        assertThat(network.view().usableCircuits()).as("the event that it is built is still to come").isZero();
        // Ended before it was told of.
        network.onEvent(Events.circuit(2, CircuitStatus.Status.CLOSED, 3, Events.failure(ErrorKind.CLOSED)));
        network.learn(built(2));
        network.learn(Events.circuit(2, CircuitStatus.Status.CLOSED, 3));
        assertThat(network.view().circuits()).hasSize(1);
    }
}
