package dev.cepa.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StreamForwarderTest {
    @Test
    void serversAreToldTheClientAsInTheManualOfCTor() {
        assertThat(new String(StreamForwarder.proxyHeader(0xffffffffL, 42), US_ASCII))
                .isEqualTo("PROXY TCP6 fc00:dead:beef:4dad::ffff:ffff ::1 65535 42\r\n");
        assertThat(new String(StreamForwarder.proxyHeader(0x10002L, 80), US_ASCII))
                .isEqualTo("PROXY TCP6 fc00:dead:beef:4dad::1:2 ::1 2 80\r\n");
        assertThat(new String(StreamForwarder.proxyHeader(7, 65_535), US_ASCII))
                .isEqualTo("PROXY TCP6 fc00:dead:beef:4dad::0:7 ::1 7 65535\r\n");
    }
}
