package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class OnionArgumentsFuzz {
    @Provide
    Arbitrary<String> lines() {
        return pieces(
                "NEW:BEST", "NEW:", "ED25519-V3:", "AAAA", " Port=", "80", ",", "127.0.0.1:1", "[::1]:2", "unix:/x", " Flags=",
                "Detach", "V3Auth", "DiscardPK", " MaxStreams=", "65535", " ClientAuthV3=", " PoWDefensesEnabled=1",
                " PoWQueueRate=", " PoWQueueBurst=", "5BPBXQOAZWPSSXFKOIXHZDRDA2AJT2SWS2GIQTISCFKGVBFWBBDQ", "=", " ", ":", "-");
    }

    @Provide
    Arbitrary<String> keys() {
        return pieces(
                "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid", " x25519:", "X25519:",
                "iIdCKW3I8E8wFHCgXpDVEZqbZPvrLGHtsvGmOdvXIFg=", " Flags=Permanent", " Flags=", " ClientName=", "bob", "=", " ", ":",
                "A", "$", "~");
    }

    private static Arbitrary<String> pieces(String... known) {
        return Arbitraries.oneOf(Arbitraries.of(known), Arbitraries.strings().ofMaxLength(3))
                .list().ofMaxSize(14).map(pieces -> String.join("", pieces));
    }

    @Property(tries = 3000)
    void anyServiceIsUnderstoodOrRefused(@ForAll("lines") String line) {
        try {
            NewOnion onion = NewOnion.parse(line);
            assertThat(onion.ports()).isNotEmpty();
            assertThat(onion.clients().isEmpty()).isEqualTo(!onion.authorizes());
            assertThat(onion.maxStreams()).isBetween(0, 65_535);
            onion.serviceKey().wipe();
        } catch (Refusal e) {
            assertThat(e.code()).isIn(512, 513);
        }
    }

    @Property(tries = 3000)
    void anyTargetIsUnderstoodOrRefused(@ForAll("lines") String text) {
        OnionTarget target = OnionTarget.parse(text);
        if (target != null) {
            assertThat(target.port()).isBetween(1, 65_535);
            assertThat(target.path().isEmpty()).isEqualTo(!target.host().isEmpty());
        }
    }

    @Property(tries = 3000)
    void anyClientKeyIsUnderstoodOrRefused(@ForAll("keys") String line) {
        try {
            ClientAuthCommands.Wanted wanted = ClientAuthCommands.Wanted.parse(
                    Arguments.parse(line, Arguments.Syntax.keywords(2).withWords(0, 2)));
            assertThat(wanted.address().label()).hasSize(56);
            assertThat(wanted.name()).hasSizeLessThanOrEqualTo(16);
        } catch (Refusal e) {
            assertThat(e.code()).isIn(512, 552, 553);
        }
    }

    @Property(tries = 2000)
    void anyRelayIsUnderstoodOrRefused(@ForAll("keys") String text) {
        var relay = Onions.relay(text);
        if (relay != null) {
            assertThat(text.toUpperCase()).contains(relay.toString().toUpperCase());
        }
    }
}
