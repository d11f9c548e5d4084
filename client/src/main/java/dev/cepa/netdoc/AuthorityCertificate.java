package dev.cepa.netdoc;

import dev.cepa.cell.RsaId;
import dev.cepa.crypto.Primitives;
import dev.cepa.crypto.RsaPublicKey;
import dev.cepa.error.ProtocolException;
import java.security.MessageDigest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An authority's word, by its long-term identity key, that a signing key is its own (dir-spec section 3.1). Each one
 * that exists has been verified but for its dates. Immutable.
 */
public final class AuthorityCertificate {
    private static final String START = "dir-key-certificate-version";
    private static final int MAX_LENGTH = 16 * 1024;

    private final Name name;
    private final RsaPublicKey signingKey;
    private final Instant published;
    private final Instant expires;
    private final byte[] text;

    /**
     * What a certificate is asked for by.
     *
     * @param authority digest of the identity key: the v3ident
     * @param signingKey digest of the signing key
     */
    public record Name(RsaId authority, RsaId signingKey) {
        // Written out, as are the hash codes of other keys of maps: what records get by themselves is put together from
        // method handles at run time, which costs memory.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Name name && authority.equals(name.authority) && signingKey.equals(name.signingKey);
        }

        @Override
        public int hashCode() {
            return 31 * authority.hashCode() + signingKey.hashCode();
        }
    }

    private AuthorityCertificate(Name name, RsaPublicKey signingKey, Instant published, Instant expires, byte[] text) {
        this.name = name;
        this.signingKey = signingKey;
        this.published = published;
        this.expires = expires;
        this.text = text;
    }

    /**
     * The certificates in a document: an answer to {@code /tor/keys/}, or a cache file. Those that are malformed, not
     * signed as they must be, or cut short are left out.
     */
    public static List<AuthorityCertificate> parseAll(byte[] document) {
        List<AuthorityCertificate> certificates = new ArrayList<>();
        int start = next(document, 0);
        while (start < document.length) {
            int end = next(document, start + 1);
            try {
                certificates.add(parse(document, start, end));
            } catch (ProtocolException e) {
                // It is asked for again, of somebody else.
            }
            start = end;
        }
        return certificates;
    }

    /** Where the next certificate begins, from a position on; the document's length if there is none. */
    private static int next(byte[] document, int from) {
        for (int i = from; i <= document.length - START.length(); i++) {
            if (document[i] == 'd' && (i == 0 || document[i - 1] == '\n')) {
                int matched = 1;
                while (matched < START.length() && document[i + matched] == START.charAt(matched)) {
                    matched++;
                }
                if (matched == START.length()) {
                    return i;
                }
            }
        }
        return document.length;
    }

    /**
     * Parses and verifies the certificate in {@code document[from, to)}.
     *
     * @throws ProtocolException if it is malformed, or a fingerprint or signature is wrong
     */
    public static AuthorityCertificate parse(byte[] document, int from, int to) throws ProtocolException {
        if (to - from > MAX_LENGTH) {
            throw new ProtocolException("authority certificate: of " + (to - from) + " bytes");
        }
        return new Parser(document, from, to).parse();
    }

    public Name name() {
        return name;
    }

    /** When it was made. */
    public Instant published() {
        return published;
    }

    /** From then on it is worth nothing. */
    public Instant expires() {
        return expires;
    }

    /** The document, as it came; a copy. */
    public byte[] toBytes() {
        return text.clone();
    }

    /** Whether that is the signing key's signature over a bare digest. */
    boolean verifies(byte[] digest, byte[] signature) {
        return signingKey.verifies(digest, signature);
    }

    /** Used once. */
    private static final class Parser {
        private final byte[] document;
        private final int from;
        private final LineReader lines;
        private byte[] fingerprint = {};
        private byte[] identityKey = {};
        private byte[] signingKey = {};
        private byte[] crossCertificate = {};
        private long published = -1;
        private long expires = -1;

        Parser(byte[] document, int from, int to) {
            this.document = document;
            this.from = from;
            this.lines = new LineReader(document, from, to, "authority certificate");
        }

        AuthorityCertificate parse() throws ProtocolException {
            if (!lines.nextLine() || !lines.is(START) || !lines.word().is("3")) {
                throw lines.error("is not a certificate's of version 3");
            }
            while (lines.nextLine()) {
                if (lines.is("dir-key-certification")) {
                    return verified();
                } else if (lines.is("fingerprint")) {
                    once(fingerprint.length == 0);
                    fingerprint = lines.word().hex(RsaId.LENGTH);
                } else if (lines.is("dir-identity-key")) {
                    once(identityKey.length == 0);
                    identityKey = lines.object("RSA PUBLIC KEY");
                } else if (lines.is("dir-signing-key")) {
                    once(signingKey.length == 0);
                    signingKey = lines.object("RSA PUBLIC KEY");
                } else if (lines.is("dir-key-crosscert")) {
                    once(crossCertificate.length == 0);
                    crossCertificate = lines.object("ID SIGNATURE", "SIGNATURE");
                } else if (lines.is("dir-key-published")) {
                    once(published < 0);
                    published = lines.time();
                } else if (lines.is("dir-key-expires")) {
                    once(expires < 0);
                    expires = lines.time();
                } else {
                    lines.skipUnknown();
                }
            }
            throw lines.error("is the last, without the certification");
        }

        private void once(boolean first) throws ProtocolException {
            if (!first) {
                throw lines.error("repeats an item that may be there once");
            }
        }

        /** At the line of the certification, up to and with which everything is signed. */
        private AuthorityCertificate verified() throws ProtocolException {
            MessageDigest sha1 = Primitives.sha1();
            sha1.update(document, from, lines.lineEnd() + 1 - from);
            byte[] digest = sha1.digest();
            byte[] signature = lines.object("SIGNATURE");
            int end = lines.lineEnd() + 1;
            if (lines.nextLine()) {
                throw lines.error("comes after the certification");
            }
            if (published < 0 || expires < 0) {
                throw lines.error("ends a certificate without its dates");
            }
            RsaPublicKey identity = RsaPublicKey.parse(identityKey);
            RsaPublicKey signing = RsaPublicKey.parse(signingKey);
            if (!MessageDigest.isEqual(identity.identity().toBytes(), fingerprint)) {
                throw lines.error("ends a certificate whose fingerprint is not its identity key's");
            }
            if (!identity.verifies(digest, signature)) {
                throw lines.error("ends a certificate that its identity key did not sign");
            }
            if (!signing.verifies(identity.identity().toBytes(), crossCertificate)) {
                throw lines.error("ends a certificate that its signing key did not sign");
            }
            return new AuthorityCertificate(
                    new Name(identity.identity(), signing.identity()),
                    signing,
                    Instant.ofEpochSecond(published),
                    Instant.ofEpochSecond(expires),
                    Arrays.copyOfRange(document, from, end));
        }
    }
}
