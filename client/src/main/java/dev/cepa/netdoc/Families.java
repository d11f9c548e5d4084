package dev.cepa.netdoc;

import dev.cepa.cell.RsaId;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Families of relays in a compact form (dir-spec section 3.3): of a {@code family} line, a count of identities in two
 * bytes, the identities, ascending, 20 bytes each, and then the nicknames, each a length and its letters in lower
 * case; of a {@code family-ids} line its text. The empty form is no family. Stateless.
 */
final class Families {
    private static final int MAX_NICKNAME = 19;
    private static final int MAX_MEMBERS = 6000; // as many as fit the longest line

    private Families() {}

    /** The compact form of a {@code family} line whose arguments are next; members that are malformed are left out. */
    static byte[] encode(LineReader lines) {
        byte[] doc = lines.doc();
        int count = 0;
        byte[] ids = new byte[RsaId.LENGTH * 8];
        byte[] names = new byte[0];
        while (lines.nextWord()) {
            int from = lines.wordStart();
            int length = lines.wordEnd() - from;
            if (doc[from] == '$') {
                // $ID, $ID=nickname and $ID~nickname: the identity alone counts.
                int end = from + 1 + 2 * RsaId.LENGTH;
                if (count == MAX_MEMBERS
                        || lines.wordEnd() < end
                        || (lines.wordEnd() > end && doc[end] != '=' && doc[end] != '~')) {
                    continue;
                }
                if (RsaId.LENGTH * (count + 1) > ids.length) {
                    ids = Arrays.copyOf(ids, 2 * ids.length);
                }
                if (Text.hex(doc, from + 1, ids, RsaId.LENGTH * count, RsaId.LENGTH)) {
                    count += insert(ids, count);
                }
            } else if (length <= MAX_NICKNAME) {
                int at = names.length;
                names = Arrays.copyOf(names, at + 1 + length);
                names[at] = (byte) length;
                for (int i = 0; i < length; i++) {
                    names[at + 1 + i] = (byte) lower(doc[from + i]);
                }
            }
        }
        if (count == 0 && names.length == 0) {
            return names;
        }
        byte[] out = new byte[2 + RsaId.LENGTH * count + names.length];
        out[0] = (byte) (count >> 8);
        out[1] = (byte) count;
        System.arraycopy(ids, 0, out, 2, RsaId.LENGTH * count);
        System.arraycopy(names, 0, out, 2 + RsaId.LENGTH * count, names.length);
        return out;
    }

    /** Moves the identity at row {@code count} to its place among those before; 0 if it is there already. */
    private static int insert(byte[] ids, int count) {
        int last = RsaId.LENGTH * count;
        int place = find(ids, 0, count, ids, last);
        if (place >= 0) {
            return 0;
        }
        int at = RsaId.LENGTH * -(place + 1);
        if (at < last) { // authorities sort them, so hardly ever
            byte[] id = Arrays.copyOfRange(ids, last, last + RsaId.LENGTH);
            System.arraycopy(ids, at, ids, at + RsaId.LENGTH, last - at);
            System.arraycopy(id, 0, ids, at, RsaId.LENGTH);
        }
        return 1;
    }

    /**
     * Row of {@code wanted[at, at + 20)} among {@code count} sorted identities from {@code from} on; or -(place) - 1.
     */
    private static int find(byte[] ids, int from, int count, byte[] wanted, int at) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int row = from + RsaId.LENGTH * middle;
            int order = Arrays.compareUnsigned(ids, row, row + RsaId.LENGTH, wanted, at, at + RsaId.LENGTH);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -low - 1;
    }

    /** Whether family {@code number} of the pool lists that relay, by identity or by nickname. */
    static boolean lists(InternPool families, int number, Consensus consensus, int relay) {
        return lists(families.bytes(), families.start(number), families.end(number), consensus, relay);
    }

    /** Whether the family in {@code bytes[start, end)} does. */
    static boolean lists(byte[] bytes, int start, int end, Consensus consensus, int relay) {
        int nickname = consensus.nicknameStart(relay);
        return lists(
                bytes, start, end, consensus.relays.ids, RsaId.LENGTH * relay, consensus.relays.nicknames, nickname,
                consensus.relays.nicknameEnds[relay] - nickname);
    }

    /** Whether family {@code number} of the pool lists a relay that the consensus does not. */
    static boolean lists(InternPool families, int number, ServerDescriptor relay) {
        byte[] nickname = relay.nickname().getBytes(StandardCharsets.US_ASCII);
        return lists(
                families.bytes(), families.start(number), families.end(number), relay.rsaId().toBytes(), 0, nickname, 0,
                nickname.length);
    }

    private static boolean lists(
            byte[] bytes, int start, int end, byte[] ids, int id, byte[] nicknames, int nickname, int length) {
        if (start == end) {
            return false;
        }
        int count = (bytes[start] & 0xff) << 8 | (bytes[start + 1] & 0xff);
        if (find(bytes, start + 2, count, ids, id) >= 0) {
            return true;
        }
        for (int at = start + 2 + RsaId.LENGTH * count; at < end; at += 1 + bytes[at]) {
            int matched = 0;
            while (matched < length
                    && bytes[at] == length
                    && bytes[at + 1 + matched] == lower(nicknames[nickname + matched])) {
                matched++;
            }
            if (matched == length) {
                return true;
            }
        }
        return false;
    }

    /** Whether two {@code family-ids} lines of the pool have a word in common. */
    static boolean meet(InternPool ids, int a, int b) {
        if (a == b) {
            return ids.start(a) < ids.end(a);
        }
        return meet(ids.bytes(), ids.start(a), ids.end(a), ids.bytes(), ids.start(b), ids.end(b));
    }

    /** Whether a {@code family-ids} line of the pool and another have a word in common. */
    static boolean meet(InternPool ids, int a, byte[] other) {
        return meet(ids.bytes(), ids.start(a), ids.end(a), other, 0, other.length);
    }

    private static boolean meet(byte[] a, int startA, int endA, byte[] b, int startB, int endB) {
        for (int atA = startA; atA < endA; ) {
            int stopA = stop(a, atA, endA);
            for (int atB = startB; atB < endB; ) {
                int stopB = stop(b, atB, endB);
                if (atA < stopA && Arrays.equals(a, atA, stopA, b, atB, stopB)) {
                    return true;
                }
                atB = stopB + 1;
            }
            atA = stopA + 1;
        }
        return false;
    }

    private static int stop(byte[] bytes, int from, int end) {
        int at = from;
        while (at < end && bytes[at] != ' ') {
            at++;
        }
        return at;
    }

    private static int lower(byte c) {
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
}
