package dev.cepa.onion;

import dev.cepa.crypto.Primitives;
import dev.cepa.crypto.Shake256;
import dev.cepa.crypto.X25519;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A client's X25519 key for a service that is for some clients only (rend-spec-v3 section 2.5.1.2). Immutable; the secret
 * is in no text.
 */
public final class ClientAuthKey {
    /** Bytes of a client's id in a descriptor. */
    static final int ID = 8;

    static final int IV = 16;
    /** Bytes of the descriptor cookie, encrypted or not. */
    static final int COOKIE = 16;

    private final byte[] secret;

    private ClientAuthKey(byte[] secret) {
        this.secret = secret;
    }

    /** Of a private key of 32 bytes, which are copied. */
    public static ClientAuthKey of(byte[] secret) {
        if (secret.length != X25519.LENGTH) {
            throw new IllegalArgumentException("private key of " + secret.length + " bytes");
        }
        return new ClientAuthKey(secret.clone());
    }

    /**
     * As C tor writes it: {@code descriptor:x25519:} and 52 characters of base32; the key alone will do.
     *
     * @throws TorException of kind CONFIG, which does not repeat the text
     */
    public static ClientAuthKey parse(String text) throws TorException {
        String prefix = "descriptor:x25519:";
        byte[] secret = Base32.decode(text.startsWith(prefix) ? text.substring(prefix.length()) : text, X25519.LENGTH);
        if (secret == null) {
            throw new TorException(
                    ErrorKind.CONFIG, "a client's key for an onion service is descriptor:x25519: and 52 characters of base32");
        }
        return new ClientAuthKey(secret);
    }

    /** The private key, 32 bytes, a copy. */
    public byte[] secret() {
        return secret.clone();
    }

    /** The public key, 32 bytes, that the service's operator is given. */
    public byte[] publicKey() {
        return X25519.of(secret).publicKey();
    }

    /** What is between one client and a service in one descriptor. */
    record Shared(byte[] id, byte[] cookieKey) {
        /** Encrypts or decrypts the descriptor cookie. */
        byte[] crypt(byte[] iv, byte[] cookie) {
            return Primitives.aesCtr(cookieKey, iv, cookie);
        }

        boolean isOf(byte[] clientId) {
            return MessageDigest.isEqual(id, clientId);
        }
    }

    /** @param ephemeralKey the descriptor's, 32 bytes */
    Shared with(byte[] ephemeralKey, byte[] subcredential) throws ProtocolException {
        return shared(X25519.of(secret), ephemeralKey, subcredential);
    }

    /** Either side's: the service has the ephemeral key's secret and the client's public key. */
    static Shared shared(X25519 own, byte[] theirs, byte[] subcredential) throws ProtocolException {
        byte[] seed = own.agree(theirs);
        own.wipe();
        Shake256 kdf = new Shake256().update(subcredential).update(seed);
        Primitives.wipe(seed);
        return new Shared(kdf.take(ID), kdf.take(32));
    }

    /** Whether both are the same key. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ClientAuthKey key && MessageDigest.isEqual(secret, key.secret);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(publicKey());
    }

    @Override
    public String toString() {
        return "client key " + Base32.encode(publicKey());
    }
}
