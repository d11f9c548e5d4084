package dev.cepa.crypto;

import static dev.cepa.crypto.Primitives.sha3;
import static dev.cepa.crypto.Primitives.wipe;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.error.ProtocolException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The ntor-v3 handshake (proposal 332): the relay proves that it has the onion key of its Ed25519 identity, and both sides
 * send each other encrypted extensions. The client's extensions are not forward-secret.
 */
public final class NtorV3 implements ClientHandshake {
    /** {@link #type()} of this handshake. */
    public static final int TYPE = 3;

    private static final int DIGEST = 32;
    private static final String NAME = "ntor3-curve25519-sha3_256-1";
    private static final byte[] PROTOCOL = NAME.getBytes(US_ASCII);
    private static final byte[] T_MESSAGE_KDF = tweak("kdf_phase1");
    private static final byte[] T_MESSAGE_MAC = tweak("msg_mac");
    private static final byte[] T_KEY_SEED = tweak("key_seed");
    private static final byte[] T_VERIFY = tweak("verify");
    private static final byte[] T_FINAL = tweak("kdf_final");
    private static final byte[] T_AUTH = tweak("auth_final");
    private static final byte[] SERVER = "Server".getBytes(US_ASCII);
    private static final byte[] CIRCUIT = "circuit extend".getBytes(US_ASCII);

    private final Ed25519Id identity;
    private final byte[] onionKey;
    private final byte[] verification;
    private final X25519 ephemeral;
    private final byte[] xb;
    private final ClientPart sent;

    /**
     * Starts a handshake that creates or extends a circuit.
     *
     * @param identity the relay's Ed25519 identity
     * @param onionKey the relay's ntor onion key, 32 bytes
     * @param extensions what the client asks for: count 1, then type 1, length 1 and body of each; a single zero for none
     * @throws ProtocolException if the onion key is not usable
     */
    public NtorV3(Ed25519Id identity, byte[] onionKey, byte[] extensions, SecureRandom random) throws ProtocolException {
        this(identity, onionKey, extensions, CIRCUIT, X25519.generate(random));
    }

    NtorV3(Ed25519Id identity, byte[] onionKey, byte[] extensions, byte[] verification, X25519 ephemeral)
            throws ProtocolException {
        this.identity = identity;
        this.onionKey = onionKey.clone();
        this.verification = verification.clone();
        this.ephemeral = ephemeral;
        xb = ephemeral.agree(onionKey);
        ClientKeys keys = clientKeys(xb, identity, onionKey, ephemeral.publicKey(), verification);
        byte[] encrypted = aes256Ctr(keys.encryption, extensions);
        sent = new ClientPart(encrypted, keys.mac(identity, onionKey, ephemeral.publicKey(), encrypted));
        keys.wipeAll();
    }

    @Override
    public int type() {
        return TYPE;
    }

    /** Ed25519 identity 32 | onion key 32 | X 32 | encrypted extensions | MAC 32. */
    @Override
    public byte[] clientMessage() {
        return new ByteWriter(Ed25519Id.LENGTH + 2 * X25519.LENGTH + sent.encrypted.length + DIGEST)
                .bytes(identity.toBytes())
                .bytes(onionKey)
                .bytes(ephemeral.publicKey())
                .bytes(sent.encrypted)
                .bytes(sent.mac)
                .toByteArray();
    }

    /** Takes Y 32 | AUTH 32 | encrypted extensions. */
    @Override
    public Result complete(byte[] serverMessage) throws ProtocolException {
        try {
            if (serverMessage.length < X25519.LENGTH + DIGEST) {
                throw new ProtocolException("ntor-v3 answer of " + serverMessage.length + " bytes");
            }
            byte[] y = Arrays.copyOf(serverMessage, X25519.LENGTH);
            byte[] auth = Arrays.copyOfRange(serverMessage, X25519.LENGTH, X25519.LENGTH + DIGEST);
            byte[] encrypted = Arrays.copyOfRange(serverMessage, X25519.LENGTH + DIGEST, serverMessage.length);
            Shared shared =
                    derive(ephemeral.agree(y), xb, identity, onionKey, ephemeral.publicKey(), y, verification);
            if (!MessageDigest.isEqual(auth, shared.auth(sent.mac, encrypted))) {
                wipe(shared.verify, shared.encryption);
                shared.keys.wipe();
                throw new ProtocolException("ntor-v3 answer does not authenticate relay " + identity);
            }
            byte[] extensions = aes256Ctr(shared.encryption, encrypted);
            wipe(shared.verify, shared.encryption);
            return new Result(shared.keys, extensions);
        } finally {
            ephemeral.wipe();
            wipe(xb);
        }
    }

    /** What protects the client's message: 32 bytes each. */
    record ClientKeys(byte[] encryption, byte[] authentication) {
        byte[] mac(Ed25519Id identity, byte[] onionKey, byte[] x, byte[] encrypted) {
            return sha3(T_MESSAGE_MAC, length(authentication), authentication, identity.toBytes(), onionKey, x, encrypted);
        }

        void wipeAll() {
            wipe(encryption, authentication);
        }
    }

    private record ClientPart(byte[] encrypted, byte[] mac) {}

    /** The keys of the client's message, the same on both sides; {@code xb} is shared by X and the onion key. */
    static ClientKeys clientKeys(byte[] xb, Ed25519Id identity, byte[] onionKey, byte[] x, byte[] verification) {
        Shake256 kdf = new Shake256()
                .update(T_MESSAGE_KDF)
                .update(xb)
                .update(identity.toBytes())
                .update(x)
                .update(onionKey)
                .update(PROTOCOL)
                .update(length(verification))
                .update(verification);
        ClientKeys keys = new ClientKeys(kdf.take(DIGEST), kdf.take(DIGEST));
        kdf.wipe();
        return keys;
    }

    /**
     * What both sides come to.
     *
     * @param encryption the key of the relay's message, 32 bytes
     * @param context what the authentication covers besides: identity, onion key, Y and X
     */
    record Shared(KeyStream keys, byte[] encryption, byte[] verify, byte[] context) {
        byte[] auth(byte[] clientMac, byte[] encrypted) {
            return sha3(T_AUTH, verify, context, clientMac, length(encrypted), encrypted, PROTOCOL, SERVER);
        }
    }

    /** What follows from the two shared secrets, the same on both sides; wipes {@code xy}. Arguments as in {@link Ntor}. */
    static Shared derive(
            byte[] xy, byte[] xb, Ed25519Id identity, byte[] onionKey, byte[] x, byte[] y, byte[] verification) {
        byte[] id = identity.toBytes();
        byte[] length = length(verification);
        byte[] seed = sha3(T_KEY_SEED, xy, xb, id, onionKey, x, y, PROTOCOL, length, verification);
        byte[] verify = sha3(T_VERIFY, xy, xb, id, onionKey, x, y, PROTOCOL, length, verification);
        Shake256 keys = new Shake256().update(T_FINAL).update(seed);
        byte[] context = new ByteWriter(Ed25519Id.LENGTH + 3 * X25519.LENGTH)
                .bytes(id)
                .bytes(onionKey)
                .bytes(y)
                .bytes(x)
                .toByteArray();
        Shared shared = new Shared(keys, keys.take(DIGEST), verify, context);
        wipe(xy, seed);
        return shared;
    }

    /** Encrypts or decrypts a message whose key is used for nothing else. */
    static byte[] aes256Ctr(byte[] key, byte[] message) {
        try {
            return Primitives.aesCtr(key).doFinal(message);
        } catch (GeneralSecurityException e) {
            throw Primitives.missing(e);
        }
    }

    /** A name as ENCAP writes it: length 8, then the bytes. */
    private static byte[] tweak(String suffix) {
        byte[] name = (NAME + ":" + suffix).getBytes(US_ASCII);
        return new ByteWriter(8 + name.length).i64(name.length).bytes(name).toByteArray();
    }

    private static byte[] length(byte[] bytes) {
        return new ByteWriter(8).i64(bytes.length).toByteArray();
    }
}
