package dev.cepa.proxy;

import static dev.cepa.proxy.Wire.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.path.CountryFiles;
import dev.cepa.pool.Sessions;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A DNS port whose answers this test gives. */
@Timeout(60)
class DnsListenerTest {
    private static final String HEAD = "{12 34 01 00 00 01 00 00 00 00 00 00}";
    private static final String NAME = "{03}Www{07}example{00}";

    private PlainOpener opener;
    private Listener listener;

    @BeforeEach
    void begin() throws IOException {
        opener = new PlainOpener();
        opener.answers.put("www.example", List.of(
                new Answer.Address(address("192.0.2.1"), 300), new Answer.Address(address("2001:db8::1"), 30)));
        opener.answers.put("4.3.2.1.in-addr.arpa", List.of(new Answer.Name("one.example", 300)));
        opener.answers.put(HostText.reverseName(address("2001:db8::1").getAddress()), List.of(new Answer.Name("two.example", 1)));
        opener.answers.put("none.example", List.of(new Answer.Failure(false, 60)));
        opener.answers.put("fails.example", List.of(new Answer.Failure(true, 60)));
        open(PortSettings.builder().answers(true, true).build(), opener.programs());
    }

    private void open(PortSettings settings, ProgramRequests programs) throws TorException {
        if (listener != null) {
            listener.close();
        }
        listener = ListenerKind.DNS.open(
                new InetSocketAddress(PlainOpener.LOOPBACK, 0), settings, programs, new TorEvents());
    }

    @AfterEach
    void end() throws IOException {
        listener.close();
        opener.close();
    }

    private static InetAddress address(String text) {
        return Objects.requireNonNull(HostText.parseAddress(text));
    }

    private byte[] ask(byte[] question) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(10_000);
            socket.send(new DatagramPacket(question, question.length, listener.address()));
            DatagramPacket reply = new DatagramPacket(new byte[5000], 5000);
            socket.receive(reply);
            return Arrays.copyOf(reply.getData(), reply.getLength());
        }
    }

    private String ask(String question) throws IOException {
        return HexFormat.of().formatHex(ask(bytes(question)));
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(bytes(text));
    }

    @Test
    void answersByNameAddressAndBack() throws Exception {
        assertThat(ask(HEAD + NAME + "{00 01 00 01}")).isEqualTo(hex(
                "{12 34 81 80 00 01 00 01 00 00 00 00}" + NAME + "{00 01 00 01}{c0 0c 00 01 00 01 00 00 01 2c 00 04 c0 00 02 01}"));
        assertThat(ask(HEAD + NAME + "{00 1c 00 01}")).endsWith(hex(
                "{c0 0c 00 1c 00 01 00 00 00 3c 00 10 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01}"));
        assertThat(ask(HEAD + "{01}4{01}3{01}2{01}1{07}in-addr{04}ARPA{00}{00 0c 00 01}"))
                .endsWith(hex("{c0 0c 00 0c 00 01 00 00 01 2c 00 0d 03}one{07}example{00}"));
        StringBuilder six = new StringBuilder(HEAD);
        for (String nibble : HostText.reverseName(address("2001:db8::1").getAddress()).replace(".ip6.arpa", "").split("\\.")) {
            six.append("{01}").append(nibble);
        }
        assertThat(ask(six + "{03}ip6{04}arpa{00}{00 0c 00 01}")).endsWith(hex("{03}two{07}example{00}"));
    }

    @ParameterizedTest
    @CsvSource({
        "'{04}none{07}example{00 00 01 00 01}', 3, 1",
        "'{05}other{07}example{00 00 01 00 01}', 3, 1",
        "'{05}fails{07}example{00 00 01 00 01}', 2, 1",
        "'{03}www{07}example{00 00 0f 00 01}', 4, 1",
        "'{03}www{07}example{00 00 01 00 03}', 4, 1",
        "'{03}a b{07}example{00 00 01 00 01}', 3, 1",
        "'{01}x{05}onion{00 00 01 00 01}', 3, 1",
        "'{01}x{04}exit{00 00 01 00 01}', 5, 1",
        "'{01}x{07}in-addr{04}arpa{00 00 0c 00 01}', 3, 1",
        "'{03}www{c0 0c 00 01 00 01}', 1, 0",
        "'{03}www', 1, 0",
    })
    void saysWhyThereIsNoAnswer(String question, int code, int questions) throws Exception {
        byte[] reply = ask(bytes(HEAD + question));
        assertThat(reply[3] & 15).isEqualTo(code);
        assertThat(reply[5]).isEqualTo((byte) questions);
        assertThat(reply[7]).as("answers").isZero();
    }

    @Test
    void answersWhatIsNotAQuestionToBeAnswered() throws Exception {
        assertThat(ask("{12 34 01 00 00 00 00 00 00 00 00 00}")).isEqualTo(hex("{12 34 81 80 00 00 00 00 00 00 00 00}"));
        assertThat(ask("{12 34 29 00 00 01 00 00 00 00 00 00}")).isEqualTo(hex("{12 34 a9 84 00 00 00 00 00 00 00 00}"));
        assertThat(ask("{12 34 01 00 00 02 00 00 00 00 00 00}{01}x{00 00 0f 00 01}" + NAME + "{00 01 00 01}"))
                .as("the first of a kind that is known")
                .startsWith(hex("{12 34 81 80 00 01 00 01 00 00 00 00}" + NAME));
    }

    @Test
    void keepsAnswersForTheSameIsolationOnly() throws Exception {
        ask(HEAD + NAME + "{00 01 00 01}");
        ask(HEAD + NAME + "{00 1c 00 01}");
        assertThat(opener.requests).hasSize(1);
        open(PortSettings.builder().answers(true, true).group(7).build(), opener.programs());
        ask(HEAD + NAME + "{00 01 00 01}");
        assertThat(opener.requests).hasSize(2);
        assertThat(opener.requests.take().isolation()).isNotEqualTo(opener.requests.take().isolation());
        open(PortSettings.DEFAULT, opener.programs());
        ask(HEAD + NAME + "{00 01 00 01}");
        ask(HEAD + NAME + "{00 01 00 01}");
        assertThat(opener.requests).as("not if it is not told to").hasSize(2);
    }

    @Test
    void doesNotBelieveAnswersThatArePrivateAddresses() throws Exception {
        opener.answers.put("www.example", List.of(new Answer.Address(address("10.0.0.1"), 300)));
        open(PortSettings.DEFAULT, new ProgramRequests(opener, RequestRules.DEFAULT, new Sessions(() -> CountryFiles.DEFAULT), new TorEvents()));
        assertThat(ask(bytes(HEAD + NAME + "{00 01 00 01}"))[3] & 15).isEqualTo(DnsMessage.NO_SUCH_NAME);
        assertThat(ask(bytes(HEAD + "{01}4{01}3{01}2{02}10{07}in-addr{04}arpa{00}{00 0c 00 01}"))[3] & 15)
                .isEqualTo(DnsMessage.NO_SUCH_NAME);
    }

    @Test
    void makesUpAddressesForOnionServicesAndKnowsThemAgain() throws Exception {
        AddressMapSettings d = AddressMapSettings.DEFAULT;
        RequestRules rules = new RequestRules(
                false, false, RequestRules.ports(), RequestRules.ports(), false,
                new AddressMapSettings(List.of(), true, d.suffixes(), d.ipv4(), d.ipv6()));
        ProgramRequests programs = new ProgramRequests(opener, rules, new Sessions(() -> CountryFiles.DEFAULT), new TorEvents());
        open(PortSettings.DEFAULT, programs);
        String onion = "{01}X{05}onion{00}";
        byte[] four = ask(bytes(HEAD + onion + "{00 01 00 01}"));
        InetAddress made = InetAddress.getByAddress(Arrays.copyOfRange(four, four.length - 4, four.length));
        assertThat(d.ipv4().contains(made.getAddress())).isTrue();
        byte[] six = ask(bytes(HEAD + onion + "{00 1c 00 01}"));
        assertThat(d.ipv6().contains(Arrays.copyOfRange(six, six.length - 16, six.length))).isTrue();
        StringBuilder back = new StringBuilder(HEAD);
        for (String number : HostText.reverseName(made.getAddress()).replace(".in-addr.arpa", "").split("\\.")) {
            back.append(String.format("{%02x}", number.length())).append(number);
        }
        assertThat(ask(back + "{07}in-addr{04}arpa{00}{00 0c 00 01}")).endsWith(hex("{01}x{05}onion{00}"));
        assertThat(opener.requests).isEmpty();
        ProgramRequest request = new ProgramRequest("TRANS", "", 0, "", "", made.getHostAddress(), 80, 0);
        programs.connect(request, () -> new byte[0], PortSettings.DEFAULT, dev.cepa.error.Deadline.in(java.time.Duration.ofSeconds(5)))
                .close();
        assertThat(opener.requests.take().host()).isEqualTo("x.onion");
        ProgramRequest other = new ProgramRequest("TRANS", "", 0, "", "", "127.193.1.1", 80, 0);
        assertThatThrownBy(() -> programs.connect(
                        other, () -> new byte[0], PortSettings.DEFAULT, dev.cepa.error.Deadline.in(java.time.Duration.ofSeconds(5))))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("virtual address");
    }

    @Test
    void answersSeveralQuestionsOnAConnection() throws Exception {
        try (Socket socket = new Socket()) {
            socket.connect(listener.address());
            socket.setSoTimeout(10_000);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] question = bytes(HEAD + NAME + "{00 01 00 01}");
            for (int i = 0; i < 3; i++) {
                socket.getOutputStream().write(0);
                socket.getOutputStream().write(question.length);
                socket.getOutputStream().write(question);
                byte[] reply = in.readNBytes(in.readUnsignedShort());
                assertThat(reply).endsWith(192, 0, 2, 1);
            }
            socket.getOutputStream().write(bytes("{00 05}short"));
            assertThat(in.read()).as("closed").isEqualTo(-1);
        }
    }

    @Test
    void haveLargeAnswersAskedForAgainByTcp() throws Exception {
        List<Answer> many = new java.util.ArrayList<>();
        for (int i = 0; i < 60; i++) {
            many.add(new Answer.Address(address("192.0.2." + i), 60));
        }
        opener.answers.put("www.example", many);
        byte[] reply = ask(bytes(HEAD + NAME + "{00 01 00 01}"));
        assertThat(reply).hasSizeLessThan(513);
        assertThat(reply[2] & 2).as("truncated").isEqualTo(2);
        try (Socket socket = new Socket()) {
            socket.connect(listener.address());
            byte[] question = bytes(HEAD + NAME + "{00 01 00 01}");
            socket.getOutputStream().write(new byte[] {0, (byte) question.length});
            socket.getOutputStream().write(question);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            assertThat(in.readNBytes(in.readUnsignedShort())[7]).isEqualTo((byte) 60);
        }
    }

    @Test
    void answersThoseOnlyWhomSocksPolicyLetsIn() throws Exception {
        open(PortSettings.builder().clients(client -> false).build(), opener.programs());
        assertThat(ask(bytes(HEAD + NAME + "{00 01 00 01}"))[3] & 15).isEqualTo(DnsMessage.REFUSED);
        assertThat(opener.requests).isEmpty();
    }

    @Test
    void saysWhoHasItsPort() throws Exception {
        opener.failure = new TorException(ErrorKind.TIMEOUT, "test");
        assertThat(ask(bytes(HEAD + NAME + "{00 01 00 01}"))[3] & 15).isEqualTo(DnsMessage.SERVER_FAILURE);
        assertThatThrownBy(() -> ListenerKind.DNS.open(
                        listener.address(), PortSettings.DEFAULT, opener.programs(), new TorEvents()))
                .isInstanceOf(TorException.class)
                .hasMessageContaining("Could not bind to 127.0.0.1:")
                .hasMessageContaining("Is Tor already running?");
    }
}
