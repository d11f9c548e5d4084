package dev.cepa.daemon.control;

import dev.cepa.event.CircuitFacts;
import dev.cepa.event.TorEvent.CircuitStatus;
import java.util.List;
import java.util.Locale;

/** Circuits as control-spec has them, in CIRC events and in circuit-status (section 4.1.1). */
final class CircuitText {
    private CircuitText() {}

    /** {@code 12 BUILT $…,… BUILD_FLAGS=… PURPOSE=… TIME_CREATED=…}, without a reason. */
    static String of(CircuitStatus circuit, String status) {
        StringBuilder out = new StringBuilder(300).append(circuit.circuitId()).append(' ').append(status);
        CircuitFacts facts = circuit.facts();
        List<String> path = facts == null ? circuit.path() : facts.hops();
        for (int i = 0; i < path.size(); i++) {
            out.append(i == 0 ? ' ' : ',').append(path.get(i));
        }
        out.append(" BUILD_FLAGS=").append(flags(circuit));
        out.append(" PURPOSE=").append(circuit.purpose());
        if (facts != null) {
            out.append(" TIME_CREATED=").append(IsoTime.micros(facts.created()));
        }
        String set = circuit.confluxId();
        if (set != null) {
            out.append(" CONFLUX_ID=").append(set.toUpperCase(Locale.ROOT));
        }
        return out.toString();
    }

    /** As C tor builds circuits of that kind. */
    private static String flags(CircuitStatus circuit) {
        if (circuit.purpose().startsWith("HS_")) {
            return "IS_INTERNAL,NEED_CAPACITY,NEED_UPTIME";
        }
        if (circuit.purpose().startsWith("CONFLUX_")) {
            return "NEED_CAPACITY,NEED_UPTIME";
        }
        boolean complete = switch (circuit.status()) {
            case BUILT, CLOSED -> true;
            case LAUNCHED, EXTENDED, FAILED -> false;
        };
        // Those of one hop ask the relay's directory. That they stay so is known once they are built.
        return complete && circuit.path().size() == 1 ? "ONEHOP_TUNNEL,IS_INTERNAL,NEED_CAPACITY" : "NEED_CAPACITY";
    }

    /** How far it is, for circuit-status. */
    static String state(CircuitStatus circuit) {
        return circuit.status() == CircuitStatus.Status.BUILT ? "BUILT" : circuit.path().isEmpty() ? "LAUNCHED" : "EXTENDED";
    }
}
