package dev.cepa.daemon.control;

import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.EndReason;
import dev.cepa.error.CircuitException;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.CircuitFacts;
import dev.cepa.event.TorEvent;
import org.jspecify.annotations.Nullable;

/** Why circuits, streams and connections ended, in control-spec's words (sections 4.1.1, 4.1.2, 4.1.3). */
final class EndWords {
    private EndWords() {}

    /** Of a circuit that failed or closed: {@code REASON=…}, and what the relay said. */
    static String ofCircuit(TorEvent.CircuitStatus event) {
        CircuitFacts facts = event.facts();
        String ours = facts == null ? "" : facts.closedFor();
        TorException reason = event.reason();
        if (reason instanceof CircuitException remote) {
            DestroyReason theirs = DestroyReason.of(remote.destroyReason());
            return "REASON=DESTROYED REMOTE_REASON=" + (theirs == DestroyReason.PROTOCOL ? "TORPROTOCOL" : theirs.name());
        }
        if (!ours.isEmpty()) {
            return "REASON=" + ours;
        }
        if (reason == null) {
            return "REASON=FINISHED";
        }
        return "REASON=" + switch (reason.kind()) {
            case CLOSED -> "FINISHED";
            case TIMEOUT -> "TIMEOUT";
            case PROTOCOL, BAD_SIGNATURE -> "TORPROTOCOL";
            case RELAY_UNREACHABLE, NETWORK_DOWN -> "CHANNEL_CLOSED";
            case RESOURCE_LIMIT -> "RESOURCELIMIT";
            case NO_PATH, NO_EXIT, NO_DIRECTORY -> "NOPATH";
            case ONION_SERVICE, ONION_CLIENT_AUTH -> "NOSUCHSERVICE";
            case INTERNAL -> "INTERNAL";
            default -> "DESTROYED";
        };
    }

    /** Of a stream that failed or closed: {@code REASON=…}, and what the exit said. */
    static String ofStream(@Nullable TorException reason) {
        if (reason instanceof StreamException remote) {
            return "REASON=END REMOTE_REASON=" + EndReason.of(remote.endReason()).name();
        }
        if (reason == null) {
            return "REASON=DONE";
        }
        return "REASON=" + switch (reason.kind()) {
            case CLOSED -> "DONE";
            case TIMEOUT -> "TIMEOUT";
            case PROTOCOL -> "TORPROTOCOL";
            case RESOURCE_LIMIT -> "RESOURCELIMIT";
            case NETWORK_DOWN -> "NET_UNREACHABLE";
            case NAME_NOT_FOUND -> "RESOLVEFAILED";
            case CIRCUIT_FAILED, RELAY_UNREACHABLE -> "DESTROY";
            case NO_EXIT, NO_PATH, NO_DIRECTORY -> "CANT_ATTACH";
            case INTERNAL -> "INTERNAL";
            default -> "MISC";
        };
    }

    /** Of a link that failed or closed. */
    static String ofChannel(@Nullable TorException reason) {
        if (reason == null) {
            return "DONE";
        }
        return switch (reason.kind()) {
            case CLOSED -> "DONE";
            case TIMEOUT -> "TIMEOUT";
            case PROTOCOL, BAD_SIGNATURE -> "IDENTITY";
            case CONNECTION_REFUSED -> "CONNECTREFUSED";
            case RESOURCE_LIMIT -> "RESOURCELIMIT";
            case NETWORK_DOWN, HOST_UNREACHABLE -> "NOROUTE";
            case RELAY_UNREACHABLE -> "IOERROR";
            default -> "MISC";
        };
    }
}
