package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class DnsResponderTest {
    private static final int A = 1;
    private static final int PTR = 12;
    private static final int AAAA = 28;

    @Test
    void resolvesTestNamesToLoopback() {
        byte[] answer = DnsResponder.answer(query("www.cepa.test", A));

        assertThat(code(answer)).isZero();
        assertThat(records(answer)).isEqualTo(1);
        assertThat(Arrays.copyOfRange(answer, answer.length - 4, answer.length)).containsExactly(127, 0, 0, 1);
        byte[] six = DnsResponder.answer(query("a.example", AAAA));
        assertThat(Arrays.copyOfRange(six, six.length - 16, six.length))
                .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    }

    @Test
    void repeatsTheQuestionWithItsLetters() {
        byte[] query = query("wWw.cEpA.tEsT", A);

        assertThat(Arrays.copyOfRange(DnsResponder.answer(query), 12, query.length))
                .isEqualTo(Arrays.copyOfRange(query, 12, query.length));
    }

    @Test
    void knowsNoOtherName() {
        assertThat(code(DnsResponder.answer(query("nxdomain.test", A)))).isEqualTo(3);
        assertThat(code(DnsResponder.answer(query("www.torproject.org", A)))).isEqualTo(3);
        assertThat(code(DnsResponder.answer(query("servfail.test", A)))).isEqualTo(2);
        assertThat(DnsResponder.answer(query("silent.test", A))).isNull();
    }

    @Test
    void hasNamesWithOneKindOfAddress() {
        assertThat(records(DnsResponder.answer(query("v4only.test", AAAA)))).isZero();
        assertThat(records(DnsResponder.answer(query("v4only.test", A)))).isEqualTo(1);
        assertThat(records(DnsResponder.answer(query("v6only.test", A)))).isZero();
        assertThat(records(DnsResponder.answer(query("v6only.test", AAAA)))).isEqualTo(1);
    }

    @Test
    void namesLoopbackAddresses() {
        byte[] answer = DnsResponder.answer(query("1.0.0.127.in-addr.arpa", PTR));

        assertThat(new String(answer, StandardCharsets.ISO_8859_1)).endsWith("\3www\4cepa\4test\0");
        assertThat(code(DnsResponder.answer(query("1.0.0.10.in-addr.arpa", PTR)))).isEqualTo(3);
    }

    @Test
    void answersOverUdp() throws IOException {
        try (DnsResponder dns = DnsResponder.start(); DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(10_000);
            byte[] query = query("localhost", A);
            socket.send(new DatagramPacket(query, query.length, InetAddress.getLoopbackAddress(), dns.port()));
            DatagramPacket answer = new DatagramPacket(new byte[512], 512);
            socket.receive(answer);

            assertThat(Arrays.copyOf(answer.getData(), answer.getLength())).isEqualTo(DnsResponder.answer(query));
        }
    }

    @Property
    void survivesAnyDatagram(@ForAll @Size(max = 80) byte[] datagram) {
        byte[] answer = DnsResponder.answer(datagram);

        assertThat(answer == null || answer.length >= 12).isTrue();
    }

    private static int code(byte[] answer) {
        return answer[3] & 0xf;
    }

    private static int records(byte[] answer) {
        return (answer[6] & 0xff) << 8 | answer[7] & 0xff;
    }

    private static byte[] query(String name, int type) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
        for (String label : name.split("\\.")) {
            out.write(label.length());
            out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.writeBytes(new byte[] {0, 0, (byte) type, 0, 1});
        return out.toByteArray();
    }
}
