package dev.cepa.testrelay;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.ChannelMessage.Certs.Certificate;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.crypto.X25519;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** All keys of one relay that tests play, and the certificates made with them. Immutable. */
public final class RelayKeys {
    private static final byte[] CROSS_PREFIX =
            "Tor TLS RSA/Ed25519 cross-certificate".getBytes(StandardCharsets.US_ASCII);

    private final KeyPair rsaIdentity = rsa(1024);
    private final KeyPair identity = ed25519();
    private final KeyPair signing = ed25519();
    private final X25519 onionKey = X25519.generate(new SecureRandom());
    private final byte[] tlsCertificate;
    private final SSLContext tls;

    private RelayKeys(KeyPair tlsKeys) {
        Instant now = Instant.now();
        tlsCertificate = X509.selfSigned(
                tlsKeys, "www.abcdefgh.net", now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(365)));
        tls = serverContext(tlsKeys, tlsCertificate);
    }

    /** The keys of a relay that many tests share, because RSA keys take a while to make. */
    public static RelayKeys shared() {
        return Shared.KEYS;
    }

    /** New keys; the TLS key alone is shared with others. */
    public static RelayKeys generate() {
        return new RelayKeys(Shared.TLS_KEYS);
    }

    private static final class Shared {
        static final KeyPair TLS_KEYS = rsa(2048);
        static final RelayKeys KEYS = generate();
    }

    /** The RSA identity. */
    public RsaId rsaId() {
        // The PKCS#1 key is the end of the SubjectPublicKeyInfo, behind 22 bytes: see RFC 8017, A.1.1.
        byte[] info = rsaIdentity.getPublic().getEncoded();
        return RsaId.of(digest("SHA-1", Arrays.copyOfRange(info, 22, info.length)));
    }

    /** The Ed25519 identity. */
    public Ed25519Id ed25519Id() {
        return Ed25519Id.of(raw(identity));
    }

    /** The ntor onion key. */
    public X25519 onionKey() {
        return onionKey;
    }

    /** SHA-256 of the TLS certificate. */
    public byte[] tlsDigest() {
        return digest("SHA-256", tlsCertificate);
    }

    SSLContext tls() {
        return tls;
    }

    /** What CERTS of an honest relay contains, valid for a day from then on. */
    public List<Certificate> certificates(Instant now) {
        Instant expiry = now.plus(Duration.ofDays(1));
        return List.of(
                rsaIdentity(now.minus(Duration.ofDays(1)), expiry),
                identitySigning(expiry),
                signingTls(expiry, tlsDigest()),
                cross(expiry));
    }

    /** Type 2. */
    public Certificate rsaIdentity(Instant notBefore, Instant notAfter) {
        return new Certificate(2, X509.selfSigned(rsaIdentity, "www.hgfedcba.net", notBefore, notAfter));
    }

    /** Type 2 with a key of 2,048 bits. */
    public Certificate rsaIdentityOfWrongLength(Instant notBefore, Instant notAfter) {
        return new Certificate(2, X509.selfSigned(Shared.TLS_KEYS, "www.hgfedcba.net", notBefore, notAfter));
    }

    /** Type 2 signed with somebody else's key. */
    public Certificate rsaIdentitySignedByAnother(Instant notBefore, Instant notAfter) {
        return new Certificate(
                2, X509.signed(rsaIdentity, Shared.TLS_KEYS, "www.hgfedcba.net", notBefore, notAfter));
    }

    /** Type 4. */
    public Certificate identitySigning(Instant expiry) {
        byte[] extension = new ByteWriter().u16(32).u8(4).u8(0).bytes(raw(identity)).toByteArray();
        return ed25519Certificate(4, expiry, 1, raw(signing), identity, extension);
    }

    /** Type 4 that does not carry the identity key. */
    public Certificate identitySigningWithoutIdentity(Instant expiry) {
        return ed25519Certificate(4, expiry, 1, raw(signing), identity);
    }

    /** Type 5. */
    public Certificate signingTls(Instant expiry, byte[] tlsDigest) {
        return ed25519Certificate(5, expiry, 3, tlsDigest, signing);
    }

    /** Type 7. */
    public Certificate cross(Instant expiry) {
        return cross(ed25519Id(), expiry);
    }

    /** Type 7 for any Ed25519 identity. */
    public Certificate cross(Ed25519Id certified, Instant expiry) {
        byte[] body = new ByteWriter().bytes(certified.toBytes()).u32(hours(expiry)).toByteArray();
        byte[] digest = digest("SHA-256", new ByteWriter().bytes(CROSS_PREFIX).bytes(body).toByteArray());
        try {
            Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
            cipher.init(Cipher.ENCRYPT_MODE, rsaIdentity.getPrivate());
            byte[] signature = cipher.doFinal(digest);
            return new Certificate(
                    7, new ByteWriter().bytes(body).u8(signature.length).bytes(signature).toByteArray());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Certificate ed25519Certificate(
            int type, Instant expiry, int keyType, byte[] key, KeyPair signer, byte[]... extensions) {
        ByteWriter out = new ByteWriter()
                .u8(1).u8(type).u32(hours(expiry)).u8(keyType).bytes(key).u8(extensions.length);
        for (byte[] extension : extensions) {
            out.bytes(extension);
        }
        try {
            Signature signature = Signature.getInstance("Ed25519");
            signature.initSign(signer.getPrivate());
            signature.update(out.toByteArray());
            return new Certificate(type, out.bytes(signature.sign()).toByteArray());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long hours(Instant expiry) {
        return (expiry.getEpochSecond() + 3599) / 3600;
    }

    private static byte[] raw(KeyPair ed25519) {
        byte[] info = ed25519.getPublic().getEncoded();
        return Arrays.copyOfRange(info, info.length - 32, info.length);
    }

    private static byte[] digest(String algorithm, byte[] bytes) {
        try {
            return MessageDigest.getInstance(algorithm).digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair rsa(int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair ed25519() {
        try {
            return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static SSLContext serverContext(KeyPair keys, byte[] certificate) {
        try {
            char[] password = new char[0];
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, password);
            java.security.cert.Certificate x509 =
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate));
            store.setKeyEntry("tls", keys.getPrivate(), password, new java.security.cert.Certificate[] {x509});
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(store, password);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException | java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
