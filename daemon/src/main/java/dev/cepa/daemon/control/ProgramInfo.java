package dev.cepa.daemon.control;

import dev.cepa.cell.HostText;
import dev.cepa.proxy.ListenerKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** GETINFO's keys about the program itself (control-spec section 3.9). */
final class ProgramInfo implements Feature {
    private static final Path SELF = Path.of("/proc/self");
    private static final String NEVER = "1970-01-01 00:00:00";

    @Override
    public void addTo(ControlServer server) {
        Info info = server.info();
        info.add("version", "The current version of Tor.", (key, request) -> request.host().version());
        info.add("info/names", "List of GETINFO options, types, and documentation.", (key, request) -> server.info().names());
        info.add("events/names", "Events that the controller can ask for with SETEVENTS.", (key, request) -> Events.names());
        info.add("signal/names", "Signal names recognized by the SIGNAL command", (key, request) -> signals());
        info.add(
                "features/names", "What arguments can USEFEATURE take?",
                (key, request) -> "VERBOSE_NAMES EXTENDED_EVENTS");
        addProcess(info);
        addTraffic(info);
        info.addPrefix("current-time/", "Current time.", ProgramInfo::time);
        info.document("current-time/local", "Current time on the local system.");
        info.document("current-time/utc", "Current UTC time.");
        info.addPrefix("net/listeners/", "Bound addresses by type", ProgramInfo::listeners);
        info.add(
                "dormant", "Is Tor dormant (not building circuits because it's idle)?",
                (key, request) -> request.host().client().isDormant() ? "1" : "0");
        addRelayKeys(info);
    }

    private static void addProcess(Info info) {
        info.add(
                "uptime", "Uptime of the Tor daemon in seconds.",
                (key, request) -> Long.toString(request.host().uptime().toSeconds()));
        info.add(
                "process/pid", "Process id belonging to the main tor process.",
                (key, request) -> Long.toString(ProcessHandle.current().pid()));
        info.add("process/uid", "User id running the tor process.", (key, request) -> userId());
        info.add("process/user", "Username under which the tor process is running.", (key, request) -> user());
        info.add(
                "process/descriptor-limit", "File descriptor limit.",
                (key, request) -> Long.toString(request.host().openFileLimit()));
        info.add(
                "limits/max-mem-in-queues", "Actual limit on memory in queues",
                (key, request) -> Long.toString(request.host().queueLimit()));
    }

    private static void addTraffic(Info info) {
        info.add(
                "traffic/read", "Bytes read since the process was started.",
                (key, request) -> Long.toString(request.host().client().traffic().bytesRead()));
        info.add(
                "traffic/written", "Bytes written since the process was started.",
                (key, request) -> Long.toString(request.host().client().traffic().bytesWritten()));
        // A client counts nothing against a quota.
        info.add("accounting/enabled", "Is accounting currently enabled?", (key, request) -> "0");
        info.add("accounting/hibernating", "Are we hibernating or awake?", (key, request) -> "awake");
        info.add(
                "accounting/bytes", "Number of bytes read/written so far in the accounting interval.",
                (key, request) -> "0 0");
        info.add(
                "accounting/bytes-left", "Number of bytes left to write/read so far in the accounting interval.",
                (key, request) -> "0 0");
        info.add("accounting/interval-start", "Time when the accounting period starts.", (key, request) -> NEVER);
        info.add("accounting/interval-end", "Time when the accounting period ends.", (key, request) -> NEVER);
        info.add("accounting/interval-wake", "Time to wake up in this accounting period.", (key, request) -> NEVER);
    }

    /** What only a relay has to tell. */
    private static void addRelayKeys(Info info) {
        InfoSource unknown = (key, request) -> {
            throw new Refusal(551, "Address unknown");
        };
        info.add("address", "IP address of this Tor host, if we can guess it.", unknown);
        info.add("address/v4", "IPv4 address of this Tor host, if we can guess it.", unknown);
        info.add("address/v6", "IPv6 address of this Tor host, if we can guess it.", unknown);
        info.add("fingerprint", "", (key, request) -> {
            throw new Refusal(551, "Not running in server mode");
        });
        InfoSource none = (key, request) -> {
            if (!key.endsWith("/assigned") && !key.endsWith("/requested")) {
                throw new Refusal(551, "Unrecognized handshake type");
            }
            return "0";
        };
        info.addPrefix("stats/ntor/", "NTor circuit handshake stats.", none);
        info.document("stats/ntor/assigned", "Assigned NTor circuit handshake stats.");
        info.document("stats/ntor/requested", "Requested NTor circuit handshake stats.");
        info.addPrefix("stats/tap/", "TAP circuit handshake stats.", none);
        info.document("stats/tap/assigned", "Assigned TAP circuit handshake stats.");
        info.document("stats/tap/requested", "Requested TAP circuit handshake stats.");
    }

    private static String signals() {
        StringBuilder out = new StringBuilder(120);
        for (ControlSignal signal : ControlSignal.values()) {
            out.append(out.isEmpty() ? "" : " ").append(signal.name());
        }
        return out.toString();
    }

    private static String userId() {
        try {
            return String.valueOf(Files.getAttribute(SELF, "unix:uid"));
        } catch (IOException | RuntimeException e) {
            return "-1"; // this system has none, or does not tell
        }
    }

    private static String user() {
        try {
            return Files.getOwner(SELF).getName();
        } catch (IOException | RuntimeException e) {
            return System.getProperty("user.name", "");
        }
    }

    private static @Nullable String time(String key, Request request) {
        Instant now = request.host().clock().instant();
        return switch (key) {
            case "current-time/local" -> IsoTime.seconds(now, ZoneId.systemDefault(), 'T');
            case "current-time/utc" -> IsoTime.seconds(now, ZoneOffset.UTC, 'T');
            default -> null;
        };
    }

    private static @Nullable String listeners(String key, Request request) {
        ControlHost host = request.host();
        return switch (key.substring("net/listeners/".length())) {
            case "socks" -> quoted(host.client().listenerAddresses(ListenerKind.SOCKS));
            case "httptunnel" -> quoted(host.client().listenerAddresses(ListenerKind.HTTP_TUNNEL));
            case "dns" -> quoted(host.client().listenerAddresses(ListenerKind.DNS));
            case "trans" -> quoted(host.client().listenerAddresses(ListenerKind.TRANSPARENT));
            case "control" -> quoted(request.server().addresses());
            case "metrics" -> quoted(host.metricsAddresses());
            case "or", "extor", "dir", "natd" -> "";
            default -> null;
        };
    }

    private static String quoted(List<SocketAddress> addresses) {
        StringBuilder out = new StringBuilder();
        for (SocketAddress address : addresses) {
            String text = address instanceof UnixDomainSocketAddress unix
                    ? "unix:" + unix.getPath()
                    : text((InetSocketAddress) address);
            out.append(out.isEmpty() ? "" : " ").append(Quoted.of(text));
        }
        return out.toString();
    }

    private static String text(InetSocketAddress address) {
        return HostText.format(address.getAddress().getAddress(), address.getPort());
    }
}
