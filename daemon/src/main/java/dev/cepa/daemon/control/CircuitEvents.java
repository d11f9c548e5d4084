package dev.cepa.daemon.control;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.CircuitStatus;

/** CIRC and CIRC_MINOR (control-spec sections 4.1.1 and 4.1.15). */
final class CircuitEvents implements EventTopic {
    private final Events events;

    CircuitEvents(Events events) {
        this.events = events;
    }

    @Override
    public void onEvent(TorEvent event) {
        if (event instanceof CircuitStatus circuit && (events.wants(EventName.CIRC) || events.wants(EventName.CIRC_MINOR))) {
            switch (circuit.status()) {
                case LAUNCHED, EXTENDED -> send(circuit, "");
                case FAILED, CLOSED -> send(circuit, " " + EndWords.ofCircuit(circuit));
                case BUILT -> built(circuit);
            }
        }
    }

    /** What has no build time was built before: it has another purpose since, or a controller has extended it. */
    private void built(CircuitStatus circuit) {
        boolean linked = circuit.purpose().equals("CONFLUX_LINKED");
        boolean again = circuit.buildTime() == null;
        if (again && (linked || circuit.purpose().startsWith("HS_"))) {
            events.send(EventName.CIRC_MINOR, purposeChanged(circuit, linked ? "CONFLUX_UNLINKED" : "HS_VANGUARDS"));
        }
        // A circuit that was built ahead has been extended for its purpose.
        if (!again || !linked) {
            send(circuit, "");
        }
    }

    static String purposeChanged(CircuitStatus circuit, String before) {
        return "CIRC_MINOR " + CircuitText.of(circuit, "PURPOSE_CHANGED") + " OLD_PURPOSE=" + before;
    }

    private void send(CircuitStatus circuit, String reason) {
        if (events.wants(EventName.CIRC)) {
            events.send(EventName.CIRC, "CIRC " + CircuitText.of(circuit, circuit.status().name()) + reason);
        }
    }
}
