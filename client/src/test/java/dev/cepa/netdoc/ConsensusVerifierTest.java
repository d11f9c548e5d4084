package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ConsensusVerifierTest {
    private static final Instant NOW = Instant.parse("2026-11-24T00:30:00Z");
    private static final TestDirectory NETWORK = new TestDirectory();
    private static final List<TestAuthority> AUTHORITIES = new ArrayList<>();
    private static final Set<RsaId> IDENTITIES = new HashSet<>();
    private static final List<AuthorityCertificate> CERTIFICATES = new ArrayList<>();

    @BeforeAll
    static void fiveAuthorities() throws ProtocolException {
        NETWORK.relay("one");
        for (int i = 0; i < 5; i++) {
            TestAuthority authority = new TestAuthority();
            AUTHORITIES.add(authority);
            IDENTITIES.add(authority.identity());
            CERTIFICATES.add(certificate(authority, NOW.plusSeconds(60)));
        }
    }

    private static AuthorityCertificate certificate(TestAuthority authority, Instant expires) throws ProtocolException {
        byte[] text = authority.certificate(expires);
        return AuthorityCertificate.parse(text, 0, text.length);
    }

    private static ConsensusVerifier.Outcome verify(
            List<TestAuthority> signers, List<AuthorityCertificate> certificates) throws ProtocolException {
        Consensus consensus = Consensus.parse(NETWORK.signed(AUTHORITIES, signers));
        return ConsensusVerifier.verify(consensus, IDENTITIES, certificates, NOW);
    }

    @Test
    void acceptsAConsensusSignedByMoreThanHalf() throws TorException {
        ConsensusVerifier.Outcome outcome = verify(AUTHORITIES.subList(0, 3), CERTIFICATES);
        assertThat(outcome.isEnough()).isTrue();
        assertThat(outcome.good()).hasSize(3);
        outcome.requireEnough();
    }

    @Test
    void refusesConsensusSignedByTooFewAuthorities() throws ProtocolException {
        ConsensusVerifier.Outcome outcome = verify(AUTHORITIES.subList(0, 2), CERTIFICATES);
        assertThat(outcome.isEnough()).isFalse();
        assertThat(outcome.couldBeEnough()).isFalse();
        assertThatThrownBy(outcome::requireEnough)
                .isInstanceOfSatisfying(
                        TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.BAD_SIGNATURE));
    }

    @Test
    void halfIsNotMoreThanHalf() throws ProtocolException {
        Consensus consensus = Consensus.parse(NETWORK.signed(AUTHORITIES, AUTHORITIES.subList(0, 2)));
        Set<RsaId> four = new HashSet<>(IDENTITIES);
        four.remove(AUTHORITIES.get(4).identity());
        assertThat(ConsensusVerifier.verify(consensus, four, CERTIFICATES, NOW).isEnough()).isFalse();
    }

    @Test
    void countsAnAuthorityThatSignsThriceOnce() throws ProtocolException {
        TestAuthority one = AUTHORITIES.get(0);
        ConsensusVerifier.Outcome outcome = verify(List.of(one, one, one), CERTIFICATES);
        assertThat(outcome.good()).containsExactly(one.identity());
        assertThat(outcome.isEnough()).isFalse();
    }

    @Test
    void countsNobodyWhomWeWereNotToldOf() throws ProtocolException {
        Consensus consensus = Consensus.parse(NETWORK.signed(AUTHORITIES, AUTHORITIES));
        Set<RsaId> others = new HashSet<>();
        for (int i = 1; i <= 5; i++) {
            byte[] id = new byte[20];
            id[0] = (byte) i;
            others.add(RsaId.of(id));
        }
        ConsensusVerifier.Outcome outcome = ConsensusVerifier.verify(consensus, others, CERTIFICATES, NOW);
        assertThat(outcome.good()).isEmpty();
        assertThat(outcome.missing()).isEmpty();
        assertThat(ConsensusVerifier.verify(consensus, Set.of(), CERTIFICATES, NOW).isEnough()).isFalse();
    }

    @Test
    void namesTheCertificatesThatAreMissing() throws ProtocolException {
        ConsensusVerifier.Outcome outcome = verify(AUTHORITIES, CERTIFICATES.subList(0, 2));
        assertThat(outcome.isEnough()).isFalse();
        assertThat(outcome.couldBeEnough()).isTrue();
        assertThat(outcome.missing())
                .containsExactly(CERTIFICATES.get(2).name(), CERTIFICATES.get(3).name(), CERTIFICATES.get(4).name());
    }

    @Test
    void anExpiredCertificateIsAMissingOne() throws ProtocolException {
        List<AuthorityCertificate> expired = new ArrayList<>();
        for (TestAuthority authority : AUTHORITIES) {
            expired.add(certificate(authority, NOW));
        }
        ConsensusVerifier.Outcome outcome = verify(AUTHORITIES, expired);
        assertThat(outcome.good()).isEmpty();
        assertThat(outcome.missing()).hasSize(5);
    }

    @Test
    void refusesAConsensusThatWasChanged() throws ProtocolException {
        String text = new String(NETWORK.signed(AUTHORITIES, AUTHORITIES), StandardCharsets.ISO_8859_1);
        Consensus changed = Consensus.parse(Documents.latin1(text.replace("Bandwidth=1000", "Bandwidth=9000")));
        ConsensusVerifier.Outcome outcome = ConsensusVerifier.verify(changed, IDENTITIES, CERTIFICATES, NOW);
        assertThat(outcome.good()).isEmpty();
        assertThat(outcome.bad()).hasSize(5);
        assertThat(outcome.couldBeEnough()).isFalse();
    }

    @Test
    void verifiesRealConsensuses() throws Exception {
        verifiesReal("network-consensus.txt", "network-certificates.txt", 4, "2000-01-01T00:02:30Z");
        verifiesReal("consensus.txt", "certificates.txt", 3, "2020-08-07T12:42:50Z");
    }

    private static void verifiesReal(String document, String certificates, int authorities, String now)
            throws Exception {
        Consensus consensus = Consensus.parse(Documents.read(document));
        List<AuthorityCertificate> all = AuthorityCertificate.parseAll(Documents.read(certificates));
        assertThat(all).hasSize(authorities);
        Set<RsaId> trusted = new HashSet<>(consensus.voters());
        assertThat(trusted).hasSize(authorities);
        ConsensusVerifier.Outcome outcome = ConsensusVerifier.verify(consensus, trusted, all, Instant.parse(now));
        assertThat(outcome.good()).isEqualTo(trusted);
        ConsensusVerifier.Outcome one = ConsensusVerifier.verify(
                consensus, trusted, List.of(all.get(0), all.get(0), all.get(0)), Instant.parse(now));
        assertThat(one.isEnough()).isFalse();
        assertThat(one.missing()).hasSize(authorities - 1);
    }
}
