package dev.cepa.crypto;

import static dev.cepa.crypto.Primitives.sha3;
import static dev.cepa.crypto.Primitives.wipe;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cepa.cell.ByteWriter;
import dev.cepa.error.ProtocolException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;

/**
 * The handshake between a client and an onion service, by way of an introduction point and a rendezvous point (rend-spec-v3
 * section 3.3.2): the client's message is encrypted to the service, and the service's answer proves that it could read it.
 * What is shared becomes the keys of a hop of {@link Tor1HopCrypto#onionService}.
 *
 * <p>AUTH_KEY is the introduction point's Ed25519 key for this service, B its X25519 key.
 */
public final class HsNtor {
    /** Bytes of the service's answer: Y 32 | AUTH 32. */
    public static final int ANSWER_LENGTH = 64;

    private static final int MAC = 32;
    private static final String NAME = "tor-hs-ntor-curve25519-sha3-256-1";
    private static final byte[] PROTOCOL = NAME.getBytes(US_ASCII);
    private static final byte[] T_ENCRYPT = (NAME + ":hs_key_extract").getBytes(US_ASCII);
    private static final byte[] T_VERIFY = (NAME + ":hs_verify").getBytes(US_ASCII);
    private static final byte[] T_MAC = (NAME + ":hs_mac").getBytes(US_ASCII);
    private static final byte[] M_EXPAND = (NAME + ":hs_key_expand").getBytes(US_ASCII);
    private static final byte[] SERVER = "Server".getBytes(US_ASCII);

    private HsNtor() {}

    /** The client's side of one introduction; used once, from one thread at a time. */
    public static final class Client {
        private final byte[] authKey;
        private final byte[] encryptionKey;
        private final byte[] subcredential;
        private final X25519 ephemeral;
        private final byte[] bx;

        /**
         * Begins.
         *
         * @param authKey 32 bytes
         * @param encryptionKey B, 32 bytes
         * @param subcredential of the service in this time period, 32 bytes
         * @throws ProtocolException if B is not usable
         */
        public Client(byte[] authKey, byte[] encryptionKey, byte[] subcredential, SecureRandom random)
                throws ProtocolException {
            this(authKey, encryptionKey, subcredential, X25519.generate(random));
        }

        Client(byte[] authKey, byte[] encryptionKey, byte[] subcredential, X25519 ephemeral) throws ProtocolException {
            this.authKey = authKey.clone();
            this.encryptionKey = encryptionKey.clone();
            this.subcredential = subcredential.clone();
            this.ephemeral = ephemeral;
            bx = ephemeral.agree(encryptionKey);
        }

        /**
         * Encrypts what only the service may read.
         *
         * @param header all of INTRODUCE1 that stands before
         * @return X 32 | encrypted | MAC 32
         */
        public byte[] seal(byte[] header, byte[] plaintext) {
            byte[] x = ephemeral.publicKey();
            IntroductionKeys keys = introductionKeys(bx, authKey, x, encryptionKey, subcredential);
            byte[] encrypted = NtorV3.aes256Ctr(keys.encryption, plaintext);
            byte[] mac = mac(keys.authentication, header, x, encrypted);
            keys.wipeAll();
            return new ByteWriter(x.length + encrypted.length + MAC)
                    .bytes(x)
                    .bytes(encrypted)
                    .bytes(mac)
                    .toByteArray();
        }

        /**
         * Verifies the service's answer; secrets are wiped, whatever the outcome.
         *
         * @param answer Y 32 | AUTH 32, as RENDEZVOUS2 brings it
         * @return the material of the hop's keys
         * @throws ProtocolException if it is not from the service
         */
        public KeyStream complete(byte[] answer) throws ProtocolException {
            try {
                if (answer.length != ANSWER_LENGTH) {
                    throw new ProtocolException("hs-ntor answer of " + answer.length + " bytes");
                }
                byte[] y = Arrays.copyOf(answer, X25519.LENGTH);
                byte[] auth = Arrays.copyOfRange(answer, X25519.LENGTH, ANSWER_LENGTH);
                Shared shared = derive(ephemeral.agree(y), bx, authKey, encryptionKey, ephemeral.publicKey(), y);
                if (!MessageDigest.isEqual(auth, shared.auth)) {
                    shared.keys.wipe();
                    throw new ProtocolException("hs-ntor answer does not authenticate the onion service");
                }
                return shared.keys;
            } finally {
                wipe();
            }
        }

        /** Forgets the secrets. */
        public void wipe() {
            ephemeral.wipe();
            Primitives.wipe(bx);
        }
    }

    /**
     * What a service has read of an introduction.
     *
     * @param plaintext what the client had encrypted
     * @param clientKey X, 32 bytes
     * @param subcredential which of the subcredentials the client had used, counted from 0
     */
    public record Introduction(byte[] plaintext, byte[] clientKey, int subcredential) {}

    /**
     * What a service answers, and the keys.
     *
     * @param answer Y 32 | AUTH 32
     */
    public record Answer(byte[] answer, KeyStream keys) {}

    /**
     * The service's side: decrypts an introduction.
     *
     * @param key b and B
     * @param authKey 32 bytes
     * @param subcredentials those that clients may have used; the first that fits is taken
     * @param header all of INTRODUCE2 that stands before
     * @param sealed X 32 | encrypted | MAC 32
     * @throws ProtocolException if it was not meant for this service, or has been changed
     */
    public static Introduction open(
            X25519 key, byte[] authKey, List<byte[]> subcredentials, byte[] header, byte[] sealed) throws ProtocolException {
        if (sealed.length < X25519.LENGTH + MAC) {
            throw new ProtocolException("introduction of " + sealed.length + " bytes");
        }
        byte[] x = Arrays.copyOf(sealed, X25519.LENGTH);
        byte[] encrypted = Arrays.copyOfRange(sealed, X25519.LENGTH, sealed.length - MAC);
        byte[] claimed = Arrays.copyOfRange(sealed, sealed.length - MAC, sealed.length);
        byte[] bx = key.agree(x);
        byte[] plaintext = null;
        int fitting = 0;
        for (int i = 0; i < subcredentials.size(); i++) {
            IntroductionKeys keys = introductionKeys(bx, authKey, x, key.publicKey(), subcredentials.get(i));
            if (MessageDigest.isEqual(claimed, mac(keys.authentication, header, x, encrypted)) && plaintext == null) {
                plaintext = NtorV3.aes256Ctr(keys.encryption, encrypted);
                fitting = i;
            }
            keys.wipeAll();
        }
        wipe(bx);
        if (plaintext == null) {
            throw new ProtocolException("introduction that is not authentic");
        }
        return new Introduction(plaintext, x, fitting);
    }

    /**
     * The service's side: answers an introduction, with a key pair used for nothing else.
     *
     * @param clientKey X, 32 bytes
     * @throws ProtocolException if X is not usable
     */
    public static Answer answer(X25519 key, byte[] authKey, byte[] clientKey, X25519 ephemeral) throws ProtocolException {
        byte[] bx = key.agree(clientKey);
        byte[] y = ephemeral.publicKey();
        Shared shared = derive(ephemeral.agree(clientKey), bx, authKey, key.publicKey(), clientKey, y);
        wipe(bx);
        ephemeral.wipe();
        byte[] answer = new ByteWriter(ANSWER_LENGTH).bytes(y).bytes(shared.auth).toByteArray();
        return new Answer(answer, shared.keys);
    }

    private record IntroductionKeys(byte[] encryption, byte[] authentication) {
        void wipeAll() {
            wipe(encryption, authentication);
        }
    }

    private static IntroductionKeys introductionKeys(
            byte[] bx, byte[] authKey, byte[] x, byte[] encryptionKey, byte[] subcredential) {
        Shake256 kdf = new Shake256()
                .update(bx)
                .update(authKey)
                .update(x)
                .update(encryptionKey)
                .update(PROTOCOL)
                .update(T_ENCRYPT)
                .update(M_EXPAND)
                .update(subcredential);
        IntroductionKeys keys = new IntroductionKeys(kdf.take(32), kdf.take(MAC));
        kdf.wipe();
        return keys;
    }

    private record Shared(KeyStream keys, byte[] auth) {}

    /** What both sides come to; wipes {@code xy}. */
    private static Shared derive(byte[] xy, byte[] bx, byte[] authKey, byte[] encryptionKey, byte[] x, byte[] y) {
        byte[] secret = new ByteWriter(6 * X25519.LENGTH + PROTOCOL.length)
                .bytes(xy)
                .bytes(bx)
                .bytes(authKey)
                .bytes(encryptionKey)
                .bytes(x)
                .bytes(y)
                .bytes(PROTOCOL)
                .toByteArray();
        byte[] seed = mac(secret, T_ENCRYPT);
        byte[] verify = mac(secret, T_VERIFY);
        byte[] input = new ByteWriter(5 * X25519.LENGTH + PROTOCOL.length + SERVER.length)
                .bytes(verify)
                .bytes(authKey)
                .bytes(encryptionKey)
                .bytes(y)
                .bytes(x)
                .bytes(PROTOCOL)
                .bytes(SERVER)
                .toByteArray();
        byte[] auth = mac(input, T_MAC);
        Shake256 keys = new Shake256().update(seed).update(M_EXPAND);
        wipe(xy, secret, seed, verify, input);
        return new Shared(keys, auth);
    }

    /** SHA3-256 over key length 8 | key | message. */
    public static byte[] mac(byte[] key, byte[]... message) {
        byte[][] parts = new byte[message.length + 2][];
        parts[0] = new ByteWriter(8).i64(key.length).toByteArray();
        parts[1] = key;
        System.arraycopy(message, 0, parts, 2, message.length);
        return sha3(parts);
    }
}
