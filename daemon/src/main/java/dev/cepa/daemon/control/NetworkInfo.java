package dev.cepa.daemon.control;

import dev.cepa.event.TorEvent;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.GuardInfo;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What GETINFO says of circuits, streams, links, guards and how things stand (control-spec section 3.9). */
final class NetworkInfo {
    private NetworkInfo() {}

    static void addTo(Info info, StatusEvents status, TrafficEvents traffic) {
        info.add("circuit-status", "List of current circuits originating here.", (key, request) -> circuits(request));
        info.add("stream-status", "List of current streams.", (key, request) -> streams(request));
        info.add("orconn-status", "A list of current OR connections.", (key, request) -> links(request));
        info.add("entry-guards", "Which nodes are we using as entry guards?", (key, request) -> guards(request));
        info.add("helper-nodes", "", (key, request) -> guards(request));
        info.add("bw-event-cache", "Cached BW events for a short interval.", (key, request) -> traffic.recent());
        info.add("network-liveness", "Current opinion on whether the network is live",
                (key, request) -> request.host().client().control().isLive() ? "up" : "down");
        info.add("status/bootstrap-phase", "The last bootstrap phase status event that Tor sent.",
                (key, request) -> StatusEvents.text(request.host().client().status(), status.problems()));
        info.add("status/circuit-established", "Whether we think client functionality is working.",
                (key, request) -> request.host().client().status().percent() == 100 ? "1" : "0");
        info.add("status/enough-dir-info",
                "Whether we have enough up-to-date directory information to build circuits.",
                (key, request) -> request.host().client().control().hasEnoughDirectory() ? "1" : "0");
        info.add("status/version/recommended", "List of currently recommended versions.", (key, request) -> "");
        info.add("status/version/current", "Status of the current version.", (key, request) ->
                request.host().client().control().directory() == null ? "unknown" : "none recommended");
        addServerKeys(info);
    }

    /** Questions that only a relay or a bridge could answer. */
    private static void addServerKeys(Info info) {
        for (String key : new String[] {
            "status/good-server-descriptor", "status/accepted-server-descriptor", "status/reachability-succeeded/dir"
        }) {
            info.add(key, "", (asked, request) -> "0");
        }
        info.add("status/reachability-succeeded/or", "", (key, request) -> "0");
        info.add("status/reachability-succeeded", "", (key, request) -> "OR=0 DIR=0");
        info.add("status/clients-seen", "Breakdown of client countries seen by a bridge.",
                (key, request) -> "TimeStarted=\"1970-01-01 00:00:00\" CountrySummary= IPVersions=v4=0,v6=0");
        info.add("status/fresh-relay-descs", "A fresh relay/ei descriptor pair for Tor's current state. Not stored.",
                (key, request) -> {
                    throw new Refusal(551, "Only relays have descriptors");
                });
    }

    private static String circuits(Request request) {
        StringBuilder out = new StringBuilder();
        for (TorEvent.CircuitStatus circuit : Census.of(request.host().client()).circuits.values()) {
            line(out, CircuitText.of(circuit, CircuitText.state(circuit)));
        }
        return out.toString();
    }

    private static String streams(Request request) {
        StringBuilder out = new StringBuilder();
        for (TorEvent.StreamStatus stream : Census.of(request.host().client()).streams.values()) {
            String state = switch (stream.status()) {
                case SUCCEEDED -> "SUCCEEDED";
                case NEW -> "NEW";
                case SENT_CONNECT, FAILED, CLOSED -> "SENTCONNECT";
            };
            line(out, StreamText.of(stream, state, stream.circuitId()));
        }
        return out.toString();
    }

    private static String links(Request request) {
        StringBuilder out = new StringBuilder();
        NetDir dir = request.host().client().control().directory();
        for (TorEvent.ChannelStatus channel : Census.of(request.host().client()).channels.values()) {
            line(out, withNickname(dir, channel.relay()) + " "
                    + (channel.status() == TorEvent.ChannelStatus.Status.CONNECTED ? "CONNECTED" : "LAUNCHED"));
        }
        return out.toString();
    }

    private static String withNickname(@Nullable NetDir dir, String relay) {
        byte[] id = dir == null || !relay.startsWith("$") ? null : RelayText.fingerprint(relay);
        int known = id == null || dir == null ? -1 : RelayText.find(dir, id);
        return known < 0 || dir == null ? LinkEvents.name(relay) : RelayText.name(dir, known);
    }

    private static void line(StringBuilder out, String text) {
        out.append(out.isEmpty() ? "" : "\n").append(text);
    }

    private static String guards(Request request) {
        StringBuilder out = new StringBuilder();
        for (GuardInfo guard : request.host().client().control().guards()) {
            out.append('$').append(guard.id());
            if (!guard.nickname().isEmpty()) {
                out.append('~').append(guard.nickname());
            }
            out.append(' ').append(guard.status());
            Instant since = guard.since();
            if (since != null) {
                out.append(' ').append(IsoTime.seconds(since));
            }
            out.append('\n');
        }
        return out.toString();
    }
}
