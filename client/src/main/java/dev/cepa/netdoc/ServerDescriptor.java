package dev.cepa.netdoc;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;

/**
 * What a relay says of itself (dir-spec section 2.1.1), as far as a client needs it of a bridge, which no consensus vouches
 * for: each one that exists is signed by both its identities, and its onion key belongs to them. Immutable.
 */
public final class ServerDescriptor {
    /** Bytes of the longest that is read; C tor's bound for relays. */
    public static final int MAX_LENGTH = 20_000;

    private final RsaId rsaId;
    private final Ed25519Id ed25519Id;
    private final byte[] ntorKey;
    private final String nickname;
    private final long published;
    private final long expires;
    private final List<InetSocketAddress> addresses;
    private final Protocols protocols;
    private final byte[] family;
    private final byte[] familyIds;

    /**
     * @param published seconds since 1970
     * @param expires when the first of its certificates does, in seconds since 1970
     * @param family the compact form of {@link Families}
     * @param familyIds the families that it has proved to be in, as {@code family-ids} of microdescriptors writes them
     */
    ServerDescriptor(
            RsaId rsaId, Ed25519Id ed25519Id, byte[] ntorKey, String nickname, long published, long expires,
            List<InetSocketAddress> addresses, Protocols protocols, byte[] family, byte[] familyIds) {
        this.rsaId = rsaId;
        this.ed25519Id = ed25519Id;
        this.ntorKey = ntorKey;
        this.nickname = nickname;
        this.published = published;
        this.expires = expires;
        this.addresses = List.copyOf(addresses);
        this.protocols = protocols;
        this.family = family;
        this.familyIds = familyIds;
    }

    /**
     * Parses and verifies the descriptor in {@code text[from, to)}, which begins with its {@code router} line. Its dates are
     * not looked at.
     *
     * @throws ProtocolException if it is malformed, too long, or a certificate or signature is wrong
     */
    public static ServerDescriptor parse(byte[] text, int from, int to) throws ProtocolException {
        if (to - from > MAX_LENGTH) {
            throw new ProtocolException("server descriptor: of " + (to - from) + " bytes");
        }
        int end = to;
        while (end > from + 1 && text[end - 1] == '\n' && text[end - 2] == '\n') {
            end--; // empty lines may follow, as in C tor's files
        }
        return new ServerDescriptorParser(text, from, end).parse();
    }

    public RsaId rsaId() {
        return rsaId;
    }

    public Ed25519Id ed25519Id() {
        return ed25519Id;
    }

    /** Its 32-byte ntor key, copied. */
    public byte[] ntorKey() {
        return ntorKey.clone();
    }

    public String nickname() {
        return nickname;
    }

    /** When it was made, by the relay's clock. */
    public Instant published() {
        return Instant.ofEpochSecond(published);
    }

    /** From then on its certificates are worth nothing. */
    public Instant expires() {
        return Instant.ofEpochSecond(expires);
    }

    /** Where the relay says that it is; its IPv4 address first. Maybe none, and maybe not where it is reached. */
    public List<InetSocketAddress> addresses() {
        return addresses;
    }

    public Protocols protocols() {
        return protocols;
    }

    /** See {@link Families}. */
    byte[] family() {
        return family;
    }

    byte[] familyIds() {
        return familyIds;
    }

    /** {@code $FINGERPRINT~nickname}. */
    @Override
    public String toString() {
        return "$" + rsaId + "~" + nickname;
    }
}
