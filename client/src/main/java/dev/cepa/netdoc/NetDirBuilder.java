package dev.cepa.netdoc;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.ProtocolException;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Collects the microdescriptors of one consensus and makes snapshots of it (dir-spec section 3.3). A microdescriptor
 * is taken if the consensus lists its digest, so what nobody signed is never even parsed; those that an older
 * snapshot has and the new consensus still lists are carried over by {@link #reuse}, and the others are thereby
 * dropped.
 *
 * <p>Not thread-safe; whoever fetches the directory owns it. The snapshots are immutable.
 */
public final class NetDirBuilder {
    /** No relay's descriptor may be longer than 20,000 bytes, and a microdescriptor is a part of it. */
    private static final int MAX_MICRODESC = 20_000;

    private final Consensus consensus;
    private final NetDir.Microdescs columns;
    private final MessageDigest sha256 = Primitives.sha256();
    private final byte[] digest = new byte[Consensus.DIGEST_LENGTH];
    private final byte[] policy = new byte[4 * 1001];
    /** Relays by their microdescriptor's digest: open addressing; relay + 1, or 0. */
    private final int[] byDigest;
    /** Relays whose microdescriptor came and can't be used. */
    private final BitSet unusable;

    /** Starts without a microdescriptor. */
    public NetDirBuilder(Consensus consensus) {
        this.consensus = consensus;
        int size = consensus.size();
        columns = new NetDir.Microdescs(size);
        unusable = new BitSet(size);
        byDigest = new int[Integer.highestOneBit(Math.max(size, 8)) * 4];
        for (int relay = 0; relay < size; relay++) {
            int slot = slot(consensus.relays.microdescDigests, Consensus.DIGEST_LENGTH * relay);
            while (byDigest[slot] != 0) {
                slot = (slot + 1) & byDigest.length - 1;
            }
            byDigest[slot] = relay + 1;
        }
    }

    public Consensus consensus() {
        return consensus;
    }

    /**
     * Takes the microdescriptors in {@code text[from, to)}, an answer to {@code /tor/micro/d/} or (part of) a cache
     * file; annotation lines before each are passed over. A last one that is cut short has another digest, so it is
     * not taken.
     *
     * @return how many were taken; not counted are those that are not listed, known already, or malformed
     */
    public int add(byte[] text, int from, int to) {
        int taken = 0;
        int start = -1;
        int line = from;
        while (line < to) {
            boolean first = startsWith(text, line, to, "onion-key");
            if (start >= 0 && (first || text[line] == '@')) {
                taken += addOne(text, start, line);
                start = -1;
            }
            if (first) {
                start = line;
            }
            while (line < to && text[line] != '\n') {
                line++;
            }
            line++;
        }
        return start >= 0 ? taken + addOne(text, start, to) : taken;
    }

    /** Takes one microdescriptor; the number of relays that lacked it. */
    private int addOne(byte[] text, int from, int to) {
        if (to - from > MAX_MICRODESC) {
            return 0;
        }
        sha256.update(text, from, to - from);
        try {
            sha256.digest(digest, 0, digest.length);
        } catch (DigestException e) {
            throw new IllegalStateException(e); // the array has the digest's length
        }
        int taken = 0;
        int slot = slot(digest, 0);
        for (; byDigest[slot] != 0; slot = (slot + 1) & byDigest.length - 1) {
            int relay = byDigest[slot] - 1;
            if (columns.present.get(relay) || unusable.get(relay) || !lists(relay, digest, 0)) {
                continue;
            }
            try {
                parse(relay, new LineReader(text, from, to, "microdescriptor"));
                columns.present.set(relay);
                taken++;
            } catch (ProtocolException e) {
                // The authorities listed it all the same; without its keys the relay can't be used, and asking again is
                // of no use.
                unusable.set(relay);
                clear(relay);
            }
        }
        return taken;
    }

    /** Whether the relay's microdescriptor has the digest that is at that place. */
    private boolean lists(int relay, byte[] digests, int at) {
        int own = Consensus.DIGEST_LENGTH * relay;
        int length = Consensus.DIGEST_LENGTH;
        return Arrays.equals(consensus.relays.microdescDigests, own, own + length, digests, at, at + length);
    }

    private void parse(int relay, LineReader lines) throws ProtocolException {
        boolean ntor = false;
        boolean ed25519 = false;
        boolean family = false;
        boolean ids = false;
        boolean p = false;
        boolean p6 = false;
        if (!lines.nextLine() || !lines.is("onion-key")) {
            throw lines.error("is not onion-key");
        }
        lines.skipUnknown(); // its RSA object, which may be absent, is for a handshake of the past
        while (lines.nextLine()) {
            if (lines.is("ntor-onion-key")) {
                once(lines, !ntor);
                ntor = true;
                lines.word().base64(columns.ntorKeys, 32 * relay, 32);
            } else if (lines.is("id")) {
                if (lines.word().is("ed25519")) {
                    once(lines, !ed25519);
                    ed25519 = true;
                    lines.word().base64(columns.ed25519, Ed25519Id.LENGTH * relay, Ed25519Id.LENGTH);
                }
            } else if (lines.is("family")) {
                once(lines, !family);
                family = true;
                byte[] members = Families.encode(lines);
                columns.families[relay] = number(lines, columns.familyPool.intern(members, 0, members.length));
            } else if (lines.is("family-ids")) {
                once(lines, !ids);
                ids = true;
                int number = columns.familyIdPool.intern(lines.doc(), lines.restStart(), lines.lineEnd());
                columns.familyIds[relay] = number(lines, number);
            } else if (lines.is("p")) {
                once(lines, !p);
                p = true;
                columns.policies4[relay] = policy(lines);
            } else if (lines.is("p6")) {
                once(lines, !p6);
                p6 = true;
                columns.policies6[relay] = policy(lines);
            } else {
                // An "a" line is of no use either: the consensus has the addresses (method 28).
                lines.skipUnknown();
            }
        }
        if (!ntor || isZero(columns.ntorKeys, 32 * relay)) {
            throw lines.error("ends a microdescriptor without an ntor key");
        }
    }

    private static void once(LineReader lines, boolean first) throws ProtocolException {
        if (!first) {
            throw lines.error("repeats an item that may be there once");
        }
    }

    private char policy(LineReader lines) throws ProtocolException {
        int length = ExitPolicySummary.encode(lines.doc(), lines.restStart(), lines.lineEnd(), policy);
        if (length < 0) {
            throw lines.error("has an exit policy summary that is malformed");
        }
        return number(lines, columns.policyPool.intern(policy, 0, length));
    }

    private static char number(LineReader lines, int number) throws ProtocolException {
        if (number < 0) {
            throw lines.error("is one too many of different families or exit policies");
        }
        return (char) number;
    }

    private static boolean isZero(byte[] keys, int at) {
        int or = 0;
        for (int i = at; i < at + 32; i++) {
            or |= keys[i];
        }
        return or == 0;
    }

    private void clear(int relay) {
        Arrays.fill(columns.ntorKeys, 32 * relay, 32 * (relay + 1), (byte) 0);
        Arrays.fill(columns.ed25519, Ed25519Id.LENGTH * relay, Ed25519Id.LENGTH * (relay + 1), (byte) 0);
        columns.families[relay] = 0;
        columns.familyIds[relay] = 0;
        columns.policies4[relay] = 0;
        columns.policies6[relay] = 0;
    }

    /** Takes over from an older snapshot what this consensus lists as well; how many it was. */
    public int reuse(NetDir older) {
        NetDir.Microdescs from = older.microdescs;
        byte[] digests = older.document().relays.microdescDigests;
        char[] families = new char[from.familyPool.size()];
        char[] ids = new char[from.familyIdPool.size()];
        char[] policies = new char[from.policyPool.size()];
        int taken = 0;
        for (int old = from.present.nextSetBit(0); old >= 0; old = from.present.nextSetBit(old + 1)) {
            int at = Consensus.DIGEST_LENGTH * old;
            for (int slot = slot(digests, at); byDigest[slot] != 0; slot = (slot + 1) & byDigest.length - 1) {
                int relay = byDigest[slot] - 1;
                if (columns.present.get(relay) || !lists(relay, digests, at)) {
                    continue;
                }
                System.arraycopy(from.ntorKeys, 32 * old, columns.ntorKeys, 32 * relay, 32);
                System.arraycopy(from.ed25519, 32 * old, columns.ed25519, 32 * relay, 32);
                columns.families[relay] = carry(from.families[old], from.familyPool, columns.familyPool, families);
                columns.familyIds[relay] = carry(from.familyIds[old], from.familyIdPool, columns.familyIdPool, ids);
                columns.policies4[relay] = carry(from.policies4[old], from.policyPool, columns.policyPool, policies);
                columns.policies6[relay] = carry(from.policies6[old], from.policyPool, columns.policyPool, policies);
                columns.present.set(relay);
                taken++;
            }
        }
        return taken;
    }

    /** The number in the new pool of what has {@code number} in the old one; {@code known} remembers. */
    private static char carry(char number, InternPool from, InternPool to, char[] known) {
        if (number != 0 && known[number] == 0) {
            // Never full: a pool that holds what two generations of relays say is far below its bound.
            int carried = to.intern(from.bytes(), from.start(number), from.end(number));
            known[number] = (char) Math.max(carried, 0);
        }
        return known[number];
    }

    /** The relays whose microdescriptor has not come, in the consensus' order; none that came and could not be used. */
    public int[] missing() {
        int size = consensus.size();
        int[] missing = new int[size - columns.present.cardinality() - unusable.cardinality()];
        int count = 0;
        for (int relay = 0; relay < size; relay++) {
            if (!columns.present.get(relay) && !unusable.get(relay)) {
                missing[count++] = relay;
            }
        }
        return missing;
    }

    /** Number of relays whose microdescriptor came, has the listed digest, and is malformed. */
    public int malformed() {
        return unusable.cardinality();
    }

    /** The snapshot as of now; what is added later is not in it. */
    public NetDir build() {
        return new NetDir(consensus, columns.frozen());
    }

    private int slot(byte[] digests, int at) {
        int hash = (digests[at] & 0xff) << 24
                | (digests[at + 1] & 0xff) << 16
                | (digests[at + 2] & 0xff) << 8
                | (digests[at + 3] & 0xff);
        return hash & byDigest.length - 1;
    }

    private static boolean startsWith(byte[] text, int at, int to, String prefix) {
        if (to - at < prefix.length()) {
            return false;
        }
        for (int i = 0; i < prefix.length(); i++) {
            if (text[at + i] != prefix.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
