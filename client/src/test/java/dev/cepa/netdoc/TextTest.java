package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextTest {
    private final Random random = new Random(7);

    @Test
    void timesAreThoseOfJavaTime() {
        DateTimeFormatter format = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);
        for (int i = 0; i < 2000; i++) {
            long seconds = random.nextLong(253_402_300_800L); // up to the year 9999
            byte[] text = Documents.latin1("x" + format.format(Instant.ofEpochSecond(seconds)));
            assertThat(Text.time(text, 1)).isEqualTo(seconds);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "2023-02-29 00:00:00", "1900-02-29 00:00:00", "2024-04-31 00:00:00", "2024-00-01 00:00:00",
        "2024-01-00 00:00:00",
        "2024-01-01 24:00:00", "2024-01-01 00:60:00", "2024-01-01 00:00:61", "2024-01-01T00:00:00",
        "2024/01/01 00:00:00",
        "1969-12-31 23:59:59", "+024-01-01 00:00:00", "2024-01-01 00:00: 1"
    })
    void refusesWhatIsNoTime(String time) {
        assertThat(Text.time(Documents.latin1(time), 0)).isEqualTo(-1);
    }

    @Test
    void base64IsThatOfTheJdkWithAndWithoutPadding() {
        for (int length = 1; length < 50; length++) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            for (Base64.Encoder encoder : List.of(Base64.getEncoder(), Base64.getEncoder().withoutPadding())) {
                byte[] text = encoder.encode(bytes);
                byte[] out = new byte[length + 2];
                assertThat(Text.base64(text, 0, text.length, out, 1, length)).isTrue();
                assertThat(Arrays.copyOfRange(out, 1, length + 1)).isEqualTo(bytes);
                assertThat(out[0]).isZero();
                assertThat(out[length + 1]).isZero();
                assertThat(Text.base64(text, 1, text.length, out, 1, length)).isFalse();
                text[0] = '-';
                assertThat(Text.base64(text, 0, text.length, out, 1, length)).isFalse();
            }
        }
    }

    @Test
    void ipv6AddressesAreThoseOfTheJdk() throws Exception {
        for (int i = 0; i < 2000; i++) {
            byte[] address = new byte[16];
            random.nextBytes(address);
            address[0] = 0x20; // neither of the forms that the JDK takes for IPv4
            StringBuilder text = new StringBuilder();
            int gap = random.nextInt(9);
            int length = gap == 8 ? 0 : 1 + random.nextInt(Math.max(1, 7 - gap));
            for (int group = 0; group < 8; group++) {
                if (gap > 0 && group == gap && gap < 8) {
                    text.append(group + length >= 8 ? "::" : ":");
                    int end = Math.min(8, group + length);
                    Arrays.fill(address, 2 * group, 2 * end, (byte) 0);
                    group = end - 1;
                    continue;
                }
                text.append(group == 0 ? "" : ":");
                text.append(Integer.toHexString((address[2 * group] & 0xff) << 8 | (address[2 * group + 1] & 0xff)));
            }
            byte[] bytes = Documents.latin1(text.toString());
            byte[] out = new byte[16];
            assertThat(Text.ipv6(bytes, 0, bytes.length, out, 0)).as("%s", text).isTrue();
            assertThat(out).as("%s", text).isEqualTo(InetAddress.getByName(text.toString()).getAddress());
            assertThat(out).isEqualTo(address);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::",
        "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7",
        "::1%eth0", "1.2.3.4", "::1.2.3", "::1.2.3.256", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5", "1:2:3:4::5:6:7:8"
    })
    void refusesWhatIsNoIpv6Address(String text) {
        byte[] bytes = Documents.latin1(text);
        assertThat(Text.ipv6(bytes, 0, bytes.length, new byte[16], 0)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"::", "::1", "1::", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "2001:DB8::1"})
    void takesEveryFormOfIpv6Address(String text) {
        byte[] bytes = Documents.latin1(text);
        assertThat(Text.ipv6(bytes, 0, bytes.length, new byte[16], 0)).isTrue();
    }

    @Test
    void ipv4AddressesHaveFourNumbers() {
        byte[] good = Documents.latin1("192.0.2.255");
        assertThat(Text.ipv4(good, 0, good.length)).isEqualTo(0xc00002ffL);
        for (String bad : List.of("", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1", "0001.2.3")) {
            byte[] bytes = Documents.latin1(bad);
            assertThat(Text.ipv4(bytes, 0, bytes.length)).as(bad).isEqualTo(-1);
        }
    }
}
