package dev.cepa.netdoc;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * One immutable snapshot of the network: a consensus, and those of its microdescriptors that we have. Relays are
 * numbered from 0 to {@link #size()}-1 in the consensus' order; the numbers hold for this snapshot only. Thread-safe.
 * Made by {@link NetDirBuilder}.
 *
 * <p>What microdescriptors say stands in columns beside those of {@link Consensus}, row by row, about 85 bytes a
 * relay. What many relays say alike (families, exit policies) is in pools of distinct values, a relay having its
 * number.
 *
 * <p>With bridges in use it is a {@link BridgedNetDir}, where they have the numbers from {@link #size()} on.
 */
public class NetDir {
    /** Bits of a relay's number; {@link ConsensusParser#MAX_RELAYS} fits. */
    private static final int INDEX_BITS = 20;

    private final Consensus consensus;
    final Microdescs microdescs;
    private final boolean familyLists;
    private final boolean familyIds;
    /** Relays that have an Ed25519 identity, by the first bits of it and then by number. */
    private final int[] byEd25519;

    /** The columns of the microdescriptors; after {@link #frozen()} nobody changes them. */
    static final class Microdescs {
        final BitSet present;
        final byte[] ntorKeys;
        /** All zeros where there is none. */
        final byte[] ed25519;

        final char[] families;
        final char[] familyIds;
        final char[] policies4;
        final char[] policies6;
        final InternPool familyPool;
        final InternPool familyIdPool;
        final InternPool policyPool;

        Microdescs(int size) {
            present = new BitSet(size);
            ntorKeys = new byte[32 * size];
            ed25519 = new byte[Ed25519Id.LENGTH * size];
            families = new char[size];
            familyIds = new char[size];
            policies4 = new char[size];
            policies6 = new char[size];
            familyPool = new InternPool();
            familyIdPool = new InternPool();
            policyPool = new InternPool();
        }

        private Microdescs(Microdescs other) {
            present = (BitSet) other.present.clone();
            ntorKeys = other.ntorKeys.clone();
            ed25519 = other.ed25519.clone();
            families = other.families.clone();
            familyIds = other.familyIds.clone();
            policies4 = other.policies4.clone();
            policies6 = other.policies6.clone();
            familyPool = other.familyPool.frozen();
            familyIdPool = other.familyIdPool.frozen();
            policyPool = other.policyPool.frozen();
        }

        Microdescs frozen() {
            return new Microdescs(this);
        }
    }

    NetDir(Consensus consensus, Microdescs microdescs) {
        this.consensus = consensus;
        this.microdescs = microdescs;
        this.familyLists = consensus.info().param("use-family-lists", 1, 0, 1) == 1;
        this.familyIds = consensus.info().param("use-family-ids", 1, 0, 1) == 1;
        this.byEd25519 = indexByEd25519();
    }

    /** The same snapshot; shares everything. */
    NetDir(NetDir other) {
        this.consensus = other.consensus;
        this.microdescs = other.microdescs;
        this.familyLists = other.familyLists;
        this.familyIds = other.familyIds;
        this.byEd25519 = other.byEd25519;
    }

    /** What we know of a bridge that has this number; null if it is none of ours. */
    public @Nullable BridgeRelay bridge(int relay) {
        return null;
    }

    /** Up to which number, it not included, there are relays: more than {@link #size} with bridges that nobody lists. */
    public int limit() {
        return size();
    }

    private int[] indexByEd25519() {
        BitSet present = microdescs.present;
        long[] keys = new long[present.cardinality()];
        int count = 0;
        for (int relay = present.nextSetBit(0); relay >= 0; relay = present.nextSetBit(relay + 1)) {
            if (hasEd25519(relay)) {
                keys[count++] = prefix(microdescs.ed25519, Ed25519Id.LENGTH * relay) << INDEX_BITS | relay;
            }
        }
        Arrays.sort(keys, 0, count);
        int[] index = new int[count];
        for (int i = 0; i < count; i++) {
            index[i] = (int) keys[i] & (1 << INDEX_BITS) - 1;
        }
        return index;
    }

    /** The first 43 bits of an identity: with them and a number in one long, sorting needs no objects. */
    private static long prefix(byte[] bytes, int at) {
        long value = 0;
        for (int i = 0; i < 8; i++) {
            value = value << 8 | (bytes[at + i] & 0xff);
        }
        return value >>> INDEX_BITS + 1;
    }

    /** Lifetime, parameters, bandwidth weights, protocols of the consensus. */
    public ConsensusInfo consensus() {
        return consensus.info();
    }

    /** The consensus whole, for what serves it or replaces it. */
    public Consensus document() {
        return consensus;
    }

    /** Number of relays listed. */
    public int size() {
        return consensus.size();
    }

    /** The relay with that identity, or -1. */
    public int indexOf(RsaId id) {
        return consensus.indexOf(id);
    }

    /** The relay with that identity, or -1; only relays whose microdescriptor we have are found. */
    public int indexOf(Ed25519Id id) {
        byte[] wanted = id.toBytes();
        long prefix = prefix(wanted, 0);
        int low = 0;
        int high = byEd25519.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (prefix(microdescs.ed25519, Ed25519Id.LENGTH * byEd25519[middle]) < prefix) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for (; low < byEd25519.length; low++) {
            int at = Ed25519Id.LENGTH * byEd25519[low];
            if (Arrays.equals(microdescs.ed25519, at, at + Ed25519Id.LENGTH, wanted, 0, Ed25519Id.LENGTH)) {
                return byEd25519[low];
            }
            if (prefix(microdescs.ed25519, at) != prefix) {
                break;
            }
        }
        return -1;
    }

    public RsaId rsaId(int relay) {
        return consensus.rsaId(relay);
    }

    /** Null without a microdescriptor, or if it names none. */
    public @Nullable Ed25519Id ed25519Id(int relay) {
        consensus.checkIndex(relay);
        return hasEd25519(relay)
                ? Ed25519Id.of(microdescs.ed25519, Ed25519Id.LENGTH * relay, Ed25519Id.LENGTH)
                : null;
    }

    private boolean hasEd25519(int relay) {
        int or = 0;
        for (int i = Ed25519Id.LENGTH * relay; i < Ed25519Id.LENGTH * (relay + 1); i++) {
            or |= microdescs.ed25519[i];
        }
        return or != 0;
    }

    /** Its 32-byte ntor key, copied; null without a microdescriptor. */
    public byte @Nullable [] ntorKey(int relay) {
        consensus.checkIndex(relay);
        return hasMicrodesc(relay) ? Arrays.copyOfRange(microdescs.ntorKeys, 32 * relay, 32 * (relay + 1)) : null;
    }

    /** Decoded when asked for. */
    public String nickname(int relay) {
        return consensus.nickname(relay);
    }

    /** Bits of {@link RelayFlags}; none if the relay can't be reached by what the consensus says. */
    public int flags(int relay) {
        return consensus.relays.flags[relay] & ~Consensus.UNMEASURED;
    }

    /** Bandwidth of the {@code w} line in kilobytes a second; 0 if absent. */
    public long bandwidth(int relay) {
        return consensus.relays.bandwidths[relay] & 0xffff_ffffL;
    }

    /** Whether that bandwidth is the relay's own word, too few authorities having measured it. */
    public boolean isUnmeasured(int relay) {
        return (consensus.relays.flags[relay] & Consensus.UNMEASURED) != 0;
    }

    public InetSocketAddress ipv4(int relay) {
        return consensus.ipv4(relay);
    }

    /** Null if it has none. */
    public @Nullable InetSocketAddress ipv6(int relay) {
        return consensus.ipv6(relay);
    }

    /** Whether we have its microdescriptor; relays without one are not used for circuits. */
    public boolean hasMicrodesc(int relay) {
        return microdescs.present.get(relay);
    }

    /** Number of relays without a microdescriptor. */
    public int missingMicrodescs() {
        return size() - microdescs.present.cardinality();
    }

    /** Whether the relay's protocol line lists that version; see {@link Protocols}. */
    public boolean supports(int relay, Protocols.Name protocol, int version) {
        return protocols(relay).supports(protocol, version);
    }

    /** All that the relay's protocol line lists. */
    public Protocols protocols(int relay) {
        return consensus.relays.protocols[consensus.relays.protocolSets[relay]];
    }

    /** Whether its IPv4 exit policy summary takes most addresses at that port. */
    public boolean exitsTo4(int relay, int port) {
        return accepts(microdescs.policies4[relay], port);
    }

    /** Whether its IPv6 exit policy summary takes most addresses at that port. */
    public boolean exitsTo6(int relay, int port) {
        return accepts(microdescs.policies6[relay], port);
    }

    private boolean accepts(int policy, int port) {
        InternPool pool = microdescs.policyPool;
        return ExitPolicySummary.accepts(pool.bytes(), pool.start(policy), pool.end(policy), port);
    }

    /** Whether its exit policy takes any port at all, of either family. */
    public boolean exitsSomewhere(int relay) {
        return microdescs.policies4[relay] != 0 || microdescs.policies6[relay] != 0;
    }

    /**
     * Whether two relays belong together: each lists the other, or they share a family id (as the consensus
     * parameters {@code use-family-lists} and {@code use-family-ids} say). Says nothing of addresses. A relay is in
     * its own family.
     */
    public boolean sameFamily(int a, int b) {
        if (a == b) {
            return true;
        }
        if (familyLists
                && Families.lists(microdescs.familyPool, microdescs.families[a], consensus, b)
                && Families.lists(microdescs.familyPool, microdescs.families[b], consensus, a)) {
            return true;
        }
        return familyIds && Families.meet(microdescs.familyIdPool, microdescs.familyIds[a], microdescs.familyIds[b]);
    }

    /** The same of a listed relay and of one that tells us itself what it lists. */
    boolean sameFamily(int listed, ServerDescriptor other) {
        if (familyLists
                && Families.lists(other.family(), 0, other.family().length, consensus, listed)
                && Families.lists(microdescs.familyPool, microdescs.families[listed], other)) {
            return true;
        }
        return familyIds && Families.meet(microdescs.familyIdPool, microdescs.familyIds[listed], other.familyIds());
    }

    /** Whether they share an IPv4 /16 or an IPv6 /32. */
    public boolean sameSubnet(int a, int b) {
        Consensus.Relays relays = consensus.relays;
        if (relays.ipv4[a] >>> 16 == relays.ipv4[b] >>> 16) {
            return true;
        }
        if (relays.ipv6Count == 0) {
            return false;
        }
        int rowA = relays.ipv6Row(a);
        int rowB = rowA < 0 ? -1 : relays.ipv6Row(b);
        return rowB >= 0 && Arrays.equals(relays.ipv6, 16 * rowA, 16 * rowA + 4, relays.ipv6, 16 * rowB, 16 * rowB + 4);
    }
}
