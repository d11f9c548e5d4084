package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.AuthorityCertificate;
import dev.cepa.netdoc.Consensus;
import dev.cepa.netdoc.ConsensusVerifier;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The authorities' certificates, in memory and on disk, and what they say of a consensus. Belongs to the directory's own
 * thread.
 */
final class CertificatePool {
    /** Kept of one authority: it has one signing key, and the one before for a while. */
    private static final int MAX_OF_ONE = 4;

    private final List<DirectoryAuthority> authorities;
    private final Set<RsaId> identities = new HashSet<>();
    private final DirectoryStore store;
    private final List<AuthorityCertificate> certificates = new ArrayList<>();
    /** What the consensus that was judged last lacks. */
    private List<AuthorityCertificate.Name> missing = List.of();

    CertificatePool(DirectorySettings settings, DirectoryStore store) {
        this.authorities = settings.authorities().isEmpty() ? PublicNetwork.authorities() : settings.authorities();
        this.store = store;
        for (DirectoryAuthority authority : authorities) {
            if (authority.v3Ident() != null) {
                identities.add(authority.v3Ident());
            }
        }
    }

    /** The authorities that are trusted. */
    List<DirectoryAuthority> authorities() {
        return authorities;
    }

    /** Takes in what is on disk. */
    void load() {
        byte[] documents = store.readCertificates();
        if (documents == null) {
            return;
        }
        List<AuthorityCertificate> cached = AuthorityCertificate.parseAll(documents);
        if (cached.isEmpty() && documents.length > 0) {
            store.reportUnusable("certificates", "not one of them is whole and rightly signed");
        }
        for (AuthorityCertificate certificate : cached) {
            take(certificate);
        }
    }

    /**
     * Takes in an answer, and puts what is new on disk.
     *
     * @throws TorException if there was nothing in it that was missing
     */
    void add(byte[] documents) throws TorException {
        int taken = 0;
        for (AuthorityCertificate certificate : AuthorityCertificate.parseAll(documents)) {
            if (missing.contains(certificate.name()) && take(certificate)) {
                taken++;
            }
        }
        if (taken == 0) {
            throw new ProtocolException("the directory server sent none of the certificates that it was asked for");
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (AuthorityCertificate certificate : certificates) {
            all.writeBytes(certificate.toBytes());
        }
        store.writeCertificates(all.toByteArray());
    }

    private boolean take(AuthorityCertificate certificate) {
        RsaId authority = certificate.name().authority();
        if (!identities.contains(authority)) {
            return false;
        }
        AuthorityCertificate oldest = null;
        int count = 0;
        for (AuthorityCertificate known : certificates) {
            if (known.name().equals(certificate.name()) && !known.expires().isBefore(certificate.expires())) {
                return false;
            }
            if (known.name().authority().equals(authority)) {
                count++;
                if (oldest == null || known.published().isBefore(oldest.published())) {
                    oldest = known;
                }
            }
        }
        certificates.removeIf(known -> known.name().equals(certificate.name()));
        if (count >= MAX_OF_ONE) {
            certificates.remove(oldest);
        }
        certificates.add(certificate);
        return true;
    }

    /**
     * Whether enough authorities signed a consensus.
     *
     * @return false if certificates are needed to say
     * @throws TorException of kind BAD_SIGNATURE if too few signed it
     */
    boolean verifies(Consensus consensus, Instant now) throws TorException {
        ConsensusVerifier.Outcome outcome = ConsensusVerifier.verify(consensus, identities, certificates, now);
        if (outcome.isEnough()) {
            missing = List.of();
            return true;
        }
        if (!outcome.couldBeEnough()) {
            outcome.requireEnough();
        }
        missing = outcome.missing();
        return false;
    }

    /** What to ask for after {@link #verifies} said no; null if there is nothing to ask for. */
    @Nullable DirectoryRequest missing() {
        if (missing.isEmpty()) {
            return null;
        }
        List<RsaId> wanted = new ArrayList<>();
        List<RsaId> signingKeys = new ArrayList<>();
        for (AuthorityCertificate.Name name : missing) {
            wanted.add(name.authority());
            signingKeys.add(name.signingKey());
        }
        return DirectoryRequest.certificates(wanted, signingKeys);
    }
}
