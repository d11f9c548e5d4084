package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ProtocolException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The descriptor is one that a bridge of Tor 0.4.9.11 made on a private network. */
class ServerDescriptorTest {
    private static ServerDescriptor parse(String text) throws ProtocolException {
        byte[] bytes = Documents.latin1(text);
        return ServerDescriptor.parse(bytes, 0, bytes.length);
    }

    private static String document() throws Exception {
        String text = Documents.text("bridge-descriptor.txt");
        return text.substring(text.indexOf("router "));
    }

    @Test
    void readsABridgesOf2026() throws Exception {
        ServerDescriptor descriptor = parse(document());
        assertThat(descriptor.rsaId()).hasToString("364E6660D937791D859E6B837BA4FFF2DC92A3E0");
        assertThat(descriptor.ed25519Id()).hasToString("nZGIrSFUTgStMHzmuyv+NYlc1GJcwfhSpChHHcmwX0c");
        assertThat(descriptor.nickname()).isEqualTo("bridge0");
        assertThat(descriptor.published()).isEqualTo(Instant.parse("2026-11-29T22:02:54Z"));
        assertThat(descriptor.expires()).isAfter(descriptor.published()).isBefore(Instant.parse("2027-01-30T00:00:00Z"));
        assertThat(HexFormat.of().formatHex(descriptor.ntorKey()))
                .isEqualTo("d047737620d6ffd96886a02cf13273aab9decaf2414f4d5c56a98e93023e4735");
        assertThat(descriptor.addresses()).containsExactly(new InetSocketAddress("127.0.0.1", 31757));
        assertThat(descriptor.protocols().supports(Protocols.Name.RELAY, 4)).isTrue();
        assertThat(descriptor.protocols().supports(Protocols.Name.RELAY, 9)).isFalse();
        assertThat(descriptor).hasToString("$364E6660D937791D859E6B837BA4FFF2DC92A3E0~bridge0");
    }

    @Test
    void refusesEveryChangeOfWhatIsSigned() throws Exception {
        String text = document();
        int end = text.indexOf("-----END SIGNATURE");
        for (int i = "router ".length(); i < end; i++) {
            char other = text.charAt(i) == 'A' ? 'B' : 'A';
            String changed = text.substring(0, i) + other + text.substring(i + 1);
            assertThatThrownBy(() -> parse(changed))
                    .as("a change at %s: %s", i, text.substring(Math.max(0, i - 20), i))
                    .isInstanceOf(ProtocolException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "identity-ed25519", "published", "proto", "onion-key", "signing-key", "onion-key-crosscert", "ntor-onion-key-crosscert",
        "ntor-onion-key", "router-sig-ed25519", "router-signature", "fingerprint", "master-key-ed25519"
    })
    void refusesOneWithoutAnItem(String item) throws Exception {
        assertThatThrownBy(() -> parse(document().replace("\n" + item + " ", "\nx-" + item + " ")
                        .replace("\n" + item + "\n", "\nx-" + item + "\n")))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void refusesAnItemTwice() throws Exception {
        String text = document();
        for (String item : new String[] {"published 2026-11-29 22:02:54\n", "proto Link=4\n", "family $AB\nfamily $AB\n"}) {
            assertThatThrownBy(() -> parse(text.replace("\nuptime", "\n" + item + "uptime")))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining("repeats an item");
        }
    }

    @Test
    void refusesWhatComesBeforeAndBehind() throws Exception {
        String text = document();
        assertThatThrownBy(() -> parse(text + "more\n")).hasMessageContaining("comes after the signature");
        assertThatThrownBy(() -> parse("@purpose bridge\n" + text)).hasMessageContaining("is not router");
        assertThatThrownBy(() -> parse(text + text)).isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> parse("")).isInstanceOf(ProtocolException.class);
    }

    @Test
    void refusesOneThatIsTooLong() throws Exception {
        String longer = document().replace("\nuptime", "\nx " + "y".repeat(ServerDescriptor.MAX_LENGTH) + "\nuptime");
        assertThatThrownBy(() -> parse(longer)).hasMessageContaining("bytes");
    }
}
