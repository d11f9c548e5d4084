package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.directory.BootstrapProgress.Phase;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.ChannelStatus.Status;
import dev.cepa.event.TorEvents;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BootstrapProgressTest {
    private final List<String> said = new ArrayList<>();
    private final BootstrapProgress progress = new BootstrapProgress(listening());

    @Test
    void goesForwardOnlyAndSaysEachPhaseOnce() {
        progress.reach(Phase.STARTING);
        progress.reach(Phase.STARTING);
        progress.reach(Phase.HANDSHAKE_DONE);
        progress.reach(Phase.CONNECTING);
        progress.loading(0);
        progress.loading(0.5);
        progress.loading(0.5);
        progress.loading(0.2);
        progress.loading(2);
        progress.reach(Phase.ENOUGH);
        progress.loading(0.9);
        assertThat(said)
                .containsExactly(
                        "0 starting", "15 handshake_done", "50 loading_descriptors", "62 loading_descriptors",
                        "74 loading_descriptors", "75 enough_dirinfo");
    }

    @Test
    void saysAProblemOnceAtThePhaseItIsIn() {
        progress.reach(Phase.CONNECTING);
        progress.stuck("no network");
        progress.stuck("no network");
        progress.stuck("no answer");
        progress.reach(Phase.CONNECTED);
        assertThat(said).containsExactly("5 conn", "5 conn: no network", "5 conn: no answer", "10 conn_done");
    }

    @Test
    void nothingIsAProblemOnceCircuitsCanBeBuilt() {
        progress.reach(Phase.ENOUGH);
        progress.stuck("some microdescriptors are missing");
        assertThat(said).containsExactly("75 enough_dirinfo");
    }

    @Test
    void followsTheChannelThatGetsFurthest() {
        for (int channel : new int[] {1, 2}) {
            hears(channel, Status.LAUNCHED);
        }
        hears(2, Status.REACHED);
        hears(1, Status.REACHED);
        hears(1, Status.SECURED);
        hears(1, Status.FAILED);
        hears(2, Status.SECURED);
        hears(2, Status.CONNECTED);
        hears(2, Status.CLOSED);
        assertThat(said).containsExactly("5 conn", "10 conn_done", "14 handshake", "15 handshake_done");
        progress.reach(Phase.ENOUGH);
        hears(3, Status.LAUNCHED);
        assertThat(said).endsWith("75 enough_dirinfo");
    }

    private void hears(long channel, Status status) {
        progress.onEvent(new TorEvent.ChannelStatus(channel, status, "$relay", null));
    }

    private TorEvents listening() {
        TorEvents events = new TorEvents();
        events.add(event -> {
            TorEvent.Bootstrap step = (TorEvent.Bootstrap) event;
            said.add(step.percent() + " " + step.tag() + (step.problem() == null ? "" : ": " + step.problem()));
        });
        return events;
    }
}
