package dev.cepa.netdoc;

import dev.cepa.cell.RsaId;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.ProtocolException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses a consensus of the microdescriptor flavour (dir-spec sections 3.4.1 and 3.9.2), in one walk over its lines:
 * preamble and voters, relays, footer, signatures. Used once. What parses takes less memory than the document has
 * bytes.
 */
final class ConsensusParser {
    static final int MAX_RELAYS = 100_000;
    private static final int MAX_SIGNATURES = 100;
    private static final int MAX_VOTERS = 100;
    private static final int MAX_PARAMS = 1000;
    /** The real network has some tens. */
    private static final int MAX_PROTOCOL_LISTS = 4096;
    /** The shortest relay entry has its r line of 62 bytes, its m line of 46, its s and its pr line. */
    private static final int MIN_ENTRY = 110;

    private static final int MAX_NICKNAME = 19;

    private static final String[] FLAG_WORDS = {
        "Authority", "BadExit", "Exit", "Fast", "Guard", "HSDir", "MiddleOnly", "NoEdConsensus", "Stable", "StaleDesc",
        "Sybil", "Running", "Valid", "V2Dir"
    };

    // Items of a relay's entry, to see which are there.
    private static final int M = 1;
    private static final int S = 1 << 1;
    private static final int PR = 1 << 2;
    private static final int W = 1 << 3;
    private static final int V = 1 << 4;

    private final byte[] doc;
    private final LineReader lines;
    private final ConsensusInfo.Header header = new ConsensusInfo.Header();
    private final List<RsaId> voters = new ArrayList<>();
    private final List<DirectorySignature> signatures = new ArrayList<>();
    private final InternPool protocolLines = new InternPool();
    private final List<Protocols> protocols = new ArrayList<>();
    private Map<String, Integer> params = Map.of();
    private Map<String, Integer> weights = Map.of();
    /** Words of known-flags, in the document; the line has been seen once the end is not 0. */
    private int knownFlagsStart;

    private int knownFlagsEnd;
    private final Consensus.Relays relays;
    /** Items seen of the entry at hand. */
    private int seen;

    private int entryFlags;
    private boolean usable;

    ConsensusParser(byte[] doc) throws ProtocolException {
        this.doc = doc;
        this.lines = new LineReader(doc, 0, doc.length, "consensus");
        int entries = 0;
        for (int i = 2; i < doc.length; i++) {
            if (doc[i] == ' ' && doc[i - 1] == 'r' && doc[i - 2] == '\n') {
                entries++;
            }
        }
        if (entries > MAX_RELAYS || entries > doc.length / MIN_ENTRY) {
            throw new ProtocolException("consensus: " + entries + " relays in " + doc.length + " bytes");
        }
        relays = new Consensus.Relays(entries);
    }

    Consensus parse() throws ProtocolException {
        int signedLength = Consensus.signedLength(doc);
        MessageDigest sha256 = Primitives.sha256();
        sha256.update(doc, 0, signedLength);
        if (!lines.nextLine() || !lines.is("network-status-version")) {
            throw lines.error("is not network-status-version");
        }
        if (!lines.word().is("3") || !lines.nextWord() || !lines.is("microdesc")) {
            throw lines.error("is not of version 3 and flavour microdesc");
        }
        preamble();
        while (!lines.is("directory-footer")) {
            entry();
        }
        footer();
        while (lines.is("directory-signature")) {
            signature();
        }
        relays.trim();
        relays.protocols = protocols.toArray(new Protocols[0]);
        return new Consensus(relays, new ConsensusInfo(header, params, weights), sha256.digest(), voters, signatures);
    }

    private void nextLine() throws ProtocolException {
        if (!lines.nextLine()) {
            throw lines.error("is the last, before the document's end");
        }
    }

    /** Ends at the first line of the relays, or the footer's. */
    private void preamble() throws ProtocolException {
        boolean status = false;
        boolean method = false;
        boolean inVoters = false;
        for (nextLine(); !lines.is("r") && !lines.is("directory-footer"); nextLine()) {
            if (lines.is("vote-status")) {
                once(!status);
                status = true;
                if (!lines.word().is("consensus")) {
                    throw lines.error("says that this is no consensus");
                }
            } else if (lines.is("consensus-method")) {
                once(!method);
                method = true;
                header.method = (int) lines.word().number(Integer.MAX_VALUE);
            } else if (lines.is("valid-after")) {
                once(header.validAfter < 0);
                header.validAfter = lines.time();
            } else if (lines.is("fresh-until")) {
                once(header.freshUntil < 0);
                header.freshUntil = lines.time();
            } else if (lines.is("valid-until")) {
                once(header.validUntil < 0);
                header.validUntil = lines.time();
            } else if (lines.is("voting-delay")) {
                once(header.voteSeconds < 0);
                header.voteSeconds = (int) lines.word().number(Integer.MAX_VALUE);
                header.distSeconds = (int) lines.word().number(Integer.MAX_VALUE);
            } else if (lines.is("known-flags")) {
                once(knownFlagsEnd == 0);
                knownFlags();
            } else if (lines.is("params")) {
                once(params.isEmpty());
                params = numbers(true);
            } else if (lines.is("shared-rand-previous-value")) {
                once(header.previousSharedRandom == null);
                header.previousSharedRandom = sharedRandom();
            } else if (lines.is("shared-rand-current-value")) {
                once(header.currentSharedRandom == null);
                header.currentSharedRandom = sharedRandom();
            } else if (lines.is("recommended-client-protocols")) {
                once(header.recommendedClientProtocols == null);
                header.recommendedClientProtocols = protocolList();
            } else if (lines.is("required-client-protocols")) {
                once(header.requiredClientProtocols == null);
                header.requiredClientProtocols = protocolList();
            } else if (lines.is("recommended-relay-protocols") || lines.is("required-relay-protocols")) {
                protocolList();
            } else if (lines.is("dir-source")) {
                inVoters = true;
                lines.word().word();
                voters.add(RsaId.of(lines.hex(RsaId.LENGTH)));
                if (voters.size() > MAX_VOTERS) {
                    throw lines.error("names too many voters");
                }
            } else if (lines.is("contact") || lines.is("vote-digest")) {
                if (!inVoters) {
                    throw lines.error("comes before any dir-source");
                }
            } else {
                lines.skipUnknown();
            }
        }
        if (!status
                || header.voteSeconds < 0
                || header.validAfter < 0
                || header.freshUntil <= header.validAfter
                || header.validUntil <= header.freshUntil
                || knownFlagsEnd == 0
                || voters.isEmpty()) {
            throw lines.error("ends a preamble without vote-status, ordered times, voting-delay, known-flags or voters");
        }
    }

    private void once(boolean first) throws ProtocolException {
        if (!first) {
            throw lines.error("repeats an item that may be there once");
        }
    }

    private void knownFlags() throws ProtocolException {
        knownFlagsStart = lines.restStart();
        knownFlagsEnd = lines.lineEnd();
        int start = -1;
        int end = -1;
        while (lines.nextWord()) {
            if (start >= 0 && Arrays.compareUnsigned(doc, start, end, doc, lines.wordStart(), lines.wordEnd()) >= 0) {
                throw lines.error("has flags out of order");
            }
            start = lines.wordStart();
            end = lines.wordEnd();
        }
    }

    /** The words {@code name=number} of the line at hand. */
    private Map<String, Integer> numbers(boolean sorted) throws ProtocolException {
        Map<String, Integer> numbers = new HashMap<>();
        int start = -1;
        int end = -1;
        while (lines.nextWord()) {
            int from = lines.wordStart();
            int to = lines.wordEnd();
            if (sorted && start >= 0 && Arrays.compareUnsigned(doc, start, end, doc, from, to) >= 0) {
                throw lines.error("has parameters out of order");
            }
            start = from;
            end = to;
            int equals = from;
            while (equals < to && doc[equals] != '=') {
                equals++;
            }
            if (equals == to || equals == from || numbers.size() == MAX_PARAMS) {
                throw lines.error("has a word that is not name=number, or too many");
            }
            boolean negative = equals + 1 < to && doc[equals + 1] == '-';
            long value = lines.numberFrom(equals + (negative ? 2 : 1), negative ? 1L << 31 : Integer.MAX_VALUE);
            if (numbers.put(Text.ascii(doc, from, equals), (int) (negative ? -value : value)) != null) {
                throw lines.error("sets a parameter twice");
            }
        }
        return Map.copyOf(numbers);
    }

    private byte[] sharedRandom() throws ProtocolException {
        byte[] value = new byte[32];
        lines.word().number(Integer.MAX_VALUE); // how many authorities revealed theirs
        lines.word().base64(value, 0, value.length);
        return value;
    }

    private String protocolList() throws ProtocolException {
        String list = lines.restText();
        protocols(list); // well-formed, or the document is not
        return list;
    }

    private Protocols protocols(String list) throws ProtocolException {
        try {
            return Protocols.parse(list);
        } catch (ProtocolException e) {
            throw lines.error("has " + e.getMessage(), e);
        }
    }

    /** One relay: its r line is at hand; ends at the line after its last. */
    private void entry() throws ProtocolException {
        int relay = relays.size;
        int entryStart = lines.lineStart();
        if (relay == relays.ports.length) {
            throw lines.error("is not as a relay's entry begins");
        }
        routerLine(relay);
        seen = 0;
        entryFlags = 0;
        boolean ipv6 = false;
        for (nextLine(); !lines.is("r") && !lines.is("directory-footer"); nextLine()) {
            if (lines.is("m")) {
                item(M);
                lines.word().base64(relays.microdescDigests, Consensus.DIGEST_LENGTH * relay, Consensus.DIGEST_LENGTH);
            } else if (lines.is("s")) {
                item(S);
                flagLine();
            } else if (lines.is("pr")) {
                item(PR);
                relays.protocolSets[relay] = (char) protocolSet();
            } else if (lines.is("w")) {
                item(W);
                weightLine(relay);
            } else if (lines.is("v")) {
                item(V);
            } else if (lines.is("a")) {
                ipv6 = ipv6 || addressLine(relay);
            } else if (lines.is("directory-signature")) {
                throw lines.error("comes before the directory-footer");
            } else {
                lines.skipUnknown();
            }
        }
        if ((seen & (M | S | PR)) != (M | S | PR)) {
            throw lines.error("comes after a relay's entry that lacks its m, s or pr line");
        }
        if (lines.lineStart() - entryStart < MIN_ENTRY) {
            throw lines.error("comes after a relay's entry that is too short");
        }
        // All that are listed are running and valid (consensus methods 4 and 24); an unusable address takes that away.
        relays.flags[relay] = (char) (usable ? entryFlags : 0);
        relays.size++;
    }

    private void item(int bit) throws ProtocolException {
        once((seen & bit) == 0);
        seen |= bit;
    }

    private void routerLine(int relay) throws ProtocolException {
        lines.word();
        int length = lines.wordEnd() - lines.wordStart();
        if (length > MAX_NICKNAME) {
            throw lines.error("has a nickname longer than " + MAX_NICKNAME + " characters");
        }
        int at = relay == 0 ? 0 : relays.nicknameEnds[relay - 1];
        if (at + length > relays.nicknames.length) {
            relays.nicknames = Arrays.copyOf(relays.nicknames, at + length + relays.nicknames.length / 2);
        }
        for (int i = 0; i < length; i++) {
            byte c = doc[lines.wordStart() + i];
            if (!Protocols.isAlphanumeric(c)) {
                throw lines.error("has a nickname with a character that may not be in one");
            }
            relays.nicknames[at + i] = c;
        }
        relays.nicknameEnds[relay] = at + length;

        int id = RsaId.LENGTH * relay;
        lines.word().base64(relays.ids, id, RsaId.LENGTH);
        if (relay > 0
                && Arrays.compareUnsigned(relays.ids, id - RsaId.LENGTH, id, relays.ids, id, id + RsaId.LENGTH) >= 0) {
            throw lines.error("has an identity out of order, or the one before again");
        }
        lines.word().word(); // the publication time, which is a constant nowadays
        lines.word();
        long address = Text.ipv4(doc, lines.wordStart(), lines.wordEnd());
        if (address < 0) {
            throw lines.error("has an address that is none");
        }
        relays.ipv4[relay] = (int) address;
        relays.ports[relay] = (char) lines.word().number(65_535);
        lines.word().number(65_535); // directory port
        usable = address != 0 && relays.ports[relay] != 0;
    }

    private void flagLine() throws ProtocolException {
        words:
        while (lines.nextWord()) {
            for (int i = 0; i < FLAG_WORDS.length; i++) {
                if (lines.is(FLAG_WORDS[i])) {
                    entryFlags |= 1 << i;
                    continue words;
                }
            }
            if (!isKnownFlag()) {
                throw lines.error("has a flag that known-flags lacks");
            }
        }
    }

    private boolean isKnownFlag() {
        int start = knownFlagsStart;
        for (int i = start; i <= knownFlagsEnd; i++) {
            if (i == knownFlagsEnd || doc[i] == ' ') {
                if (Arrays.equals(doc, start, i, doc, lines.wordStart(), lines.wordEnd())) {
                    return true;
                }
                start = i + 1;
            }
        }
        return false;
    }

    private int protocolSet() throws ProtocolException {
        int start = lines.restStart();
        int number = protocolLines.intern(doc, start, lines.lineEnd());
        if (number >= MAX_PROTOCOL_LISTS || number < 0) {
            throw lines.error("is one too many of different protocol lists");
        }
        if (number >= protocols.size()) {
            if (protocols.isEmpty()) {
                protocols.add(Protocols.NONE); // number 0 is the empty line
            }
            if (number == protocols.size()) {
                protocols.add(protocols(lines.restText()));
            }
        }
        return number;
    }

    private void weightLine(int relay) throws ProtocolException {
        while (lines.nextWord()) {
            if (lines.startsWith("Bandwidth=")) {
                relays.bandwidths[relay] = (int) lines.numberFrom(lines.wordStart() + 10, 0xffff_ffffL);
            } else if (lines.is("Unmeasured=1")) {
                entryFlags |= Consensus.UNMEASURED;
            }
        }
    }

    /** An address beside the r line's; true if it is IPv6 and usable. */
    private boolean addressLine(int relay) throws ProtocolException {
        lines.word();
        int start = lines.wordStart();
        int colon = lines.wordEnd() - 1;
        while (colon > start && doc[colon] != ':') {
            colon--;
        }
        long port = Text.number(doc, colon + 1, lines.wordEnd(), 65_535);
        if (colon == start || port < 0) {
            throw lines.error("has an address that is none");
        }
        if (doc[start] != '[') {
            return false;
        }
        int row = relays.ipv6Count;
        if (row == relays.ipv6Relays.length) {
            relays.ipv6Relays = Arrays.copyOf(relays.ipv6Relays, 2 * row);
            relays.ipv6 = Arrays.copyOf(relays.ipv6, 2 * 16 * row);
            relays.ipv6Ports = Arrays.copyOf(relays.ipv6Ports, 2 * row);
        }
        if (doc[colon - 1] != ']' || !Text.ipv6(doc, start + 1, colon - 1, relays.ipv6, 16 * row)) {
            throw lines.error("has an address that is none");
        }
        if (port == 0) {
            return false;
        }
        relays.ipv6Relays[row] = relay;
        relays.ipv6Ports[row] = (char) port;
        relays.ipv6Count++;
        return true;
    }

    private void footer() throws ProtocolException {
        boolean weighted = false;
        for (nextLine(); !lines.is("directory-signature"); nextLine()) {
            if (lines.is("bandwidth-weights")) {
                once(!weighted);
                weighted = true;
                weights = numbers(false);
            } else {
                lines.skipUnknown();
            }
        }
    }

    /** One signature: its line is at hand; ends at the next signature, or the end. */
    private void signature() throws ProtocolException {
        RsaId authority = null;
        RsaId key = null;
        if (lines.word().is("sha256")) {
            authority = RsaId.of(lines.word().hex(RsaId.LENGTH));
            key = RsaId.of(lines.word().hex(RsaId.LENGTH));
        }
        byte[] signature = lines.object("SIGNATURE");
        // Those by another digest, or by SHA-1, which the form without a digest's name stands for, are passed over.
        if (authority != null && key != null) {
            if (!voters.contains(authority)) {
                throw lines.error("ends a signature by nobody who voted");
            }
            if (signatures.size() == MAX_SIGNATURES) {
                throw lines.error("ends one signature too many");
            }
            signatures.add(new DirectorySignature(authority, key, signature));
        }
        while (lines.nextLine() && !lines.is("directory-signature")) {
            lines.skipUnknown();
        }
    }
}
