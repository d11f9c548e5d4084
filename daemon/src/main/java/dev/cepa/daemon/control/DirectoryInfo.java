package dev.cepa.daemon.control;

import dev.cepa.NetworkControl;
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What GETINFO says of relays and of the network's documents (control-spec section 3.9). Documents are read from disk when
 * they are asked for: a client keeps only what it needs of them.
 */
final class DirectoryInfo {
    private static final String NO_DESCRIPTORS = "We fetch microdescriptors, not router descriptors. You'll need to use ";
    private static final String NO_DOCUMENT =
            "Could not open cached consensus. Make sure FetchUselessDescriptors is set to 1.";

    private DirectoryInfo() {}

    static void addTo(Info info) {
        info.add("ns/all", "Brief summary of router status (v2 directory format)", (key, request) -> {
            NetDir dir = directory(request);
            return dir == null ? "" : RelayText.all(dir);
        });
        info.addPrefix("ns/id/", "Brief summary of router status by ID (v2 directory format).", DirectoryInfo::byId);
        info.addPrefix("ns/name/", "Brief summary of router status by nickname (v2 directory format).", (key, request) -> {
            NetDir dir = directory(request);
            int relay = dir == null ? -1 : listed(dir, key.substring("ns/name/".length()));
            return dir == null ? "" : relay < 0 ? null : RelayText.entry(dir, relay);
        });
        info.addPrefix("ns/purpose/", "Brief summary of router status by purpose (v2 directory format).",
                (key, request) -> "");
        info.addPrefix("consensus/", "Information about and from the ns consensus.", DirectoryInfo::consensus);
        info.add("sr/current", "Get current shared random value.",
                (key, request) -> sharedRandom(request, true));
        info.add("sr/previous", "Get previous shared random value.",
                (key, request) -> sharedRandom(request, false));
        addMicrodescriptors(info);
        addDescriptors(info);
        info.add("dir/status-vote/current/consensus", "v3 Networkstatus consensus as retrieved from a DirPort.",
                (key, request) -> {
                    throw new Refusal(551, NO_DOCUMENT);
                });
        info.add("dir/status-vote/current/consensus-microdesc",
                "v3 Microdescriptor consensus as retrieved from a DirPort.", (key, request) -> {
                    byte[] document = control(request).consensus();
                    if (document == null) {
                        throw new Refusal(551, NO_DOCUMENT);
                    }
                    return new String(document, StandardCharsets.US_ASCII);
                });
    }

    private static NetworkControl control(Request request) {
        return request.host().client().control();
    }

    private static @Nullable NetDir directory(Request request) {
        NetDir dir = control(request).directory();
        return dir == null || dir.size() == 0 ? null : dir;
    }

    /** A relay that the consensus lists: bridges have numbers behind those. */
    private static int listed(NetDir dir, String name) {
        int relay = RelayText.named(dir, name);
        return relay < dir.size() ? relay : -1;
    }

    private static @Nullable String byId(String key, Request request) throws Refusal {
        NetDir dir = directory(request);
        if (dir == null) {
            return "";
        }
        byte[] id = RelayText.fingerprint(key.substring("ns/id/".length()));
        if (id == null) {
            throw new Refusal(551, "Data not decodeable as hex");
        }
        int relay = RelayText.find(dir, id);
        return relay < 0 || relay >= dir.size() ? null : RelayText.entry(dir, relay);
    }

    private static @Nullable String consensus(String key, Request request) {
        NetDir dir = directory(request);
        if (dir == null || key.equals("consensus/packages")) {
            return "";
        }
        ConsensusInfo info = dir.consensus();
        Instant time = switch (key) {
            case "consensus/valid-after" -> info.validAfter();
            case "consensus/fresh-until" -> info.freshUntil();
            case "consensus/valid-until" -> info.validUntil();
            default -> null;
        };
        return time == null ? null : IsoTime.seconds(time);
    }

    private static String sharedRandom(Request request, boolean current) {
        NetDir dir = directory(request);
        byte[] value = dir == null ? null
                : current ? dir.consensus().currentSharedRandom() : dir.consensus().previousSharedRandom();
        return value == null ? "" : Base64.getEncoder().encodeToString(value);
    }

    private static void addMicrodescriptors(Info info) {
        info.add("md/all", "All known microdescriptors.", (key, request) -> {
            NetDir dir = directory(request);
            return dir == null ? "" : microdescriptors(request, dir, -1);
        });
        info.addPrefix("md/id/", "Microdescriptors by ID", (key, request) -> one(request, key.substring("md/id/".length())));
        info.addPrefix("md/name/", "Microdescriptors by name",
                (key, request) -> one(request, key.substring("md/name/".length())));
        info.add("md/download-enabled", "Do we try to download microdescriptors?", (key, request) -> "1");
    }

    private static @Nullable String one(Request request, String name) {
        NetDir dir = directory(request);
        int relay = dir == null ? -1 : listed(dir, name);
        String found = dir == null || relay < 0 ? "" : microdescriptors(request, dir, relay);
        return found.isEmpty() ? null : found;
    }

    /** @param relay one, or -1 for all */
    private static String microdescriptors(Request request, NetDir dir, int relay) {
        Set<String> wanted = new HashSet<>();
        byte[] only = relay < 0 ? new byte[0] : dir.document().microdescDigest(relay);
        if (relay < 0) {
            for (int i = 0; i < dir.size(); i++) {
                wanted.add(latin(dir.document().microdescDigest(i)));
            }
        }
        boolean[] done = {false};
        byte[] found = control(request).microdescriptors(digest -> {
            if (relay < 0) {
                return wanted.remove(latin(digest));
            }
            boolean first = !done[0] && MessageDigest.isEqual(digest, only);
            done[0] |= first;
            return first;
        });
        return new String(found, StandardCharsets.ISO_8859_1);
    }

    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static void addDescriptors(Info info) {
        info.addPrefix("desc/id/", "Router descriptors by ID.", (key, request) -> {
            throw new Refusal(552, NO_DESCRIPTORS + "md/id/* instead of desc/id/*.");
        });
        info.addPrefix("desc/name/", "Router descriptors by nickname.", (key, request) -> {
            throw new Refusal(552, NO_DESCRIPTORS + "md/name/* instead of desc/name/*.");
        });
        info.add("desc/all-recent", "All non-expired, non-superseded router descriptors.", (key, request) -> "");
        info.add("desc/all-recent-extrainfo-hack", "", (key, request) -> "");
        info.add("desc/download-enabled", "Do we try to download router descriptors?", (key, request) -> "0");
        info.addPrefix("desc-annotations/id/", "Router annotations by hexdigest.", (key, request) -> null);
        info.addPrefix("extra-info/digest/", "Extra-info documents by digest.", (key, request) -> null);
        info.addPrefix("dir/server/", "Router descriptors as retrieved from a DirPort.", (key, request) -> {
            throw new Refusal(551, "Servers unavailable");
        });
        info.addPrefix("dir/status/", "v2 networkstatus docs as retrieved from a DirPort.", (key, request) -> "");
        info.document("network-status", "Brief summary of router status (v1 directory format)");
    }
}
