package dev.cepa.daemon.control;

import dev.cepa.NetworkControl;
import dev.cepa.cell.HostText;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
import java.net.InetAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What GETINFO says of countries, mappings, downloads and exit policies (control-spec section 3.9). */
final class OtherInfo {
    private static final String DEFAULT_POLICY =
            "reject *:25,reject *:119,reject *:135-139,reject *:445,reject *:563,reject *:1214,reject *:4661-4666,"
                    + "reject *:6346-6429,reject *:6699,reject *:6881-6999,accept *:*";
    private static final String PRIVATE_POLICY =
            "reject 0.0.0.0/8:*,reject 169.254.0.0/16:*,reject 127.0.0.0/8:*,reject 192.168.0.0/16:*,reject 10.0.0.0/8:*,"
                    + "reject 172.16.0.0/12:*,reject [::]/8:*,reject [fc00::]/7:*,reject [fe80::]/10:*,reject [fec0::]/10:*,"
                    + "reject [ff00::]/8:*,reject [::]/127:*";

    private OtherInfo() {}

    static void addTo(Info info) {
        info.addPrefix("ip-to-country/", "Perform a GEOIP lookup", OtherInfo::country);
        addDownloads(info);
        info.add("exit-policy/default", "The default value appended to the configured exit policy.",
                (key, request) -> DEFAULT_POLICY);
        info.add("exit-policy/reject-private/default",
                "The default rules appended to the configured exit policy by ExitPolicyRejectPrivate.",
                (key, request) -> PRIVATE_POLICY);
        addRelayPolicy(info, "exit-policy/reject-private/relay",
                "The relay-specific rules appended to the configured exit policy by ExitPolicyRejectPrivate and/or "
                        + "ExitPolicyRejectLocalInterfaces.");
        addRelayPolicy(info, "exit-policy/full", "The entire exit policy of onion router");
        addRelayPolicy(info, "exit-policy/ipv4", "IPv4 parts of exit policy");
        addRelayPolicy(info, "exit-policy/ipv6", "IPv6 parts of exit policy");
    }

    private static void addRelayPolicy(Info info, String key, String about) {
        info.add(key, about, (asked, request) -> {
            throw new Refusal(552, "Not running in server mode");
        });
    }

    private static String country(String key, Request request) throws Refusal {
        NetworkControl control = request.host().client().control();
        String asked = key.substring("ip-to-country/".length());
        if (asked.equals("ipv4-available") || asked.equals("ipv6-available")) {
            return control.knowsCountries(asked.charAt(3) == '6') ? "1" : "0";
        }
        InetAddress address = HostText.parseAddress(asked);
        if (address == null) {
            throw new Refusal(551, "Invalid address family");
        }
        if (!control.knowsCountries(address.getAddress().length == 16)) {
            throw new Refusal(551, "GeoIP data not loaded");
        }
        try {
            String code = control.countryOf(address);
            return code == null ? "??" : code;
        } catch (TorException e) {
            throw new Refusal(551, "GeoIP data not loaded");
        }
    }

    private static void addDownloads(Info info) {
        info.addPrefix("downloads/networkstatus/", "Download statuses for networkstatus objects", OtherInfo::download);
        info.document("downloads/networkstatus/ns", "Download status for current-mode networkstatus download");
        info.document("downloads/networkstatus/ns/bootstrap",
                "Download status for bootstrap-time networkstatus download");
        info.document("downloads/networkstatus/ns/running", "Download status for run-time networkstatus download");
        info.document("downloads/networkstatus/microdesc", "Download status for current-mode microdesc download");
        info.document("downloads/networkstatus/microdesc/bootstrap",
                "Download status for bootstrap-time microdesc download");
        info.document("downloads/networkstatus/microdesc/running", "Download status for run-time microdesc download");
        addUnknown(info, "downloads/cert/",
                "Download statuses for certificates, by id fingerprint and signing key", "That didn't look like a digest");
        info.add("downloads/desc/descs", "Return a list of known router descriptor digests", (key, request) -> {
            throw new Refusal(551, "We don't seem to have a networkstatus-flavored consensus");
        });
        addUnknown(info, "downloads/desc/", "Download statuses for router descriptors, by descriptor digest",
                "Unknown router descriptor download status query");
        info.add("downloads/bridge/bridges",
                "Return a list of configured bridge identity digests with download statuses", (key, request) -> {
                    throw new Refusal(551, "We don't seem to be using bridges");
                });
        addUnknown(info, "downloads/bridge/",
                "Download statuses for bridge descriptors, by bridge identity digest",
                "Unknown bridge descriptor download status query");
    }

    private static void addUnknown(Info info, String start, String about, String problem) {
        info.addPrefix(start, about, (key, request) -> {
            throw new Refusal(551, problem);
        });
    }

    /** C tor's schedules are not ours: the next consensus is fetched when this one is no longer fresh. */
    private static String download(String key, Request request) throws Refusal {
        String flavour = key.substring("downloads/networkstatus/".length());
        boolean known = switch (flavour) {
            case "ns", "ns/bootstrap", "ns/running", "microdesc", "microdesc/bootstrap", "microdesc/running" -> true;
            default -> false;
        };
        if (!known) {
            throw new Refusal(551, "Unknown flavor");
        }
        NetDir dir = request.host().client().control().directory();
        Instant next = dir == null || dir.size() == 0 ? request.host().clock().instant() : dir.consensus().freshUntil();
        return "next-attempt-at " + IsoTime.seconds(next) + "\nn-download-failures 0\nn-download-attempts 0\n"
                + "schedule DL_SCHED_CONSENSUS\nwant-authority DL_WANT_ANY_DIRSERVER\n"
                + "increment-on DL_SCHED_INCREMENT_FAILURE\nbackoff DL_SCHED_RANDOM_EXPONENTIAL\n"
                + "last-backoff-position 0\nlast-delay-used 0\n";
    }
}
