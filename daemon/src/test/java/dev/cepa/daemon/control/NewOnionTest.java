package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.onion.ServiceSettings.ProofOfWork;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NewOnionTest {
    private static final String CLIENT = "5BPBXQOAZWPSSXFKOIXHZDRDA2AJT2SWS2GIQTISCFKGVBFWBBDQ";

    @Test
    void takesAllThatCTorTakes() throws Exception {
        NewOnion all = NewOnion.parse("NEW:BEST Port=80,127.0.0.1:8080 port=443 Flags=DiscardPK,detach,V3Auth,"
                + "MaxStreamsCloseCircuit,NonAnonymous MaxStreams=5 ClientAuthV3=" + CLIENT
                + " PoWDefensesEnabled=1 PoWQueueRate=10 PoWQueueBurst=20");
        assertThat(all.ports()).containsExactly(
                new OnionTarget(80, "127.0.0.1", 8080, ""), new OnionTarget(443, "127.0.0.1", 443, ""));
        assertThat(all.clients()).containsExactly(CLIENT);
        assertThat(all.maxStreams()).isEqualTo(5);
        assertThat(all.closesCircuit() && all.discardsKey() && all.detached() && all.authorizes() && all.nonAnonymous()).isTrue();
        assertThat(all.proofOfWork()).isEqualTo(new ProofOfWork(10, 20));
        NewOnion least = NewOnion.parse("NEW:ED25519-V3 Port=1");
        assertThat(least.closesCircuit() || least.discardsKey() || least.detached() || least.authorizes()
                || least.nonAnonymous()).isFalse();
        assertThat(least.proofOfWork()).isNull();
        assertThat(least.maxStreams()).isZero();
        assertThat(NewOnion.parse("NEW:BEST Port=1 PoWDefensesEnabled=1").proofOfWork()).isEqualTo(ProofOfWork.DEFAULT);
        assertThat(NewOnion.parse("NEW:BEST Port=1 PoWDefensesEnabled=1 PoWQueueRate=10 PoWQueueBurst=5").proofOfWork())
                .as("C tor takes it").isEqualTo(new ProofOfWork(10, 10));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''|Need at least 1 argument(s)",
        "NEW:BEST|Missing 'Port' argument",
        "NEW:BEST Port=0|Invalid VIRTPORT/TARGET",
        "NEW:BEST Port=80,foo:99999|Invalid VIRTPORT/TARGET",
        "NEW:BEST Port=80,unix:\"/tmp/x y\"|Cannot parse keyword argument(s)",
        "NEW:BEST Port=80 Flags=|Invalid 'Flags' argument",
        "NEW:BEST Port=80 Flags=foo|Invalid 'Flags' argument: \"foo\"",
        "NEW:BEST Port=80 Flags=V3Auth|No auth clients specified",
        "NEW:BEST Port=80 ClientAuthV3=abc|Cannot decode v3 client auth key",
        "NEW:BEST Port=80 ClientAuthV3=" + CLIENT + "|No auth type specified",
        "NEW:BEST Port=80 Foo=bob|Unrecognized keyword argument \"Foo\"",
        "NEW:BEST Port=80 MaxStreams=65536|Invalid MaxStreams",
        "NEW:BEST Port=80 MaxStreams=-1|Invalid MaxStreams",
        "NEW:BEST Port=80 MaxStreams=|Invalid MaxStreams",
        "NEW:BEST Port=80 PoWDefensesEnabled=2|Invalid PoWDefensesEnabled",
        "NEW:BEST Port=80 PoWQueueRate=x|Invalid PoWQueueRate",
        "NEW:BEST Port=80 PoWQueueBurst=99999999999999999999|Invalid PoWQueueBurst",
        "NEW:BEST extra Port=80|Cannot parse keyword argument(s)",
    })
    void refusesWhatCTorRefusesInItsWords(String line, String words) {
        assertThatThrownBy(() -> NewOnion.parse(line)).isInstanceOfSatisfying(Refusal.class, e -> {
            assertThat(e.code()).isEqualTo(512);
            assertThat(e).hasMessage(words);
        });
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "NEW|512|Invalid key type/blob",
        "NEW:|512|Invalid key type/blob",
        "a:b:c|512|Invalid key type/blob",
        "NEW:RSA1024|513|Invalid key type",
        "RSA1024:abc|513|Invalid key type",
        "ED25519-V3:abc|512|Failed to decode ED25519-V3 key",
        "ED25519-V3:!|512|Failed to decode ED25519-V3 key",
    })
    void refusesKeysAsCTorDoes(String key, int code, String words) throws Exception {
        NewOnion onion = NewOnion.parse(key + " Port=80");
        assertThatThrownBy(onion::serviceKey).isInstanceOfSatisfying(Refusal.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e).hasMessage(words);
        });
    }

    @Test
    void readsAKeyThatCTorHasMade() throws Exception {
        NewOnion onion = NewOnion.parse("ed25519-v3:CJqhsTGj2XF8j44wr/MPwOkWfzHnTQ1Z6t7Ag+pNhkHzSzNrNAcIivIpFt++XcxkTLgrlyKLPBRkuPz"
                + "GUXeXcw== Port=80");
        assertThat(onion.wantsNewKey()).isFalse();
        assertThat(onion.serviceKey().address()).isEqualTo("367ttxj7jr3ij23whbcwnpxxc3qmc6rxd26u5hlyxprmainodrx5tmid.onion");
        assertThat(onion.toString()).doesNotContain("CJqhs");
        assertThat(NewOnion.parse("new:best Port=80").wantsNewKey()).isTrue();
    }

    @Test
    void readsWhereStreamsGo() {
        assertThat(address("80,1234")).isEqualTo(new InetSocketAddress("127.0.0.1", 1234));
        assertThat(address("80,192.0.2.1")).isEqualTo(new InetSocketAddress("192.0.2.1", 80));
        assertThat(address("80, [2001:db8::1]:81 ")).isEqualTo(new InetSocketAddress("2001:db8::1", 81));
        assertThat(address("80,[2001:db8::1]")).isEqualTo(new InetSocketAddress("2001:db8::1", 80));
        assertThat(address("80,localhost:81")).isEqualTo(new InetSocketAddress("127.0.0.1", 81));
        assertThat(address("80,unix:/tmp/x")).isEqualTo(UnixDomainSocketAddress.of("/tmp/x"));
        for (String bad : new String[] {"", ",", "x", "80,foo", "80,-1", "65536", "80,unix:", "80,a b.c", "80,:81", "80,[x]:81"}) {
            assertThat(OnionTarget.parse(bad)).as(bad).isNull();
        }
    }

    private static Object address(String text) {
        return OnionTarget.parse(text).address();
    }
}
