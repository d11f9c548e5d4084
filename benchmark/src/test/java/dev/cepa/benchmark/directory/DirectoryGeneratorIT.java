package dev.cepa.benchmark.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.RsaId;
import dev.cepa.netdoc.AuthorityCertificate;
import dev.cepa.netdoc.Consensus;
import dev.cepa.netdoc.ConsensusVerifier;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.NetDirBuilder;
import dev.cepa.testnet.Authority;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DirectoryGeneratorIT {
    @Test
    void isSignedByAllAuthoritiesAndCompleteAndGivesTheMadeUpNoWeight() throws Exception {
        TestNetwork network = TestNetworks.shared();
        Instant now = Instant.now();
        DirectoryGenerator.Documents documents = DirectoryGenerator.make(
                network.nodes(NodeKind.AUTHORITY).stream().map(Node::folder).toList(), 9000, now);
        Consensus consensus = Consensus.parse(documents.consensus());
        Set<RsaId> authorities = new HashSet<>();
        for (Authority authority : network.authorities()) {
            authorities.add(RsaId.of(HexFormat.of().parseHex(authority.v3Ident())));
        }
        ConsensusVerifier.Outcome outcome = ConsensusVerifier.verify(
                consensus, authorities, AuthorityCertificate.parseAll(documents.certificates()), now);
        assertThat(outcome.good()).isEqualTo(authorities);
        assertThat(outcome.missing()).isEmpty();
        assertThat(consensus.info().validAfter()).isBefore(now);
        assertThat(Duration.between(now, consensus.info().freshUntil())).isGreaterThan(Duration.ofHours(6));

        NetDirBuilder builder = new NetDirBuilder(consensus);
        assertThat(builder.add(documents.microdescs(), 0, documents.microdescs().length)).isEqualTo(9000);
        NetDir dir = builder.build();
        Set<RsaId> real = new HashSet<>();
        for (Node relay : network.relays()) {
            real.add(RsaId.of(HexFormat.of().parseHex(relay.fingerprint())));
        }
        int weighted = 0;
        for (int relay = 0; relay < dir.size(); relay++) {
            if (dir.bandwidth(relay) > 0) {
                weighted++;
                assertThat(real).contains(dir.rsaId(relay));
            }
        }
        assertThat(weighted).isEqualTo(real.size());
    }
}
