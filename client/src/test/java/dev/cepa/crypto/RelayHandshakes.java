package dev.cepa.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/** The relay's side of the circuit handshakes and of the relay-cell cryptography, for relays that tests play. */
public final class RelayHandshakes {
    private static final int HASH = 20;
    private static final byte[] CIRCUIT = "circuit extend".getBytes(US_ASCII);

    /**
     * What the relay gets out of a handshake.
     *
     * @param message the handshake data of CREATED_FAST, CREATED2 or EXTENDED2
     * @param keys the key material, as the client has it
     * @param clientExtensions the client's encoded ntor-v3 extensions; empty for other handshakes
     */
    public record Answer(byte[] message, KeyStream keys, byte[] clientExtensions) {}

    private RelayHandshakes() {}

    /** The relay's side of tor1: originates towards the client, decrypts what comes from it. */
    public static HopCrypto tor1(KeyStream keys) {
        return Tor1HopCrypto.of(keys, false);
    }

    /** Answers CREATE_FAST. */
    public static Answer createFast(byte[] clientMessage, SecureRandom random) throws ProtocolException {
        byte[] y = new byte[HASH];
        random.nextBytes(y);
        return createFast(clientMessage, y);
    }

    static Answer createFast(byte[] clientMessage, byte[] y) throws ProtocolException {
        if (clientMessage.length != HASH) {
            throw new ProtocolException("CREATE_FAST of " + clientMessage.length + " bytes");
        }
        KdfTor keys = new KdfTor(new ByteWriter().bytes(clientMessage).bytes(y).toByteArray());
        byte[] message = new ByteWriter().bytes(y).bytes(keys.take(HASH)).toByteArray();
        return new Answer(message, keys, new byte[0]);
    }

    /** Answers ntor. */
    public static Answer ntor(RsaId identity, X25519 onionKey, byte[] clientMessage, SecureRandom random)
            throws ProtocolException {
        return ntor(identity, onionKey, clientMessage, X25519.generate(random));
    }

    static Answer ntor(RsaId identity, X25519 onionKey, byte[] clientMessage, X25519 ephemeral) throws ProtocolException {
        ByteReader in = new ByteReader(clientMessage);
        RsaId wantedIdentity = RsaId.of(in.bytes(RsaId.LENGTH));
        byte[] wantedKey = in.bytes(X25519.LENGTH);
        byte[] x = in.bytes(X25519.LENGTH);
        in.expectEnd("ntor message");
        if (!wantedIdentity.equals(identity) || !Arrays.equals(wantedKey, onionKey.publicKey())) {
            throw new ProtocolException("ntor message for another relay");
        }
        byte[] y = ephemeral.publicKey();
        Ntor.Shared shared =
                Ntor.derive(ephemeral.agree(x), onionKey.agree(x), identity, onionKey.publicKey(), x, y);
        return new Answer(new ByteWriter().bytes(y).bytes(shared.auth()).toByteArray(), shared.keys(), new byte[0]);
    }

    /** Answers ntor-v3; {@code reply} makes the relay's encoded extensions out of the client's. */
    public static Answer ntorV3(
            Ed25519Id identity, X25519 onionKey, byte[] clientMessage, UnaryOperator<byte[]> reply, SecureRandom random)
            throws ProtocolException {
        return ntorV3(identity, onionKey, clientMessage, reply, CIRCUIT, X25519.generate(random));
    }

    static Answer ntorV3(
            Ed25519Id identity,
            X25519 onionKey,
            byte[] clientMessage,
            UnaryOperator<byte[]> reply,
            byte[] verification,
            X25519 ephemeral)
            throws ProtocolException {
        ByteReader in = new ByteReader(clientMessage);
        Ed25519Id wantedIdentity = Ed25519Id.of(in.bytes(Ed25519Id.LENGTH));
        byte[] wantedKey = in.bytes(X25519.LENGTH);
        byte[] x = in.bytes(X25519.LENGTH);
        byte[] encrypted = in.bytes(in.remaining() - 32);
        byte[] mac = in.rest();
        byte[] b = onionKey.publicKey();
        if (!wantedIdentity.equals(identity) || !Arrays.equals(wantedKey, b)) {
            throw new ProtocolException("ntor-v3 message for another relay");
        }
        byte[] xb = onionKey.agree(x);
        NtorV3.ClientKeys clientKeys = NtorV3.clientKeys(xb, identity, b, x, verification);
        if (!MessageDigest.isEqual(mac, clientKeys.mac(identity, b, x, encrypted))) {
            throw new ProtocolException("ntor-v3 message with a wrong MAC");
        }
        byte[] extensions = NtorV3.aes256Ctr(clientKeys.encryption(), encrypted);
        byte[] y = ephemeral.publicKey();
        NtorV3.Shared shared = NtorV3.derive(ephemeral.agree(x), xb, identity, b, x, y, verification);
        byte[] answer = NtorV3.aes256Ctr(shared.encryption(), reply.apply(extensions));
        byte[] message = new ByteWriter().bytes(y).bytes(shared.auth(mac, answer)).bytes(answer).toByteArray();
        return new Answer(message, shared.keys(), extensions);
    }
}
