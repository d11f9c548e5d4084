package dev.cepa.netdoc;

import dev.cepa.cell.RsaId;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A consensus of the microdescriptor flavour (dir-spec sections 3.4 and 3.9), parsed but not verified, which is
 * {@link ConsensusVerifier}'s work. Immutable, thread-safe.
 *
 * <p>The real network's has 9,000 relays, and a client keeps one or two of them in memory all the time. So a relay is
 * a row in primitive arrays, about 85 bytes, in the document's order, which is that of the identities: looking one up
 * is a binary search and needs no index. Nothing of the document's text is kept but nicknames and the few distinct
 * protocol lines.
 */
public final class Consensus {
    static final int DIGEST_LENGTH = 32;

    /** A bit beside those of {@link RelayFlags}: the bandwidth is not from measurement. */
    static final int UNMEASURED = 1 << 15;

    final Relays relays;
    final ConsensusInfo info;
    private final byte[] signedDigest;
    private final List<RsaId> voters;
    private final List<DirectorySignature> signatures;

    /** The columns. Filled by the parser and not touched after. */
    static final class Relays {
        int size;
        final byte[] ids;
        final byte[] microdescDigests;
        /** Network order. */
        final int[] ipv4;

        final char[] ports;
        /** Bits of {@link RelayFlags}, and {@link #UNMEASURED}. */
        final char[] flags;
        /** Kilobytes a second, unsigned. */
        final int[] bandwidths;

        final char[] protocolSets;
        /** One for each distinct protocol line. */
        Protocols[] protocols = {};
        /** Nickname i ends at nicknameEnds[i] in nicknames. */
        final int[] nicknameEnds;

        byte[] nicknames;
        /** Relays with an IPv6 address, ascending, and their addresses and ports. */
        int[] ipv6Relays = new int[16];

        byte[] ipv6 = new byte[16 * 16];
        char[] ipv6Ports = new char[16];
        int ipv6Count;

        Relays(int capacity) {
            ids = new byte[RsaId.LENGTH * capacity];
            microdescDigests = new byte[DIGEST_LENGTH * capacity];
            ipv4 = new int[capacity];
            ports = new char[capacity];
            flags = new char[capacity];
            bandwidths = new int[capacity];
            protocolSets = new char[capacity];
            nicknameEnds = new int[capacity];
            nicknames = new byte[10 * capacity];
        }

        /** Row of the relay's IPv6 address, or -1. */
        int ipv6Row(int relay) {
            int row = Arrays.binarySearch(ipv6Relays, 0, ipv6Count, relay);
            return Math.max(row, -1);
        }

        void trim() {
            nicknames = Arrays.copyOf(nicknames, size == 0 ? 0 : nicknameEnds[size - 1]);
            ipv6Relays = Arrays.copyOf(ipv6Relays, ipv6Count);
            ipv6 = Arrays.copyOf(ipv6, 16 * ipv6Count);
            ipv6Ports = Arrays.copyOf(ipv6Ports, ipv6Count);
        }
    }

    Consensus(
            Relays relays,
            ConsensusInfo info,
            byte[] signedDigest,
            List<RsaId> voters,
            List<DirectorySignature> signatures) {
        this.relays = relays;
        this.info = info;
        this.signedDigest = signedDigest;
        this.voters = List.copyOf(voters);
        this.signatures = List.copyOf(signatures);
    }

    /** One that lists nobody and sets nothing, for those who know bridges before they know the network. */
    static Consensus none() {
        return new Consensus(
                new Relays(0), new ConsensusInfo(new ConsensusInfo.Header(), Map.of(), Map.of()), new byte[DIGEST_LENGTH],
                List.of(), List.of());
    }

    /**
     * Parses a whole document; the bytes are not kept.
     *
     * @throws ProtocolException if it is malformed, with the line
     */
    public static Consensus parse(byte[] document) throws ProtocolException {
        return new ConsensusParser(document).parse();
    }

    /**
     * The SHA3-256 digest that names a document in the exchange of diffs: over its signed part (dir-spec section 4.5).
     *
     * @return 32 bytes
     * @throws ProtocolException if the document has no signature
     */
    public static byte[] diffDigest(byte[] document) throws ProtocolException {
        MessageDigest sha3 = Primitives.sha3();
        sha3.update(document, 0, signedLength(document));
        return sha3.digest();
    }

    /** How many bytes the authorities sign: all up to and with the first "directory-signature ". */
    static int signedLength(byte[] document) throws ProtocolException {
        String start = "\ndirectory-signature ";
        int length = start.length();
        for (int i = 0; i <= document.length - length; i++) {
            if (document[i] != '\n' || document[i + 1] != 'd') {
                continue;
            }
            int matched = 2;
            while (matched < length && document[i + matched] == start.charAt(matched)) {
                matched++;
            }
            if (matched == length) {
                return i + length;
            }
        }
        throw new ProtocolException("consensus: has no signature");
    }

    /** Lifetime, parameters, bandwidth weights, protocols. */
    public ConsensusInfo info() {
        return info;
    }

    /** Number of relays listed. */
    public int size() {
        return relays.size;
    }

    /** The relay with that identity, or -1. */
    public int indexOf(RsaId id) {
        byte[] wanted = id.toBytes();
        int low = 0;
        int high = relays.size - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int at = RsaId.LENGTH * middle;
            int order = Arrays.compareUnsigned(relays.ids, at, at + RsaId.LENGTH, wanted, 0, RsaId.LENGTH);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    public RsaId rsaId(int relay) {
        checkIndex(relay);
        return RsaId.of(relays.ids, RsaId.LENGTH * relay, RsaId.LENGTH);
    }

    /** The 32-byte SHA-256 digest of the relay's microdescriptor, copied. */
    public byte[] microdescDigest(int relay) {
        checkIndex(relay);
        return Arrays.copyOfRange(relays.microdescDigests, DIGEST_LENGTH * relay, DIGEST_LENGTH * (relay + 1));
    }

    String nickname(int relay) {
        int start = nicknameStart(relay);
        return Text.ascii(relays.nicknames, start, relays.nicknameEnds[relay]);
    }

    int nicknameStart(int relay) {
        return relay == 0 ? 0 : relays.nicknameEnds[relay - 1];
    }

    InetSocketAddress ipv4(int relay) {
        int address = relays.ipv4[relay];
        byte[] bytes = {(byte) (address >> 24), (byte) (address >> 16), (byte) (address >> 8), (byte) address};
        return socketAddress(bytes, relays.ports[relay]);
    }

    @Nullable InetSocketAddress ipv6(int relay) {
        int row = relays.ipv6Row(relay);
        return row < 0
                ? null
                : socketAddress(Arrays.copyOfRange(relays.ipv6, 16 * row, 16 * (row + 1)), relays.ipv6Ports[row]);
    }

    private static InetSocketAddress socketAddress(byte[] address, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // 4 or 16 bytes
        }
    }

    /** The 32-byte SHA-256 digest of the signed part. */
    byte[] signedDigest() {
        return signedDigest;
    }

    /** The authorities whose votes went into it, by v3ident. */
    List<RsaId> voters() {
        return voters;
    }

    /** Its SHA-256 signatures. */
    List<DirectorySignature> signatures() {
        return signatures;
    }

    void checkIndex(int relay) {
        if (relay < 0 || relay >= relays.size) {
            throw new IndexOutOfBoundsException("relay " + relay + " of " + relays.size);
        }
    }
}
