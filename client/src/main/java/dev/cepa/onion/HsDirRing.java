package dev.cepa.onion;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.crypto.Primitives;
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.Protocols;
import dev.cepa.netdoc.RelayFlags;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The ring on which onion-service directories stand in one time period, in an order that nobody could foresee
 * (rend-spec-v3 section 2.2.3). Immutable, thread-safe. A relay is an index of 32 bytes and a number of the snapshot: about
 * 36 bytes each.
 */
public final class HsDirRing {
    private static final int INDEX = 32;
    /** Voting rounds in which one shared random value is made. */
    private static final int RUN = 24;

    private static final byte[] STORE_AT = "store-at-idx".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NODE = "node-idx".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DISASTER = "shared-random-disaster".getBytes(StandardCharsets.US_ASCII);

    private final NetDir dir;
    private final TimePeriod period;
    /** One after the other, ascending. */
    private final byte[] indexes;

    private final int[] relays;

    /** How many directories a descriptor is on. */
    private final int replicas;

    private HsDirRing(NetDir dir, TimePeriod period, byte[] indexes, int[] relays) {
        this.dir = dir;
        this.period = period;
        this.indexes = indexes;
        this.relays = relays;
        this.replicas = dir.consensus().param("hsdir_n_replicas", 2, 1, 16);
    }

    /** The ring that clients look for descriptors on. */
    public static HsDirRing forFetching(NetDir dir, boolean testing) {
        ConsensusInfo consensus = dir.consensus();
        TimePeriod period = TimePeriod.of(consensus, testing);
        byte[] random = isBeforeSharedRandom(consensus, period)
                ? consensus.currentSharedRandom()
                : consensus.previousSharedRandom();
        return of(dir, period, random);
    }

    /**
     * One of the two rings that a service puts its descriptors on: the earlier is for clients whose consensus is older.
     *
     * @param second whether it is the later one
     */
    public static HsDirRing forStoring(NetDir dir, boolean second, boolean testing) {
        ConsensusInfo consensus = dir.consensus();
        TimePeriod current = TimePeriod.of(consensus, testing);
        boolean before = isBeforeSharedRandom(consensus, current);
        if (second) {
            return of(dir, before ? current : current.next(), consensus.currentSharedRandom());
        }
        return of(dir, before ? current.previous() : current, consensus.previousSharedRandom());
    }

    /**
     * Whether the consensus is of the time between the start of a period and the next shared random value: half of each
     * day. Then the current value is that of the current period, otherwise it is already the next one's.
     */
    static boolean isBeforeSharedRandom(ConsensusInfo consensus, TimePeriod period) {
        TimePeriod atRunStart =
                TimePeriod.at(sharedRandomRun(consensus), period.lengthMinutes(), period.offsetSeconds());
        return !consensus.validAfter().isBefore(atRunStart.end());
    }

    /** When the authorities began to make the shared random value that is not yet in the consensus. */
    static Instant sharedRandomRun(ConsensusInfo consensus) {
        long round = TimePeriod.votingSeconds(consensus);
        long validAfter = consensus.validAfter().getEpochSecond();
        // A run begins with the round whose number is divisible by 24.
        return Instant.ofEpochSecond(validAfter - validAfter / round % RUN * round);
    }

    /** When they began to make the one before. */
    static Instant lastSharedRandomRun(ConsensusInfo consensus) {
        return sharedRandomRun(consensus).minusSeconds(RUN * TimePeriod.votingSeconds(consensus));
    }

    /** @param sharedRandom 32 bytes; null if the authorities agreed on none: then one that can be foreseen */
    static HsDirRing of(NetDir dir, TimePeriod period, byte @Nullable [] sharedRandom) {
        byte[] random = sharedRandom != null ? sharedRandom : Primitives.sha3(DISASTER, period.lengthThenNumber());
        int count = 0;
        for (int relay = 0; relay < dir.size(); relay++) {
            count += isDirectory(dir, relay) ? 1 : 0;
        }
        byte[][] entries = new byte[count][];
        int at = 0;
        for (int relay = 0; relay < dir.size(); relay++) {
            Ed25519Id id = isDirectory(dir, relay) ? dir.ed25519Id(relay) : null;
            if (id != null) {
                entries[at++] = new ByteWriter(INDEX + 4)
                        .bytes(relayIndex(id.toBytes(), random, period))
                        .u32(relay)
                        .toByteArray();
            }
        }
        Arrays.sort(entries, Arrays::compareUnsigned);
        int[] relays = new int[count];
        byte[] indexes = new byte[INDEX * count];
        for (int i = 0; i < count; i++) {
            byte[] e = entries[i];
            System.arraycopy(e, 0, indexes, INDEX * i, INDEX);
            relays[i] = (e[32] & 0xff) << 24 | (e[33] & 0xff) << 16 | (e[34] & 0xff) << 8 | e[35] & 0xff;
        }
        return new HsDirRing(dir, period, indexes, relays);
    }

    private static boolean isDirectory(NetDir dir, int relay) {
        int flags = RelayFlags.HS_DIR | RelayFlags.RUNNING | RelayFlags.VALID;
        return (dir.flags(relay) & flags) == flags
                && dir.hasMicrodesc(relay)
                && dir.supports(relay, Protocols.Name.HS_DIR, 2)
                && dir.ed25519Id(relay) != null;
    }

    static byte[] relayIndex(byte[] identity, byte[] sharedRandom, TimePeriod period) {
        return Primitives.sha3(NODE, identity, sharedRandom, period.numberThenLength());
    }

    static byte[] serviceIndex(byte[] blindedKey, int replica, TimePeriod period) {
        return Primitives.sha3(
                STORE_AT, blindedKey, new ByteWriter(8).i64(replica).toByteArray(), period.lengthThenNumber());
    }

    /** The time period that it is of. */
    public TimePeriod period() {
        return period;
    }

    /** The snapshot whose relays it numbers. */
    public NetDir dir() {
        return dir;
    }

    /** Where a relay stands on it, 64 hexadecimal digits; null if it does not. */
    @Nullable String index(int relay) {
        for (int i = 0; i < relays.length; i++) {
            if (relays[i] == relay) {
                return HexFormat.of().withUpperCase().formatHex(indexes, INDEX * i, INDEX * (i + 1));
            }
        }
        return null;
    }

    /** Directories that a client may ask for a descriptor: numbers in the snapshot, replica by replica. */
    public int[] fetchFrom(byte[] blindedKey) {
        return responsible(blindedKey, dir.consensus().param("hsdir_spread_fetch", 3, 1, 128));
    }

    /** Directories that a service puts its descriptor on. */
    public int[] storeAt(byte[] blindedKey) {
        return responsible(blindedKey, dir.consensus().param("hsdir_spread_store", 4, 1, 128));
    }

    private int[] responsible(byte[] blindedKey, int spread) {
        int[] found = new int[Math.min(replicas * spread, relays.length)];
        int count = 0;
        boolean[] taken = new boolean[relays.length];
        for (int replica = 1; replica <= replicas; replica++) {
            int start = firstFrom(serviceIndex(blindedKey, replica, period));
            int added = 0;
            for (int i = 0; i < relays.length && added < spread; i++) {
                int at = (start + i) % relays.length;
                if (!taken[at]) {
                    taken[at] = true;
                    found[count++] = relays[at];
                    added++;
                }
            }
        }
        return Arrays.copyOf(found, count);
    }

    /** The first that is not below that index. */
    private int firstFrom(byte[] index) {
        int low = 0;
        int high = relays.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            int at = INDEX * middle;
            if (Arrays.compareUnsigned(indexes, at, at + INDEX, index, 0, INDEX) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
