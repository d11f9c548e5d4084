package dev.cepa.netdoc;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether enough authorities signed a consensus: more than half of those that we were told of (dir-spec section 5.1),
 * not of those that it names. Stateless; says nothing of the consensus' lifetime.
 */
public final class ConsensusVerifier {
    private ConsensusVerifier() {}

    /**
     * What came of it. An authority counts once, however often it signed, for the best of its signatures.
     *
     * @param authorities how many we were told of
     * @param good authorities of whose signatures one is right
     * @param bad authorities whose signatures are wrong
     * @param missing certificates, of authorities we were told of, that are needed to judge a signature
     */
    public record Outcome(int authorities, Set<RsaId> good, Set<RsaId> bad, List<AuthorityCertificate.Name> missing) {
        /** Copies. */
        public Outcome {
            good = Set.copyOf(good);
            bad = Set.copyOf(bad);
            missing = List.copyOf(missing);
        }

        /** How many must have signed. */
        public int required() {
            return authorities / 2 + 1;
        }

        /** Whether the consensus may be believed. */
        public boolean isEnough() {
            return authorities > 0 && good.size() >= required();
        }

        /** Whether it could be with the missing certificates; otherwise they are not worth asking for. */
        public boolean couldBeEnough() {
            Set<RsaId> hopeful = new HashSet<>(good);
            for (AuthorityCertificate.Name name : missing) {
                hopeful.add(name.authority());
            }
            return authorities > 0 && hopeful.size() >= required();
        }

        /** Does nothing if the consensus may be believed. */
        public void requireEnough() throws TorException {
            if (!isEnough()) {
                throw new TorException(
                        ErrorKind.BAD_SIGNATURE,
                        "consensus: " + good.size() + " of " + authorities + " authorities signed it, and " + required()
                                + " must have; " + bad.size() + " signatures are wrong, " + missing.size()
                                + " certificates are missing");
            }
        }
    }

    /**
     * Judges a consensus.
     *
     * @param authorities the v3idents of all authorities we trust
     * @param certificates those we have; an expired one counts as missing
     */
    public static Outcome verify(
            Consensus consensus, Set<RsaId> authorities, Collection<AuthorityCertificate> certificates, Instant now) {
        Set<RsaId> good = new HashSet<>();
        Set<RsaId> bad = new HashSet<>();
        List<AuthorityCertificate.Name> missing = new ArrayList<>();
        for (DirectorySignature signature : consensus.signatures()) {
            if (!authorities.contains(signature.authority()) || good.contains(signature.authority())) {
                continue;
            }
            AuthorityCertificate.Name name =
                    new AuthorityCertificate.Name(signature.authority(), signature.signingKey());
            AuthorityCertificate certificate = find(certificates, name, now);
            if (certificate == null) {
                if (!missing.contains(name)) {
                    missing.add(name);
                }
            } else if (certificate.verifies(consensus.signedDigest(), signature.signature())) {
                good.add(signature.authority());
            } else {
                bad.add(signature.authority());
            }
        }
        bad.removeAll(good);
        missing.removeIf(name -> good.contains(name.authority()));
        return new Outcome(authorities.size(), good, bad, missing);
    }

    private static @Nullable AuthorityCertificate find(
            Collection<AuthorityCertificate> certificates, AuthorityCertificate.Name name, Instant now) {
        for (AuthorityCertificate certificate : certificates) {
            if (certificate.name().equals(name) && now.isBefore(certificate.expires())) {
                return certificate;
            }
        }
        return null;
    }
}
