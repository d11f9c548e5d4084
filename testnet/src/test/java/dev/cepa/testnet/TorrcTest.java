package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class TorrcTest {
    private final Torrc torrc = new Torrc(List.of("DirAuthority auth0 line"), Path.of("/net/resolv.conf"), 42, "notice",
            60, "cc_alg=2");

    @Test
    void tiesEveryNodeToItsOwnerAndToTheAuthorities() {
        for (NodeKind kind : NodeKind.values()) {
            assertThat(lines(node(kind))).contains("TestingTorNetwork 1", "__OwningControllerProcess 42",
                    "DirAuthority auth0 line", "DataDirectory /net/node", "ShutdownWaitLength 0");
        }
    }

    @Test
    void givesAuthoritiesTheirSchedule() {
        assertThat(lines(node(NodeKind.AUTHORITY))).contains("V3AuthoritativeDirectory 1", "DirPort 127.0.0.1:7",
                "TestingV3AuthInitialVotingInterval 60", "TestingV3AuthVotingStartOffset 13", "V3AuthVotingInterval 60",
                "ConsensusParams cc_alg=2");
    }

    @Test
    void letsExitsReachLoopbackAndNothingElseExit() {
        assertThat(lines(node(NodeKind.EXIT))).contains("ExitPolicyRejectPrivate 0", "ExitRelay 1",
                "ServerDNSResolvConfFile /net/resolv.conf");
        for (NodeKind kind : List.of(NodeKind.AUTHORITY, NodeKind.RELAY, NodeKind.BRIDGE)) {
            assertThat(lines(node(kind))).contains("ExitPolicy reject *:*").doesNotContain("ExitRelay 1");
        }
    }

    @Test
    void keepsBridgesOutOfTheConsensus() {
        assertThat(lines(node(NodeKind.BRIDGE))).contains("BridgeRelay 1", "PublishServerDescriptor 0");
    }

    @Test
    void endsWithTheLinesOfTheCaller() {
        assertThat(lines(node(NodeKind.CLIENT))).endsWith("SocksPort 127.0.0.1:8");
    }

    private List<String> lines(Node node) {
        return torrc.text(node, new VoteSchedule(60, 13, Instant.EPOCH)).lines().toList();
    }

    private static Node node(NodeKind kind) {
        return new Node(kind, "node", Path.of("/net/node"), 6, 7, 8,
                kind == NodeKind.CLIENT ? List.of("SocksPort 127.0.0.1:8") : List.of());
    }
}
