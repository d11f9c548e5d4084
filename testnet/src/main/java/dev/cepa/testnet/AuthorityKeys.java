package dev.cepa.testnet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/**
 * Makes the keys that every client must know before the network exists: an authority's identity as a relay, and its
 * directory-signing keys (by {@code tor-gencert}).
 */
final class AuthorityKeys {
    private static final byte DER_SEQUENCE = 0x30;
    private static final String FINGERPRINT = "\nfingerprint ";

    private AuthorityKeys() {}

    /**
     * Writes a new RSA-1024 relay identity into {@code keys} (tor takes the one it finds) and returns its fingerprint:
     * SHA-1 of the PKCS #1 public key, in upper-case hex.
     */
    static String createRelayIdentity(Path keys) throws IOException {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(1024);
            KeyPair pair = generator.generateKeyPair();
            String pem = "-----BEGIN RSA PRIVATE KEY-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'})
                            .encodeToString(innermost(pair.getPrivate().getEncoded()))
                    + "\n-----END RSA PRIVATE KEY-----\n";
            Path file = Files.createFile(keys.resolve("secret_id_key"),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(file, pem, StandardCharsets.US_ASCII, StandardOpenOption.WRITE);
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(innermost(pair.getPublic().getEncoded()));
            return HexFormat.of().withUpperCase().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has RSA and SHA-1", e);
        }
    }

    /** Starts {@code tor-gencert} on a new identity key, signing key and certificate in {@code keys}. */
    static Process startCertificate(Path tool, Path keys, int dirPort) throws IOException {
        Process process = new ProcessBuilder(tool.toString(), "--create-identity-key", "--passphrase-fd", "0",
                "-i", keys.resolve("authority_identity_key").toString(),
                "-s", keys.resolve("authority_signing_key").toString(),
                "-c", keys.resolve("authority_certificate").toString(),
                "-m", "12", "-a", "127.0.0.1:" + dirPort)
                .redirectErrorStream(true)
                .redirectOutput(keys.resolve("gencert.log").toFile())
                .start();
        process.outputWriter(StandardCharsets.US_ASCII).append('\n').close();
        return process;
    }

    /** The v3 identity fingerprint that a certificate names. */
    static String v3Ident(Path keys) throws IOException {
        String certificate = Files.readString(keys.resolve("authority_certificate"), StandardCharsets.US_ASCII);
        int at = certificate.indexOf(FINGERPRINT);
        int end = certificate.indexOf('\n', at + FINGERPRINT.length());
        if (at < 0 || end < 0) {
            throw new IOException("tor-gencert wrote a certificate without a fingerprint");
        }
        return certificate.substring(at + FINGERPRINT.length(), end);
    }

    /**
     * The PKCS #1 structure inside a PKCS #8 private key or an X.509 public key: both end with it, wrapped in an OCTET
     * STRING or a BIT STRING, so it is the last SEQUENCE that reaches exactly to the end.
     */
    static byte[] innermost(byte[] encoded) {
        for (int at = 1; at + 4 <= encoded.length; at++) {
            // Definite length in one or two bytes, as keys of this size have.
            if (encoded[at] != DER_SEQUENCE) {
                continue;
            }
            int form = encoded[at + 1] & 0xff;
            int length = form == 0x81 ? encoded[at + 2] & 0xff
                    : form == 0x82 ? (encoded[at + 2] & 0xff) << 8 | encoded[at + 3] & 0xff
                    : -1;
            int header = form == 0x81 ? 3 : 4;
            if (length >= 0 && at + header + length == encoded.length) {
                return Arrays.copyOfRange(encoded, at, encoded.length);
            }
        }
        throw new IllegalArgumentException("not the encoding of an RSA key");
    }
}
