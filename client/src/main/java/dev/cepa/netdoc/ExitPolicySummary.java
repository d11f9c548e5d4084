package dev.cepa.netdoc;

/**
 * Exit policy summaries, {@code accept 80,443} or {@code reject 25,119-135} (dir-spec section 3.8.2), in a compact
 * form: the ranges of ports that are accepted, ascending and apart, each as two big-endian numbers of two bytes. The
 * empty form accepts nothing. Stateless.
 */
final class ExitPolicySummary {
    private static final int MAX_RANGES = 1000;
    private static final int MAX_PORT = 65_535;

    private ExitPolicySummary() {}

    /**
     * Turns {@code text[from, to)} into the compact form.
     *
     * @param out at least 4 * 1001 bytes
     * @return the number of bytes used; -1 if the summary is malformed
     */
    static int encode(byte[] text, int from, int to, byte[] out) {
        boolean accept = starts(text, from, to, "accept ");
        if (!accept && !starts(text, from, to, "reject ")) {
            return -1;
        }
        int at = from + 7;
        int length = 0;
        int previousHigh = 0;
        int ranges = 0;
        while (at < to) {
            int comma = at;
            int dash = -1;
            while (comma < to && text[comma] != ',') {
                dash = text[comma] == '-' ? comma : dash;
                comma++;
            }
            int low = (int) Text.number(text, at, dash < 0 ? comma : dash, MAX_PORT);
            int high = dash < 0 ? low : (int) Text.number(text, dash + 1, comma, MAX_PORT);
            // Ascending, as the authorities write them; then a list of what is rejected turns around in one pass.
            if (low < 1 || high < low || low <= previousHigh || ++ranges > MAX_RANGES || comma == to - 1) {
                return -1;
            }
            if (accept) {
                length = put(out, length, low, high);
            } else if (low > previousHigh + 1) {
                length = put(out, length, previousHigh + 1, low - 1);
            }
            previousHigh = high;
            at = comma + 1;
        }
        if (ranges == 0) {
            return -1;
        }
        if (!accept && previousHigh < MAX_PORT) {
            length = put(out, length, previousHigh + 1, MAX_PORT);
        }
        return length;
    }

    /** Whether the compact form in {@code policy[from, to)} accepts that port. */
    static boolean accepts(byte[] policy, int from, int to, int port) {
        int low = 0;
        int high = (to - from) / 4 - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int at = from + 4 * middle;
            if (port < u16(policy, at)) {
                high = middle - 1;
            } else if (port > u16(policy, at + 2)) {
                low = middle + 1;
            } else {
                return true;
            }
        }
        return false;
    }

    private static int put(byte[] out, int at, int low, int high) {
        if (at > 0 && u16(out, at - 2) == low - 1) {
            at -= 2; // goes on where the range before ends
        } else {
            out[at++] = (byte) (low >> 8);
            out[at++] = (byte) low;
        }
        out[at++] = (byte) (high >> 8);
        out[at++] = (byte) high;
        return at;
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    private static boolean starts(byte[] text, int from, int to, String prefix) {
        if (to - from < prefix.length()) {
            return false;
        }
        for (int i = 0; i < prefix.length(); i++) {
            if (text[from + i] != prefix.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
