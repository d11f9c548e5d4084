package dev.cepa.crypto;

import static dev.cepa.crypto.Primitives.hmacSha256;
import static dev.cepa.crypto.Primitives.wipe;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/** The ntor handshake (tor-spec section 5.1.4): the relay proves that it has the onion key of its RSA identity. */
public final class Ntor implements ClientHandshake {
    /** {@link #type()} of this handshake. */
    public static final int TYPE = 2;

    private static final int AUTH = 32;
    private static final byte[] PROTOCOL = "ntor-curve25519-sha256-1".getBytes(US_ASCII);
    private static final byte[] T_MAC = "ntor-curve25519-sha256-1:mac".getBytes(US_ASCII);
    private static final byte[] T_KEY = "ntor-curve25519-sha256-1:key_extract".getBytes(US_ASCII);
    private static final byte[] T_VERIFY = "ntor-curve25519-sha256-1:verify".getBytes(US_ASCII);
    private static final byte[] EXPAND = "ntor-curve25519-sha256-1:key_expand".getBytes(US_ASCII);
    private static final byte[] SERVER = "Server".getBytes(US_ASCII);

    private final RsaId identity;
    private final byte[] onionKey;
    private final X25519 ephemeral;

    /**
     * Starts a handshake.
     *
     * @param identity the relay's RSA identity
     * @param onionKey the relay's ntor onion key, 32 bytes
     */
    public Ntor(RsaId identity, byte[] onionKey, SecureRandom random) {
        this(identity, onionKey, X25519.generate(random));
    }

    Ntor(RsaId identity, byte[] onionKey, X25519 ephemeral) {
        if (onionKey.length != X25519.LENGTH) {
            throw new IllegalArgumentException("onion key of " + onionKey.length + " bytes");
        }
        this.identity = identity;
        this.onionKey = onionKey.clone();
        this.ephemeral = ephemeral;
    }

    @Override
    public int type() {
        return TYPE;
    }

    /** Node id 20 | onion key 32 | X 32. */
    @Override
    public byte[] clientMessage() {
        return new ByteWriter(RsaId.LENGTH + 2 * X25519.LENGTH)
                .bytes(identity.toBytes())
                .bytes(onionKey)
                .bytes(ephemeral.publicKey())
                .toByteArray();
    }

    /** Takes Y 32 | AUTH 32. */
    @Override
    public Result complete(byte[] serverMessage) throws ProtocolException {
        try {
            if (serverMessage.length != X25519.LENGTH + AUTH) {
                throw new ProtocolException("ntor answer of " + serverMessage.length + " bytes");
            }
            byte[] y = Arrays.copyOf(serverMessage, X25519.LENGTH);
            Shared shared = derive(
                    ephemeral.agree(y), ephemeral.agree(onionKey), identity, onionKey, ephemeral.publicKey(), y);
            byte[] auth = Arrays.copyOfRange(serverMessage, X25519.LENGTH, serverMessage.length);
            if (!MessageDigest.isEqual(shared.auth, auth)) {
                shared.keys.wipe();
                throw new ProtocolException("ntor answer does not authenticate relay " + identity);
            }
            return new Result(shared.keys, new byte[0]);
        } finally {
            ephemeral.wipe();
        }
    }

    /** What both sides come to. */
    record Shared(KeyStream keys, byte[] auth) {}

    /**
     * What follows from the two shared secrets, the same on both sides; wipes them.
     *
     * @param xy shared between the two ephemeral keys
     * @param xb shared between the client's ephemeral key and the onion key
     * @param x the client's ephemeral public key
     * @param y the relay's ephemeral public key
     */
    static Shared derive(byte[] xy, byte[] xb, RsaId identity, byte[] onionKey, byte[] x, byte[] y) {
        byte[] id = identity.toBytes();
        byte[] seed = Hkdf.extract(T_KEY, xy, xb, id, onionKey, x, y, PROTOCOL);
        byte[] verify = hmacSha256(T_VERIFY, xy, xb, id, onionKey, x, y, PROTOCOL);
        byte[] auth = hmacSha256(T_MAC, verify, id, onionKey, y, x, PROTOCOL, SERVER);
        wipe(xy, xb, verify);
        return new Shared(new Hkdf(seed, EXPAND), auth);
    }
}
