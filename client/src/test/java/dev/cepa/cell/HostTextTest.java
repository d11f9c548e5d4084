package dev.cepa.cell;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostTextTest {
    @ParameterizedTest
    @CsvSource({
        "::,::", "::1,::1", "1::,1::", "[2001:db8::1],2001:db8::1", "1:2:3:4:5:6:7:8,1:2:3:4:5:6:7:8",
        "2001:DB8:0:0:1:0:0:1,2001:db8::1:0:0:1", "64:ff9b::192.0.2.33,64:ff9b::c000:221", "1:0:3:4:5:6:7:8,1:0:3:4:5:6:7:8",
        "0:0:0:4:5:6:7:8,::4:5:6:7:8", "1:2:3:4:5:6:7::,1:2:3:4:5:6:7:0", "127.0.0.1,127.0.0.1", "0.0.0.0,0.0.0.0"
    })
    void readsAddressesAndWritesThemShort(String text, String canonical) {
        InetAddress address = HostText.parseAddress(text);
        assertThat(address).isNotNull();
        assertThat(HostText.format(address.getAddress())).isEqualTo(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", ":", ":::", "1:", ":1", "1::2::3", "12345::",
                "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1%eth0", "[1.2.3.4]", "[::1", "::1.2.3",
                "1:2:3:4:5:6:7:1.2.3.4", "g::", "\u0661::", "localhost"
            })
    void refusesWhatIsNoAddress(String text) {
        assertThat(HostText.parseAddress(text)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"torproject.org", "a", "a-b.c_d", "x--y.com", "example.com.", "1.2.3.4", "[::1]", "::1", "1.2.3.4.5"})
    void takesDestinations(String text) {
        assertThat(HostText.isDestination(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", ".", "..", "-a.com", "_a.com", "a..com", ".com", "a b", "a\u0000b", "\u00e9.com", "a.com..", "[a.com]", "---",
                "a/b", "a:80", "*.com"
            })
    void refusesWhatIsNoDestination(String text) {
        assertThat(HostText.isDestination(text)).isFalse();
    }

    @Test
    void writesReverseNames() {
        assertThat(HostText.reverseName(new byte[] {1, 2, 3, (byte) 200})).isEqualTo("200.3.2.1.in-addr.arpa");
        byte[] six = new byte[16];
        six[0] = 0x20;
        six[15] = (byte) 0xab;
        assertThat(HostText.reverseName(six)).startsWith("b.a.0.0.").endsWith(".0.2.ip6.arpa").hasSize(72);
    }
}
