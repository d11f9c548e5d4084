package dev.cepa.benchmark.directory;

import dev.cepa.netdoc.AuthorityCertificate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.crypto.Cipher;

/**
 * An authority of a private network as far as it signs: its certificate and its signing key, from its own data directory.
 *
 * @param certificate with the names of both of its keys
 * @param text        the certificate as it stands in its file
 * @param signingKey  what the certificate vouches for
 */
record SigningAuthority(AuthorityCertificate certificate, byte[] text, PrivateKey signingKey) {
    /** AlgorithmIdentifier of rsaEncryption, and before it the version 0, of a PKCS #8 structure. */
    private static final byte[] RSA = {
        0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01,
        0x01, 0x05, 0x00
    };

    private static final String BEGIN = "-----BEGIN RSA PRIVATE KEY-----";
    private static final String END = "-----END RSA PRIVATE KEY-----";

    /** Reads {@code keys/authority_certificate} and {@code keys/authority_signing_key} of a data directory. */
    static SigningAuthority read(Path dataDirectory) throws IOException {
        byte[] text = Files.readAllBytes(dataDirectory.resolve("keys/authority_certificate"));
        Path keyFile = dataDirectory.resolve("keys/authority_signing_key");
        String pem = Files.readString(keyFile, StandardCharsets.US_ASCII);
        int begin = pem.indexOf(BEGIN);
        int end = pem.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IOException(keyFile + " is not a PEM file with an RSA private key");
        }
        byte[] key = Base64.getMimeDecoder().decode(pem.substring(begin + BEGIN.length(), end));
        try {
            PrivateKey signingKey = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8(key)));
            return new SigningAuthority(AuthorityCertificate.parse(text, 0, text.length), text, signingKey);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException(keyFile + " holds no RSA private key that this Java can read", e);
        }
    }

    /** A {@code directory-signature} item over the digest of a consensus, without its keyword (dir-spec section 3.4.1). */
    String signature(byte[] sha256) {
        try {
            // Tor's signatures are over the bare digest, padded, without naming the hash.
            Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
            cipher.init(Cipher.ENCRYPT_MODE, signingKey);
            String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(cipher.doFinal(sha256));
            return "sha256 " + certificate.name().authority() + " " + certificate.name().signingKey()
                    + "\n-----BEGIN SIGNATURE-----\n" + body + "\n-----END SIGNATURE-----\n";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has RSA", e);
        }
    }

    /** OpenSSL writes the PKCS #1 structure, Java reads PKCS #8, which is the same in an envelope. */
    private static byte[] pkcs8(byte[] pkcs1) {
        byte[] key = element(0x04, pkcs1);
        byte[] body = new byte[RSA.length + key.length];
        System.arraycopy(RSA, 0, body, 0, RSA.length);
        System.arraycopy(key, 0, body, RSA.length, key.length);
        return element(0x30, body);
    }

    private static byte[] element(int tag, byte[] body) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        // Length in two bytes: a key has some hundreds of bytes to some thousands.
        out.write(0x82);
        out.write(body.length >> 8);
        out.write(body.length);
        out.writeBytes(body);
        return out.toByteArray();
    }
}
