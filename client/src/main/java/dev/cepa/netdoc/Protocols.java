package dev.cepa.netdoc;

import dev.cepa.error.ProtocolException;
import org.jspecify.annotations.Nullable;

/** A list of subprotocol versions, such as {@code Link=4-5 Relay=2} (tor-spec section 9). Immutable, thread-safe. */
public final class Protocols {
    /** The subprotocols; the ordinal is the number on the wire. */
    public enum Name {
        LINK("Link"),
        LINK_AUTH("LinkAuth"),
        RELAY("Relay"),
        DIR_CACHE("DirCache"),
        HS_DIR("HSDir"),
        HS_INTRO("HSIntro"),
        HS_REND("HSRend"),
        DESC("Desc"),
        MICRODESC("Microdesc"),
        CONS("Cons"),
        PADDING("Padding"),
        FLOW_CTRL("FlowCtrl"),
        CONFLUX("Conflux");

        private final String word;

        Name(String word) {
            this.word = word;
        }

        /** As documents write it. */
        public String word() {
            return word;
        }
    }

    private static final int MAX_VERSION = 63;
    private static final int MAX_NAME = 100;
    private static final Name[] NAMES = Name.values();

    /** The empty list. */
    public static final Protocols NONE = new Protocols(new long[0], "");

    /**
     * What this client speaks, and so what it may claim. A consensus that requires more of clients stops it. What
     * is built later is added here by who builds it.
     */
    public static final Protocols OURS = ours("Conflux=1 Cons=1-2 Desc=1-4 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4 HSRend=2 "
            + "Link=4-5 LinkAuth=3 Microdesc=1-3 Relay=2-4");

    /** Bit v of masks[name.ordinal()] is version v; shorter if the last names have none. */
    private final long[] masks;
    /** Entries whose names we don't know, as written. */
    private final String unknown;

    private Protocols(long[] masks, String unknown) {
        this.masks = masks;
        this.unknown = unknown;
    }

    /**
     * Parses a list.
     *
     * @throws ProtocolException if it is malformed, or has a version above 63; names that are not known are no error
     */
    public static Protocols parse(String list) throws ProtocolException {
        long[] masks = new long[NAMES.length];
        StringBuilder unknown = null;
        int at = 0;
        int length = list.length();
        while (at < length) {
            if (list.charAt(at) == ' ') {
                if (at == 0) {
                    throw malformed();
                }
                at++;
                continue;
            }
            int end = list.indexOf(' ', at);
            end = end < 0 ? length : end;
            int equals = list.indexOf('=', at);
            if (equals <= at || equals >= end || equals - at > MAX_NAME) {
                throw malformed();
            }
            for (int i = at; i < equals; i++) {
                if (!isAlphanumeric(list.charAt(i)) && list.charAt(i) != '-') {
                    throw malformed();
                }
            }
            long mask = versions(list, equals + 1, end);
            Name name = name(list, at, equals);
            if (name != null) {
                masks[name.ordinal()] |= mask;
            } else {
                unknown = unknown == null ? new StringBuilder() : unknown.append(' ');
                unknown.append(list, at, end);
            }
            at = end;
        }
        return new Protocols(masks, unknown == null ? "" : unknown.toString());
    }

    /** Whether it has that version. */
    public boolean supports(Name name, int version) {
        return name.ordinal() < masks.length
                && version >= 0
                && version <= MAX_VERSION
                && (masks[name.ordinal()] >>> version & 1) != 0;
    }

    /** What of {@code required} this list lacks, as a list; empty if it has everything. */
    public String missing(Protocols required) {
        StringBuilder missing = new StringBuilder();
        for (int i = 0; i < required.masks.length; i++) {
            long lacking = required.masks[i] & ~(i < masks.length ? masks[i] : 0);
            if (lacking != 0) {
                append(missing, NAMES[i], lacking);
            }
        }
        // What we don't know the name of, we don't have; but a name without versions asks for nothing.
        int at = 0;
        while (at < required.unknown.length()) {
            int end = required.unknown.indexOf(' ', at);
            end = end < 0 ? required.unknown.length() : end;
            if (required.unknown.charAt(end - 1) != '=') {
                missing.append(missing.isEmpty() ? "" : " ").append(required.unknown, at, end);
            }
            at = end + 1;
        }
        return missing.toString();
    }

    /** The list as documents write it; names that we don't know come last. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < masks.length; i++) {
            if (masks[i] != 0) {
                append(out, NAMES[i], masks[i]);
            }
        }
        return out.append(out.isEmpty() || unknown.isEmpty() ? "" : " ").append(unknown).toString();
    }

    private static void append(StringBuilder out, Name name, long mask) {
        out.append(out.isEmpty() ? "" : " ").append(name.word()).append('=');
        String comma = "";
        for (int low = 0; low <= MAX_VERSION; low++) {
            if ((mask >>> low & 1) != 0) {
                int high = low;
                while (high < MAX_VERSION && (mask >>> (high + 1) & 1) != 0) {
                    high++;
                }
                out.append(comma).append(low);
                if (high > low) {
                    out.append('-').append(high);
                }
                comma = ",";
                low = high;
            }
        }
    }

    /** The versions in {@code list[at, end)}: numbers and ranges, joined by commas; none is fine. */
    private static long versions(String list, int at, int end) throws ProtocolException {
        long mask = 0;
        int from = at;
        while (from < end) {
            int comma = list.indexOf(',', from);
            int to = comma < 0 || comma > end ? end : comma;
            int dash = list.indexOf('-', from);
            boolean range = dash >= 0 && dash < to;
            int low = version(list, from, range ? dash : to);
            int high = range ? version(list, dash + 1, to) : low;
            if (low > high || to == end - 1) { // nothing may follow but another version: no comma at the end
                throw malformed();
            }
            mask |= -1L >>> (MAX_VERSION - high) & -1L << low;
            from = to + 1;
        }
        return mask;
    }

    private static int version(String list, int from, int to) throws ProtocolException {
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = list.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw malformed();
            }
            value = value * 10 + digit;
            if (value > MAX_VERSION) {
                throw malformed();
            }
        }
        if (from >= to) {
            throw malformed();
        }
        return value;
    }

    private static @Nullable Name name(String list, int from, int to) {
        for (Name name : NAMES) {
            if (name.word.length() == to - from && list.startsWith(name.word, from)) {
                return name;
            }
        }
        return null;
    }

    static boolean isAlphanumeric(int c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }

    private static ProtocolException malformed() {
        return new ProtocolException("a malformed list of subprotocol versions");
    }

    private static Protocols ours(String list) {
        try {
            return parse(list);
        } catch (ProtocolException e) {
            throw new IllegalStateException(e);
        }
    }
}
