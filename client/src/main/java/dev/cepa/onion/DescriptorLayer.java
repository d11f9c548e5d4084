package dev.cepa.onion;

import dev.cepa.cell.ByteWriter;
import dev.cepa.crypto.Primitives;
import dev.cepa.crypto.Shake256;
import dev.cepa.error.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The encryption of a descriptor's two layers (rend-spec-v3 section 2.5.3): salt 16 | AES-256-CTR | MAC 32, with keys made
 * from a secret, the subcredential and the revision.
 */
enum DescriptorLayer {
    /** What directories can't read. */
    OUTER("hsdir-superencrypted-data"),
    /** What only those clients can read that the service allows. */
    INNER("hsdir-encrypted-data");

    private static final int SALT = 16;
    private static final int KEY = 32;
    private static final int IV = 16;
    private static final int MAC = 32;

    private final String constant;

    DescriptorLayer(String constant) {
        this.constant = constant;
    }

    private record Keys(byte[] encryption, byte[] iv, byte[] authentication) {
        /** SHA3-256 over MAC key and salt, each after its length, and the encrypted bytes. */
        byte[] mac(byte[] salt, byte[] encrypted) {
            return Primitives.sha3(length(authentication), authentication, length(salt), salt, encrypted);
        }

        private static byte[] length(byte[] bytes) {
            return new ByteWriter(8).i64(bytes.length).toByteArray();
        }
    }

    /** @param secret the blinded key, and for the inner layer the descriptor cookie behind it */
    private Keys keys(byte[] secret, byte[] subcredential, long revision, byte[] salt) {
        Shake256 kdf = new Shake256()
                .update(secret)
                .update(subcredential)
                .update(new ByteWriter(8).i64(revision).toByteArray())
                .update(salt)
                .update(constant.getBytes(StandardCharsets.US_ASCII));
        return new Keys(kdf.take(KEY), kdf.take(IV), kdf.take(MAC));
    }

    /**
     * Decrypts a layer.
     *
     * @param secret the blinded key, and for the inner layer the descriptor cookie behind it if there is one
     * @param revision the descriptor's
     * @return the text without its padding of zeros, its last line ended
     * @throws ProtocolException if it was not encrypted with these keys, or has been changed
     */
    byte[] decrypt(byte[] secret, byte[] subcredential, long revision, byte[] blob) throws ProtocolException {
        if (blob.length <= SALT + MAC) {
            throw new ProtocolException("onion descriptor: encrypted layer of " + blob.length + " bytes");
        }
        byte[] salt = Arrays.copyOf(blob, SALT);
        byte[] encrypted = Arrays.copyOfRange(blob, SALT, blob.length - MAC);
        byte[] claimed = Arrays.copyOfRange(blob, blob.length - MAC, blob.length);
        Keys keys = keys(secret, subcredential, revision, salt);
        if (!MessageDigest.isEqual(claimed, keys.mac(salt, encrypted))) {
            throw new ProtocolException("onion descriptor: the " + name().toLowerCase(java.util.Locale.ROOT)
                    + " layer does not decrypt");
        }
        byte[] text = Primitives.aesCtr(keys.encryption, keys.iv, encrypted);
        int end = 0;
        while (end < text.length && text[end] != 0) {
            end++;
        }
        boolean ended = end == 0 || text[end - 1] == '\n';
        byte[] trimmed = Arrays.copyOf(text, ended ? end : end + 1);
        if (!ended) {
            trimmed[end] = '\n';
        }
        return trimmed;
    }

    /** Encrypts a text that has its padding. */
    byte[] encrypt(byte[] secret, byte[] subcredential, long revision, byte[] text, SecureRandom random) {
        byte[] salt = new byte[SALT];
        random.nextBytes(salt);
        Keys keys = keys(secret, subcredential, revision, salt);
        byte[] encrypted = Primitives.aesCtr(keys.encryption, keys.iv, text);
        return new ByteWriter(SALT + encrypted.length + MAC)
                .bytes(salt)
                .bytes(encrypted)
                .bytes(keys.mac(salt, encrypted))
                .toByteArray();
    }
}
