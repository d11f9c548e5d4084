package dev.cepa.channel;

import dev.cepa.cell.ChannelMessage.Certs;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.crypto.Ed25519Certificate;
import dev.cepa.crypto.RsaCrossCertificate;
import dev.cepa.crypto.RsaIdentityCertificate;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Decides from a CERTS message whether the far end of a TLS link is the relay that was wanted (tor-spec section 4.2).
 *
 * <p>Nothing in the TLS handshake says who the relay is: its TLS certificate is self-signed, with a random name. CERTS ties
 * the two together. The Ed25519 identity key vouches for a signing key (type 4), that key for the digest of the TLS
 * certificate (type 5), and TLS has shown that the far end holds the key in it. The RSA identity key (type 2) vouches for
 * the Ed25519 identity (type 7), so it needs no chain of its own. Older relays' chain of RSA certificates alone (types 1
 * and 2) is not accepted: it would let whoever holds the weaker key pass for the relay.
 *
 * <p>Pure: no sockets, and the time is handed in.
 */
final class LinkVerifier {
    private static final int RSA_IDENTITY = 2;
    private static final int RSA_CROSS = 7;

    /** Relays blur these dates on purpose; so do others with them (C tor: the same two bounds). */
    private static final Duration X509_GRACE_AFTER = Duration.ofDays(2);
    private static final Duration X509_GRACE_BEFORE = Duration.ofDays(30);

    /** Who the relay has proved to be. */
    record Identity(RsaId rsaId, Ed25519Id ed25519Id) {}

    private final ChannelTarget target;
    private final Instant now;
    private final @Nullable Duration clockSkew;

    /**
     * @param target whom we want
     * @param now our time
     * @param clockSkew how far the relay claims that our clock is ahead; null if it makes no claim
     */
    LinkVerifier(ChannelTarget target, Instant now, @Nullable Duration clockSkew) {
        this.target = target;
        this.now = now;
        this.clockSkew = clockSkew;
    }

    /**
     * Verifies the whole chain.
     *
     * @param certs what the relay sent
     * @param tlsDigest SHA-256 of the certificate of the relay's end of the TLS link, 32 bytes
     * @throws TorException of kind PROTOCOL if anything at all is wrong, of kind CLOCK_SKEW if all is well but for
     *     certificates that have expired by less than our clock seems to be ahead
     */
    Identity verify(Certs certs, byte[] tlsDigest) throws TorException {
        refuseDuplicates(certs);
        Ed25519Certificate signing = ed25519(certs, Ed25519Certificate.IDENTITY_SIGNING, "identity");
        Ed25519Id identity = signing.signingKey();
        if (identity == null) {
            throw new ProtocolException("identity certificate (type 4) without the identity key");
        }
        if (signing.keyType() != Ed25519Certificate.KEY_ED25519) {
            throw new ProtocolException("identity certificate (type 4) for a key of type " + signing.keyType());
        }
        if (!signing.verify(identity)) {
            throw new ProtocolException("identity certificate (type 4) with a bad signature");
        }
        Ed25519Certificate link = ed25519(certs, Ed25519Certificate.SIGNING_TLS, "link");
        if (link.keyType() != Ed25519Certificate.KEY_SHA256_OF_X509
                && link.keyType() != Ed25519Certificate.KEY_ED25519) {
            throw new ProtocolException("link certificate (type 5) for a key of type " + link.keyType());
        }
        if (!MessageDigest.isEqual(link.certifiedKey(), tlsDigest)) {
            throw new ProtocolException("link certificate (type 5) is for another TLS certificate:"
                    + " something may be intercepting the connection");
        }
        if (!link.verify(Ed25519Id.of(signing.certifiedKey()))) {
            throw new ProtocolException("link certificate (type 5) with a bad signature");
        }
        RsaIdentityCertificate rsa = RsaIdentityCertificate.parse(body(certs, RSA_IDENTITY, "RSA identity"));
        RsaCrossCertificate cross = RsaCrossCertificate.parse(body(certs, RSA_CROSS, "RSA cross"));
        if (!cross.ed25519Id().equals(identity)) {
            throw new ProtocolException("RSA cross-certificate (type 7) is for another Ed25519 identity");
        }
        if (!cross.verify(rsa.key())) {
            throw new ProtocolException("RSA cross-certificate (type 7) with a bad signature");
        }
        // The dates come late, so that CLOCK_SKEW is said of a relay that is otherwise who it claims to be.
        if (rsa.notBefore().minus(X509_GRACE_BEFORE).isAfter(now)) {
            throw new ProtocolException("RSA identity certificate (type 2) is not valid before " + rsa.notBefore());
        }
        requireNotExpired(signing.expiry(), "identity certificate (type 4)");
        requireNotExpired(link.expiry(), "link certificate (type 5)");
        requireNotExpired(cross.expiry(), "RSA cross-certificate (type 7)");
        requireNotExpired(rsa.notAfter().plus(X509_GRACE_AFTER), "RSA identity certificate (type 2)");
        Identity proved = new Identity(rsa.key().identity(), identity);
        requireWanted(proved);
        return proved;
    }

    private void requireWanted(Identity proved) throws ProtocolException {
        boolean tell = target.shown().isEmpty();
        if (target.identified() && !proved.rsaId.equals(target.rsaId())) {
            throw new ProtocolException(
                    tell ? "wrong RSA identity: it is $" + proved.rsaId : "wrong RSA identity: its fingerprint is another one");
        }
        if (target.ed25519Id() != null && !proved.ed25519Id.equals(target.ed25519Id())) {
            if (!tell) {
                throw new ProtocolException("wrong Ed25519 identity: it is not the one that its descriptor named");
            }
            throw new ProtocolException("wrong Ed25519 identity: it is " + proved.ed25519Id
                    + " and not " + target.ed25519Id());
        }
    }

    private void requireNotExpired(Instant expiry, String what) throws TorException {
        if (!expiry.isBefore(now)) {
            return;
        }
        Duration late = Duration.between(expiry, now);
        if (clockSkew != null && late.compareTo(clockSkew) < 0) {
            throw new TorException(ErrorKind.CLOCK_SKEW, what + " expired at " + expiry
                    + " by our clock, which seems to be " + clockSkew.toMinutes() + " minutes ahead");
        }
        throw new ProtocolException(what + " expired at " + expiry);
    }

    private static void refuseDuplicates(Certs certs) throws ProtocolException {
        boolean[] seen = new boolean[256];
        for (Certs.Certificate certificate : certs.certificates()) {
            if (seen[certificate.type()]) {
                throw new ProtocolException("two certificates of type " + certificate.type() + " in CERTS");
            }
            seen[certificate.type()] = true;
        }
    }

    private static Ed25519Certificate ed25519(Certs certs, int type, String name) throws ProtocolException {
        Ed25519Certificate certificate = Ed25519Certificate.parse(body(certs, type, name));
        if (certificate.type() != type) {
            throw new ProtocolException(
                    name + " certificate (type " + type + ") that says it is of type " + certificate.type());
        }
        return certificate;
    }

    private static byte[] body(Certs certs, int type, String name) throws ProtocolException {
        for (Certs.Certificate certificate : certs.certificates()) {
            if (certificate.type() == type) {
                return certificate.body();
            }
        }
        throw new ProtocolException("no " + name + " certificate (type " + type + ") in CERTS");
    }
}
