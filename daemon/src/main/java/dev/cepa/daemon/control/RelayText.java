package dev.cepa.daemon.control;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RsaId;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Relays as {@code GETINFO ns/…} has them (control-spec section 3.9): a consensus' lines, of a microdescriptor consensus. */
final class RelayText {
    /** In C tor's order, which is that of the alphabet. */
    private static final Object[][] FLAGS = {
        {RelayFlags.AUTHORITY, " Authority"}, {RelayFlags.BAD_EXIT, " BadExit"}, {RelayFlags.EXIT, " Exit"},
        {RelayFlags.FAST, " Fast"}, {RelayFlags.GUARD, " Guard"}, {RelayFlags.HS_DIR, " HSDir"},
        {RelayFlags.MIDDLE_ONLY, " MiddleOnly"}, {RelayFlags.RUNNING, " Running"}, {RelayFlags.STABLE, " Stable"},
        {RelayFlags.STALE_DESC, " StaleDesc"}, {RelayFlags.SYBIL, " Sybil"}, {RelayFlags.V2_DIR, " V2Dir"},
        {RelayFlags.VALID, " Valid"}
    };
    private static final Base64.Encoder BASE64 = Base64.getEncoder().withoutPadding();
    private static final int DIGEST = 20;

    private RelayText() {}

    /** All that the consensus lists. */
    static String all(NetDir dir) {
        StringBuilder out = new StringBuilder(160 * dir.size());
        for (int relay = 0; relay < dir.size(); relay++) {
            append(out, dir, relay);
        }
        return out.toString();
    }

    /** Those that are new or other than before. */
    static String changed(@Nullable NetDir before, NetDir now) {
        StringBuilder out = new StringBuilder();
        for (int relay = 0; relay < now.size(); relay++) {
            int old = before == null ? -1 : before.indexOf(now.rsaId(relay));
            String entry = entry(now, relay);
            if (before == null || old < 0 || !entry.equals(entry(before, old))) {
                out.append(entry);
            }
        }
        return out.toString();
    }

    /** One. */
    static String entry(NetDir dir, int relay) {
        StringBuilder out = new StringBuilder(200);
        append(out, dir, relay);
        return out.toString();
    }

    private static void append(StringBuilder out, NetDir dir, int relay) {
        byte[] digest = Arrays.copyOf(dir.document().microdescDigest(relay), DIGEST);
        out.append("r ").append(dir.nickname(relay));
        out.append(' ').append(BASE64.encodeToString(dir.rsaId(relay).toBytes()));
        // Consensuses no longer say when relays published; this is the moment that they all name.
        out.append(' ').append(BASE64.encodeToString(digest)).append(" 2038-01-01 00:00:00 ");
        appendAddress(out, dir.ipv4(relay), ' ');
        out.append(" 0\n");
        InetSocketAddress ipv6 = dir.ipv6(relay);
        if (ipv6 != null) {
            appendAddress(out.append("a "), ipv6, ':');
            out.append('\n');
        }
        out.append('s');
        int flags = dir.flags(relay);
        for (Object[] flag : FLAGS) {
            if ((flags & (int) flag[0]) != 0) {
                out.append((String) flag[1]);
            }
        }
        out.append("\nw Bandwidth=").append(dir.bandwidth(relay)).append('\n');
    }

    private static void appendAddress(StringBuilder out, InetSocketAddress address, char separator) {
        String text = HostText.format(address.getAddress().getAddress());
        boolean ipv6 = text.indexOf(':') >= 0;
        out.append(ipv6 ? "[" : "").append(text).append(ipv6 ? "]" : "").append(separator).append(address.getPort());
    }

    /** The relay of that fingerprint, with or without a dollar sign; -1 if there is none. */
    static int find(NetDir dir, byte[] fingerprint) {
        return dir.indexOf(RsaId.of(fingerprint, 0, RsaId.LENGTH));
    }

    /** The bytes of a fingerprint with or without a dollar sign; null if it is none. */
    static byte @Nullable [] fingerprint(String text) {
        String digits = text.startsWith("$") ? text.substring(1) : text;
        if (digits.length() != 2 * RsaId.LENGTH) {
            return null;
        }
        try {
            return HexFormat.of().parseHex(digits);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The relay that a controller names: {@code $FINGERPRINT}, that with {@code ~name} or {@code =name}, or a nickname. */
    static int named(NetDir dir, String name) {
        int end = 2 * RsaId.LENGTH + (name.startsWith("$") ? 1 : 0);
        if (name.length() >= end) {
            byte[] id = fingerprint(name.substring(0, end));
            if (id != null) {
                int relay = find(dir, id);
                boolean more = name.length() > end;
                if (relay < 0 || more && name.charAt(end) != '~' && name.charAt(end) != '=') {
                    return -1;
                }
                return !more || dir.nickname(relay).equalsIgnoreCase(name.substring(end + 1)) ? relay : -1;
            }
        }
        String wanted = name.toLowerCase(Locale.ROOT);
        for (int relay = 0; relay < dir.size(); relay++) {
            if (dir.nickname(relay).length() == wanted.length() && dir.nickname(relay).equalsIgnoreCase(wanted)) {
                return relay;
            }
        }
        return -1;
    }

    /** {@code $FINGERPRINT~name}. */
    static String name(NetDir dir, int relay) {
        return "$" + dir.rsaId(relay) + "~" + dir.nickname(relay);
    }
}
