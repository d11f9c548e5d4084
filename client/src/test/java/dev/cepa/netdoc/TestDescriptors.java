package dev.cepa.netdoc;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Bridges as their descriptors would make them, without the signatures. */
public final class TestDescriptors {
    private TestDescriptors() {}

    /** A bridge that says that it is at an address of documentation, and of no family. */
    public static BridgeRelay bridge(RsaId id, String nickname, InetSocketAddress... addresses) {
        return bridge(id, nickname, "", "", addresses);
    }

    /**
     * @param family members as on a {@code family} line
     * @param familyIds as on a {@code family-ids} line
     */
    public static BridgeRelay bridge(
            RsaId id, String nickname, String family, String familyIds, InetSocketAddress... addresses) {
        byte[] key = Arrays.copyOf(id.toBytes(), 32);
        try {
            ServerDescriptor descriptor = new ServerDescriptor(
                    id, Ed25519Id.of(key), key, nickname, 1_795_000_000, 1_800_000_000,
                    List.of(new InetSocketAddress("198.51.100.1", 443)), Protocols.parse("Link=4-5 Relay=1-4"),
                    family(family), familyIds.getBytes(StandardCharsets.US_ASCII));
            return new BridgeRelay(descriptor, List.of(addresses), "[" + nickname + "]");
        } catch (ProtocolException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static byte[] family(String members) throws ProtocolException {
        byte[] line = ("family " + members + "\n").getBytes(StandardCharsets.US_ASCII);
        LineReader lines = new LineReader(line, 0, line.length, "family");
        lines.nextLine();
        return Families.encode(lines);
    }
}
