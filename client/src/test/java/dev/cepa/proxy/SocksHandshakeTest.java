package dev.cepa.proxy;

import static dev.cepa.proxy.Wire.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.proxy.SocksHandshake.State;
import dev.cepa.proxy.SocksRequest.Command;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cases of C tor's test_socks.c, and some more. */
class SocksHandshakeTest {
    private final SocksHandshake handshake = new SocksHandshake(false, false);

    private State give(String text) {
        return give(handshake, text);
    }

    private static State give(SocksHandshake to, String text) {
        byte[] bytes = bytes(text);
        return to.accept(bytes, 0, bytes.length);
    }

    @Test
    void connectsByAddressName6AndName() {
        assertThat(give("{05 01 00}")).isEqualTo(State.MORE);
        assertThat(handshake.takeReply()).containsExactly(5, 0);
        assertThat(give("{05 01 00 01 02 02 02 02 11 11}")).isEqualTo(State.DONE);
        assertThat(handshake.takeReply()).isEmpty();
        assertThat(handshake.request())
                .isEqualTo(new SocksRequest(5, Command.CONNECT, "2.2.2.2", true, 4369, "", ""));

        SocksHandshake six = new SocksHandshake(false, false);
        assertThat(give(six, "{05 01 00}{05 01 00 04 20 02 41 b8 02 02 0d eb 02 13 21 ff fe 20 14 26 00 50}"))
                .isEqualTo(State.DONE);
        assertThat(six.request().host()).isEqualTo("2002:41b8:202:deb:213:21ff:fe20:1426");
        assertThat(six.request().port()).isEqualTo(80);

        SocksHandshake name = new SocksHandshake(true, false);
        assertThat(give(name, "{05 01 00}{05 01 00 03 0e}torproject.org{11 11}")).isEqualTo(State.DONE);
        assertThat(name.request())
                .isEqualTo(new SocksRequest(5, Command.CONNECT, "torproject.org", false, 4369, "", ""));
    }

    @Test
    void keepsDataThatFollowsTheRequest() {
        assertThat(give("{05 01 00}{05 01 00 03 0e}torproject.org{00 50}GET / HTTP/1.0")).isEqualTo(State.DONE);
        assertThat(handshake.rest()).isEqualTo(bytes("GET / HTTP/1.0"));
        assertThat(handshake.takeReply()).containsExactly(5, 0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{07}8.8.8.8", "{29}[2001:0db8:85a3:0000:0000:8a2e:0370:7334]", "{27}2001:0db8:85a3:0000:0000:8a2e:0370:7334"
            })
    void resolvesAddressesWrittenAsNamesEvenWithSafeSocks(String host) {
        SocksHandshake safe = new SocksHandshake(true, false);
        assertThat(give(safe, "{05 01 00}{05 f0 00 03}" + host + "{01 02}")).isEqualTo(State.DONE);
        assertThat(safe.request().command()).isEqualTo(Command.RESOLVE);
        assertThat(safe.request().host()).isIn("8.8.8.8", "2001:db8:85a3::8a2e:370:7334");
        assertThat(safe.request().port()).isEqualTo(258);
    }

    @Test
    void asksForAnAddressesName() {
        assertThat(give("{05 01 00}{05 f1 00 01 02 02 02 05 01 03}")).isEqualTo(State.DONE);
        assertThat(handshake.request().command()).isEqualTo(Command.RESOLVE_PTR);
        assertThat(handshake.request().host()).isEqualTo("2.2.2.5");
        SocksHandshake bracketed = new SocksHandshake(false, false);
        assertThat(give(bracketed, "{05 01 00}{05 f1 00 03 1e}[2001:db8:85a3::8a2e:370:7334]{12 34}"))
                .isEqualTo(State.DONE);
        assertThat(bracketed.request().host()).isEqualTo("2001:db8:85a3::8a2e:370:7334");
    }

    @Test
    void takesUserNameAndPassword() {
        assertThat(give("{05 01 02}")).isEqualTo(State.MORE);
        assertThat(handshake.takeReply()).containsExactly(5, 2);
        assertThat(give("{01 02}me{03}you{05 01 00 01 02 02 02 02 11 11}")).isEqualTo(State.DONE);
        assertThat(handshake.takeReply()).containsExactly(1, 0);
        assertThat(handshake.request().user()).isEqualTo("me");
        assertThat(handshake.request().password()).isEqualTo("you");
        assertThat(handshake.request().toString()).doesNotContain("me", "you", "2.2.2.2");
    }

    @Test
    void takesEmptyUserNameAndPassword() {
        give("{05 01 02}");
        handshake.takeReply();
        assertThat(give("{01 00 00}")).isEqualTo(State.MORE);
        assertThat(handshake.takeReply()).containsExactly(1, 0);
    }

    @Test
    void takesUserNameAndPasswordThatNobodyAskedFor() {
        give("{05 01 00}");
        handshake.takeReply();
        assertThat(give("{01 02 01 01 02 01 01}")).isEqualTo(State.MORE);
        assertThat(handshake.takeReply()).containsExactly(1, 0);
        assertThat(give("{05 01 00 01 02 02 02 02 11 11}")).isEqualTo(State.DONE);
        assertThat(handshake.request().user()).isEqualTo("\u0001\u0001");
    }

    @ParameterizedTest
    @CsvSource({"false,2", "true,0"})
    void choosesThePreferredMethod(boolean preferNoAuthentication, int method) {
        SocksHandshake choosing = new SocksHandshake(false, preferNoAuthentication);
        give(choosing, "{05 02 00 02}");
        assertThat(choosing.takeReply()).containsExactly(5, method);
    }

    @ParameterizedTest
    @CsvSource({
        "{08}<torS0X>{08}password,REFUSED",
        "{09}<torS0X>0{08}password,MORE",
        "{09}<torS0X>1{08}password,REFUSED",
        "{0C}<torS0X>0abc{08}password,REFUSED"
    })
    void takesOnlyTheKnownExtendedUserName(String credentials, State expected) {
        give("{05 01 02}");
        handshake.takeReply();
        assertThat(give("{01}" + credentials)).isEqualTo(expected);
        byte[] reply = handshake.takeReply();
        if (expected == State.MORE) {
            assertThat(reply).containsExactly(1, 0);
        } else {
            assertThat(reply).hasSize(10).startsWith(5, 1);
        }
    }

    @Test
    void refusesUnknownMethods() {
        assertThat(give("{05 03 99 21 10}")).isEqualTo(State.REFUSED);
        assertThat(handshake.takeReply()).containsExactly(5, 0xff);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{01 02}me{02}me", "{05 00}", "{00 00}", "{06 01 00}", "{16 03 01 02 00}", "SSH-2.0-x"})
    void refusesSilentlyWhatIsNoSocksAtAll(String garbage) {
        assertThat(give(garbage)).isEqualTo(State.REFUSED);
        assertThat(handshake.takeReply()).isEmpty();
        assertThat(handshake.problem()).isNotEmpty();
    }

    @Test
    void refusesAnUnknownVersionOfAuthentication() {
        give("{05 01 02}");
        assertThat(give("{02 05}hello{05}world")).isEqualTo(State.REFUSED);
    }

    @ParameterizedTest
    @CsvSource({
        "{05 02 00 01 02 02 02 01 01 01},7",
        "{05 03 00 01 02 02 02 01 01 01},7",
        "{05 f1 00 03 0e}torproject.org{11 11},8",
        "{05 01 00 03 09}\"\"\"\"\".com{11 11},1",
        "{05 01 00 03 03}---{00 50},1",
        "{05 01 00 03 00 00 50},1",
        "{05 01 00 03 05}a{00}b.c{00 50},1",
        "{05 01 00 23 02 02 02 02 11 11},1",
        "{05 01 07 01 02 02 02 02 11 11},1",
        "{01 01}x{01}x,1",
    })
    void refusesBadRequestsWithAStatus(String request, int status) {
        give("{05 01 02}{01 00 00}");
        handshake.takeReply();
        assertThat(give(request)).isEqualTo(State.REFUSED);
        assertThat(handshake.takeReply()).containsExactly(5, status, 0, 1, 0, 0, 0, 0, 0, 0);
        assertThat(handshake.problem()).doesNotContain("torproject", ".com", "---");
    }

    @Test
    void refusesAddressesWithSafeSocks() {
        SocksHandshake safe = new SocksHandshake(true, false);
        assertThat(give(safe, "{05 01 00}{05 01 00 01 02 02 02 02 11 11}")).isEqualTo(State.REFUSED);
        assertThat(safe.takeReply()).containsExactly(5, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0);
        assertThat(safe.problem()).contains("only an IP address").doesNotContain("2.2.2.2");
    }

    @Test
    void speaksSocks4AndSocks4a() {
        assertThat(give("{04 01 11 12 02 02 02 04}me{00}")).isEqualTo(State.DONE);
        assertThat(handshake.takeReply()).isEmpty();
        assertThat(handshake.request())
                .isEqualTo(new SocksRequest(4, Command.CONNECT, "2.2.2.4", true, 4370, "me", ""));
        SocksHandshake named = new SocksHandshake(true, false);
        assertThat(give(named, "{04 f0 01 01 00 00 00 02}me{00}torproject.org{00}data")).isEqualTo(State.DONE);
        assertThat(named.request().host()).isEqualTo("torproject.org");
        assertThat(named.request().command()).isEqualTo(Command.RESOLVE);
        assertThat(named.rest()).isEqualTo(bytes("data"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{04 02 11 11 02 02 02 02 00}",
                "{04 01 00 50 00 00 00 00 00}x{00}",
                "{04 01 00 00 01 02 03 04 00}",
                "{04 01 00 50 00 00 00 01 00}---{00}",
                "{04 f1 00 50 01 02 03 04 00}",
            })
    void refusesBadSocks4(String request) {
        assertThat(give(request)).isEqualTo(State.REFUSED);
        assertThat(handshake.takeReply()).containsExactly(0, 0x5b, 0, 0, 0, 0, 0, 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{04 01 00 50 01 02 03 04}", "{04 01 00 50 00 00 00 01 00}"})
    void refusesEndlessSocks4(String start) {
        assertThat(give(start + "1234567890".repeat(200))).isEqualTo(State.REFUSED);
        SocksHandshake slow = new SocksHandshake(false, false);
        give(slow, start);
        State state = State.MORE;
        int given = 0;
        while (state == State.MORE) {
            state = give(slow, "1");
            assertThat(++given).isLessThan(600);
        }
        assertThat(state).isEqualTo(State.REFUSED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /index.html HTTP/1.0", "HEAD / HTTP/1.1", "POST / HTTP/1.1", "CONNECT x:443 HTTP/1.1"})
    void tellsHttpClientsWhatThisIs(String line) {
        assertThat(give(line)).isEqualTo(State.REFUSED);
        assertThat(new String(handshake.takeReply(), java.nio.charset.StandardCharsets.US_ASCII))
                .startsWith("HTTP/1.0 501 ")
                .contains("\r\n\r\n<html>", "HTTPTunnelPort");
        assertThat(handshake.problem()).contains("Socks version " + (int) line.charAt(0), "not an HTTP proxy");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{04 01 05 05 01 02 03 04 00}",
                "{04 01 05 05 01 02 03 04}hello{00}",
                "{04 01 09 09 00 00 00 01 00}www.example.com{00}",
                "{05 03 99 21 10}",
                "{05 01 02}{01 00 00}",
                "{05 01 02}{01 01}x{01}y{05 01 00 01 01 02 03 04 20 20}",
                "{05 01 00}{05 01 00 04 49 20 48 41 5a 20 45 41 53 54 45 52 20 45 47 47 20 20}",
                "{05 01 00}{05 01 00 03 11}onion.example.com{00 50}",
            })
    void waitsForWhatHasNotArrived(String whole) {
        byte[] bytes = bytes(whole);
        for (int length = 0; length < bytes.length; length++) {
            SocksHandshake cut = new SocksHandshake(false, false);
            assertThat(cut.accept(bytes, 0, length)).as("%d bytes", length).isEqualTo(State.MORE);
        }
    }

    @Test
    void takesTheLongestMessages() {
        String name = ("a".repeat(50) + ".").repeat(5);
        assertThat(name).hasSize(255);
        assertThat(give("{05 01 02}{01 ff}" + "u".repeat(255) + "{ff}" + "p".repeat(255) + "{05 01 00 03 ff}" + name
                        + "{00 50}"))
                .isEqualTo(State.DONE);
        assertThat(handshake.request().host()).isEqualTo(name);
        assertThat(handshake.request().password()).hasSize(255);
    }
}
