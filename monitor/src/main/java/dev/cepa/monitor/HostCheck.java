package dev.cepa.monitor;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Says which requests were meant for us, and not sent by another site's page. Immutable. */
final class HostCheck {
    private final List<String> names;

    /** @param names that are allowed beside addresses and {@code localhost}, in small letters */
    HostCheck(List<String> names) {
        this.names = names;
    }

    /** The status to refuse a request with; 0 if it is fine. */
    int refusal(HttpRequest request) {
        String host = request.headers().get("host");
        if (host == null) {
            return 400;
        }
        if (!isOurs(name(host))) {
            return 421;
        }
        String origin = request.headers().get("origin");
        if (origin != null && !origin.equalsIgnoreCase("http://" + host)) {
            return 403;
        }
        String site = request.headers().get("sec-fetch-site");
        boolean foreign = site != null && !site.equals("same-origin") && !site.equals("none");
        boolean navigation = "navigate".equals(request.headers().get("sec-fetch-mode"));
        return foreign && !navigation ? 403 : 0;
    }

    private boolean isOurs(@Nullable String name) {
        return name != null && (name.equals("localhost") || isAddress(name) || names.contains(name));
    }

    /** Without the port; null if there is nothing sensible. */
    private static @Nullable String name(String host) {
        int colon = host.lastIndexOf(':');
        String name = colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
        return name.isEmpty() ? null : name.toLowerCase(Locale.ROOT);
    }

    /** Whether it can't be a name: four numbers, or brackets with what IPv6 addresses are made of. */
    private static boolean isAddress(String name) {
        if (name.startsWith("[") && name.endsWith("]")) {
            for (int i = 1; i < name.length() - 1; i++) {
                char c = name.charAt(i);
                if (Character.digit(c, 16) < 0 && c != ':' && c != '.') {
                    return false;
                }
            }
            return name.length() > 3;
        }
        String[] parts = name.split("\\.", -1);
        if (parts.length != 4) {
            return false;
        }
        for (String part : parts) {
            boolean digits = !part.isEmpty() && part.length() <= 3;
            for (int i = 0; digits && i < part.length(); i++) {
                digits = part.charAt(i) >= '0' && part.charAt(i) <= '9';
            }
            if (!digits) {
                return false;
            }
        }
        return true;
    }
}
