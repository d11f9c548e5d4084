package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.netdoc.NetDir;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One sampled guard: what the state file keeps of it, and what we found out in this run (guard-spec section 4). Owned by
 * its {@link GuardSample}, under the lock of {@link GuardManager}. Times are in seconds since 1970; 0 means never.
 */
final class Guard {
    /** What we know of whether it can be reached. */
    enum Reachability {
        YES,
        NO,
        MAYBE
    }

    private static final String[] KNOWN = {
        "in", "rsa_id", "nickname", "sampled_on", "sampled_idx", "sampled_by", "unlisted_since", "listed", "confirmed_on",
        "confirmed_idx", "bridge_addr"
    };
    private static final long SIX_HOURS = 6 * 3600;
    private static final long DAY = 86_400;

    /** Of a bridge whose identity is not known yet, one that nobody has. */
    RsaId id;
    /** Where a bridge is reached; null for a relay. */
    final @Nullable InetSocketAddress bridge;
    final String nickname;
    final long sampledOn;
    final String sampledBy;
    /** How its circuits fare. */
    final PathBias bias = new PathBias();
    /** Fields of the state file that are not ours, as they were. */
    private final String otherFields;

    int sampledIdx;
    boolean listed = true;
    long unlistedSince;
    long confirmedOn;
    int confirmedIdx = -1;

    Reachability reachable = Reachability.MAYBE;
    /** Whether the settings let us use it and it is listed. */
    boolean filtered;
    boolean primary;
    /** Whether an attempt through it is under way whose circuit would have to wait. */
    boolean pending;
    long failingSince;
    /** Whether nothing came from the network, from any relay, while it failed last. */
    boolean failedInSilence;

    long lastTried;
    /** Whether it is no longer in any sample; circuits through it end. */
    boolean removed;
    /** Of a bridge, whether its descriptor is known; the rest is said of bridges whose identity is. */
    boolean described;

    boolean identified = true;
    /** What people are shown instead of who and where it is; empty for a relay. */
    String shown = "";

    Guard(RsaId id, String nickname, long sampledOn, String sampledBy) {
        this(id, null, nickname, sampledOn, sampledBy, "");
    }

    /** A bridge that is sampled now. */
    Guard(RsaId id, InetSocketAddress bridge, long sampledOn, String sampledBy) {
        this(id, bridge, "", sampledOn, sampledBy, "");
    }

    private Guard(
            RsaId id, @Nullable InetSocketAddress bridge, String nickname, long sampledOn, String sampledBy,
            String otherFields) {
        this.id = id;
        this.bridge = bridge;
        this.nickname = nickname;
        this.sampledOn = sampledOn;
        this.sampledBy = sampledBy;
        this.otherFields = otherFields;
    }

    /**
     * Reads the value of a {@code Guard} line.
     *
     * @param now stands in for a missing or unreadable time of sampling
     * @return null if it has no readable identity, or an address that can't be read
     */
    static @Nullable Guard parse(String line, long now) {
        String[] values = new String[KNOWN.length];
        StringBuilder others = new StringBuilder();
        List<String> biasFields = new ArrayList<>();
        int at = 0;
        while (at < line.length()) {
            int end = line.indexOf(' ', at);
            end = end < 0 ? line.length() : end;
            String field = line.substring(at, end);
            at = end + 1;
            int equals = field.indexOf('=');
            int known = equals < 0 ? -1 : indexOf(field.substring(0, equals));
            if (known >= 0) {
                // The first of several counts; the others say nothing that anybody would miss.
                values[known] = values[known] == null ? field.substring(equals + 1) : values[known];
            } else if (equals >= 0 && field.startsWith("pb_")) {
                biasFields.add(field);
            } else if (!field.isEmpty()) {
                others.append(' ').append(field);
            }
        }
        RsaId id;
        try {
            id = RsaId.ofHex(values[1] == null ? "" : values[1]);
        } catch (IllegalArgumentException e) {
            return null;
        }
        long sampledOn = time(values[3]);
        InetSocketAddress bridge = values[10] == null ? null : BridgeLine.addressAndPort(values[10], 0);
        if (values[10] != null && bridge == null) {
            return null;
        }
        Guard guard = new Guard(
                id, bridge, values[2] != null && RelaySet.isNickname(values[2]) ? values[2] : "",
                sampledOn > 0 ? sampledOn : now, values[5] == null ? "" : values[5], others.toString());
        for (String field : biasFields) {
            guard.parseBias(field);
        }
        guard.confirmedIdx = index(values[9], -1);
        guard.confirmedOn = guard.confirmedIdx < 0 ? 0 : Math.max(0, time(values[8]));
        // States of before the sample was ordered have no sampled_idx; what was confirmed then goes first, in its order.
        guard.sampledIdx = index(values[4], guard.confirmedIdx >= 0 ? guard.confirmedIdx : Integer.MAX_VALUE);
        guard.unlistedSince = Math.max(0, time(values[6]));
        guard.listed = values[7] != null && !values[7].equals("0");
        return guard;
    }

    /** The {@code in} field of a {@code Guard} line: the name of its sample; empty if there is none. */
    static String sampleOf(String line) {
        int at = line.startsWith("in=") ? 3 : line.indexOf(" in=") + 4;
        if (at < 4 && !line.startsWith("in=")) {
            return "";
        }
        int end = line.indexOf(' ', at);
        return line.substring(at, end < 0 ? line.length() : end);
    }

    /** The value of its {@code Guard} line. */
    String format(String sample, int denseSampledIdx) {
        StringBuilder out = new StringBuilder(200);
        out.append("in=").append(sample).append(" rsa_id=").append(id);
        if (bridge != null) {
            out.append(" bridge_addr=").append(BridgeLine.text(bridge));
        }
        if (!nickname.isEmpty()) {
            out.append(" nickname=").append(nickname);
        }
        out.append(" sampled_on=").append(StateTime.format(sampledOn, 'T')).append(" sampled_idx=").append(denseSampledIdx);
        if (!sampledBy.isEmpty()) {
            out.append(" sampled_by=").append(sampledBy);
        }
        if (unlistedSince > 0) {
            out.append(" unlisted_since=").append(StateTime.format(unlistedSince, 'T'));
        }
        out.append(" listed=").append(listed ? '1' : '0');
        if (confirmedIdx >= 0) {
            out.append(" confirmed_on=").append(StateTime.format(confirmedOn, 'T'))
                    .append(" confirmed_idx=").append(confirmedIdx);
        }
        bias.format(out);
        return out.append(otherFields).toString();
    }

    private void parseBias(String field) {
        int equals = field.indexOf('=');
        for (int i = 0; i < PathBias.FIELDS.length; i++) {
            if (PathBias.FIELDS[i].equals(field.substring(0, equals))) {
                bias.parse(i, field.substring(equals + 1));
            }
        }
    }

    boolean isConfirmed() {
        return confirmedIdx >= 0;
    }

    /** Whether it may be tried: the settings let us, and it is not known to be down. */
    boolean isUsable() {
        return filtered && reachable != Reachability.NO;
    }

    /** Whether a circuit can begin with it: its keys are known. */
    boolean hasMicrodesc(NetDir dir) {
        if (bridge != null) {
            return described;
        }
        int relay = dir.indexOf(id);
        return relay >= 0 && dir.hasMicrodesc(relay);
    }

    /**
     * Lets a guard that is down be tried again once its time has come. A bridge without a descriptor is tried by whoever
     * fetches that, and by nobody else.
     */
    void considerRetry(long now) {
        if (reachable == Reachability.NO && !isUnknownBridge() && now >= retryAt(now)) {
            reachable = Reachability.MAYBE;
        }
    }

    /** When it may be tried again, if it is down: the longer it has been down, the later (C tor's schedule). */
    long retryAt(long now) {
        return lastTried + retryDelay(Math.max(0, now - failingSince), primary);
    }

    /** Seconds from one attempt to the next for a guard that has been down for so many seconds. */
    static long retryDelay(long failingFor, boolean primary) {
        if (failingFor <= SIX_HOURS) {
            return primary ? 10 * 60 : 3600;
        }
        if (failingFor <= 4 * DAY) {
            return primary ? 90 * 60 : 4 * 3600;
        }
        if (failingFor <= 7 * DAY) {
            return primary ? 4 * 3600 : 18 * 3600;
        }
        return primary ? 9 * 3600 : 36 * 3600;
    }

    private boolean isUnknownBridge() {
        return bridge != null && !described;
    }

    void markMaybeReachable() {
        if (reachable == Reachability.NO && !isUnknownBridge()) {
            // failingSince stays: it has not been found up.
            reachable = Reachability.MAYBE;
        }
    }

    /** Whether this guard's circuits are preferred to the other's (guard-spec section 4.8). */
    boolean isBetterThan(Guard other) {
        if (this == other) {
            return false;
        }
        if (isConfirmed() || other.isConfirmed()) {
            return isConfirmed() && (!other.isConfirmed() || confirmedIdx < other.confirmedIdx);
        }
        return pending && (!other.pending || lastTried < other.lastTried);
    }

    /** As control-port events name it, but for bridges. */
    @Override
    public String toString() {
        if (!shown.isEmpty()) {
            return shown;
        }
        return nickname.isEmpty() ? "$" + id : "$" + id + "~" + nickname;
    }

    private static int indexOf(String key) {
        for (int i = 0; i < KNOWN.length; i++) {
            if (KNOWN[i].equals(key)) {
                return i;
            }
        }
        return -1;
    }

    private static long time(@Nullable String text) {
        return text == null ? 0 : StateTime.parse(text, 'T');
    }

    private static int index(@Nullable String text, int fallback) {
        int index = text == null ? -1 : AddressPattern.number(text);
        return index < 0 ? fallback : index;
    }
}
