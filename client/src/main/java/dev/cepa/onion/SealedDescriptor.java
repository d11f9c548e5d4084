package dev.cepa.onion;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.crypto.Ed25519;
import dev.cepa.crypto.Ed25519Certificate;
import dev.cepa.error.ProtocolException;
import dev.cepa.netdoc.LineReader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A descriptor as directories see it: verified, its content encrypted (rend-spec-v3 section 2.4).
 *
 * @param lifetime at most 12 hours
 * @param revision unsigned
 * @param blindedKey whose it is, 32 bytes
 * @param signingKey that signed it, 32 bytes
 * @param expiry when the signing key's certificate ends
 * @param document the whole of it, as it came
 */
record SealedDescriptor(
        Duration lifetime, long revision, byte[] blindedKey, byte[] signingKey, Instant expiry, byte[] document) {
    static final byte[] SIGNATURE_PREFIX = "Tor onion service descriptor sig v3".getBytes(StandardCharsets.US_ASCII);

    private static final int MAX_LIFETIME_MINUTES = 720;

    /**
     * Reads and verifies a descriptor.
     *
     * @param blindedKey whose it must be
     * @param now for the certificate
     * @throws ProtocolException if it is malformed, somebody else's, expired, or not signed by who should have
     */
    static SealedDescriptor parse(byte[] document, byte[] blindedKey, Instant now) throws ProtocolException {
        return parse(document, now, blindedKey);
    }

    /**
     * The same of whoever it says it is by, of whom nothing is known but that he has signed it.
     *
     * @throws ProtocolException if it is malformed, expired, or not signed by who should have
     */
    static SealedDescriptor parseOfAnybody(byte[] document, Instant now) throws ProtocolException {
        return parse(document, now, null);
    }

    private static SealedDescriptor parse(byte[] document, Instant now, byte @Nullable [] whose) throws ProtocolException {
        LineReader in = new LineReader(document, 0, document.length, "onion descriptor");
        long lifetime = -1;
        String revision = null;
        byte[] certificate = null;
        byte[] content = null;
        byte[] signature = null;
        int signed = 0;
        if (!in.nextLine() || !in.is("hs-descriptor") || in.word().number(3) != 3) {
            throw in.error("does not begin a descriptor of version 3");
        }
        while (signature == null && in.nextLine()) {
            if (in.is("descriptor-lifetime")) {
                once(lifetime < 0, in);
                lifetime = in.word().number(MAX_LIFETIME_MINUTES);
            } else if (in.is("descriptor-signing-key-cert")) {
                once(certificate == null, in);
                certificate = in.object("ED25519 CERT");
            } else if (in.is("revision-counter")) {
                once(revision == null, in);
                revision = in.word().wordText();
            } else if (in.is("superencrypted")) {
                once(content == null, in);
                content = in.object("MESSAGE");
            } else if (in.is("signature")) {
                signed = in.lineStart();
                signature = new byte[Ed25519.SIGNATURE_LENGTH];
                in.word().base64(signature, 0, signature.length);
            } else {
                in.skipUnknown();
            }
        }
        if (lifetime < 0 || revision == null || certificate == null || content == null || signature == null) {
            throw new ProtocolException("onion descriptor: lacks an item");
        }
        if (in.nextLine()) {
            throw in.error("comes after the signature");
        }
        byte[] blindedKey = whose == null ? namedKey(certificate) : whose;
        Ed25519Certificate signing =
                certificate(certificate, Ed25519Certificate.HS_DESCRIPTOR_SIGNING, Ed25519Id.of(blindedKey), now);
        byte[] signingKey = signing.certifiedKey();
        byte[] message = Arrays.copyOf(SIGNATURE_PREFIX, SIGNATURE_PREFIX.length + signed);
        System.arraycopy(document, 0, message, SIGNATURE_PREFIX.length, signed);
        if (!Ed25519.verify(signingKey, message, signature)) {
            throw new ProtocolException("onion descriptor: the signature is wrong");
        }
        return new SealedDescriptor(
                Duration.ofMinutes(lifetime), unsigned(revision), blindedKey.clone(), signingKey, signing.expiry(), document);
    }

    private static byte[] namedKey(byte[] certificate) throws ProtocolException {
        Ed25519Id named = Ed25519Certificate.parse(certificate).signingKey();
        if (named == null) {
            throw new ProtocolException("onion descriptor: its certificate does not say by whom it is");
        }
        return named.toBytes();
    }

    /** The outer layer, encrypted; read anew each time, for it is in the document. */
    byte[] content() throws ProtocolException {
        LineReader in = new LineReader(document, 0, document.length, "onion descriptor");
        while (in.nextLine()) {
            if (in.is("superencrypted")) {
                return in.object("MESSAGE");
            }
            in.skipUnknown();
        }
        throw new ProtocolException("onion descriptor: lacks an item");
    }

    private static void once(boolean first, LineReader in) throws ProtocolException {
        if (!first) {
            throw in.error("repeats an item");
        }
    }

    private static long unsigned(String digits) throws ProtocolException {
        try {
            if (!digits.startsWith("+")) {
                return Long.parseUnsignedLong(digits);
            }
        } catch (NumberFormatException e) {
            // falls through
        }
        throw new ProtocolException("onion descriptor: the revision counter is no number");
    }

    /** A certificate of that type, in force, by that key, which it must name. */
    static Ed25519Certificate certificate(byte[] encoded, int type, Ed25519Id signer, Instant now) throws ProtocolException {
        Ed25519Certificate certificate = Ed25519Certificate.parse(encoded);
        @Nullable Ed25519Id named = certificate.signingKey();
        if (certificate.type() != type || certificate.keyType() != Ed25519Certificate.KEY_ED25519) {
            throw new ProtocolException("onion descriptor: certificate of type " + certificate.type() + " in place of " + type);
        }
        if (named == null || !MessageDigest.isEqual(named.toBytes(), signer.toBytes())) {
            throw new ProtocolException("onion descriptor: a certificate is by another key");
        }
        if (!now.isBefore(certificate.expiry())) {
            throw new ProtocolException("onion descriptor: a certificate ended at " + certificate.expiry());
        }
        if (!certificate.verify(signer)) {
            throw new ProtocolException("onion descriptor: a certificate's signature is wrong");
        }
        return certificate;
    }
}
