package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.path.CountryFiles;
import dev.cepa.pool.ExitChoice;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.Sessions;
import dev.cepa.pool.StreamRequest;
import dev.cepa.proxy.AddressMapSettings.Mapping;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramRequestsTest {
    private PlainOpener opener;

    @BeforeEach
    void begin() throws IOException {
        opener = new PlainOpener();
    }

    @AfterEach
    void end() throws IOException {
        opener.close();
    }

    private ProgramRequests requests(RequestRules rules) {
        return new ProgramRequests(opener, rules, new Sessions(() -> CountryFiles.DEFAULT), new TorEvents());
    }

    private StreamRequest connect(RequestRules rules, String host, int port) throws Exception {
        ProgramRequests requests = requests(rules);
        ProgramRequest request = new ProgramRequest("SOCKS5", "", 0, "", "", host, port, 0);
        requests.connect(request, () -> new byte[0], PortSettings.DEFAULT, Deadline.in(Duration.ofSeconds(20))).close();
        return opener.requests.take();
    }

    /** By one thing alone: requests that differ in that are kept apart, and those that differ in all else are not. */
    @ParameterizedTest
    @EnumSource
    void requestsAreKeptApartByWhatThePortSays(PortSettings.Isolation by) throws Exception {
        PortSettings port = PortSettings.builder().isolation(EnumSet.of(by)).build();
        ProgramRequest first = new ProgramRequest("SOCKS5", "192.0.2.1", 0, "user", "secret", "a.example", 80, 0);
        ProgramRequest otherInThat = switch (by) {
            case CLIENT_ADDRESS -> new ProgramRequest("SOCKS5", "192.0.2.2", 0, "user", "secret", "a.example", 80, 0);
            case CREDENTIALS -> new ProgramRequest("SOCKS5", "192.0.2.1", 0, "user", "other", "a.example", 80, 0);
            case PROTOCOL -> new ProgramRequest("SOCKS4", "192.0.2.1", 0, "user", "secret", "a.example", 80, 0);
            case DESTINATION_HOST -> new ProgramRequest("SOCKS5", "192.0.2.1", 0, "user", "secret", "b.example", 80, 0);
            case DESTINATION_PORT -> new ProgramRequest("SOCKS5", "192.0.2.1", 0, "user", "secret", "a.example", 81, 0);
        };
        ProgramRequest otherInAllElse = switch (by) {
            case CLIENT_ADDRESS -> new ProgramRequest("SOCKS4", "192.0.2.1", 0, "me", "x", "b.example", 81, 0);
            case CREDENTIALS -> new ProgramRequest("SOCKS4", "192.0.2.2", 0, "user", "secret", "b.example", 81, 0);
            case PROTOCOL -> new ProgramRequest("SOCKS5", "192.0.2.2", 0, "me", "x", "b.example", 81, 0);
            case DESTINATION_HOST -> new ProgramRequest("SOCKS4", "192.0.2.2", 0, "me", "x", "A.example", 81, 0);
            case DESTINATION_PORT -> new ProgramRequest("SOCKS4", "192.0.2.2", 0, "me", "x", "b.example", 80, 0);
        };
        IsolationKey key = isolation(first, port);
        assertThat(isolation(otherInThat, port)).isNotEqualTo(key);
        assertThat(isolation(otherInAllElse, port)).isEqualTo(key);
        PortSettings otherPort = PortSettings.builder().isolation(EnumSet.of(by)).group(7).build();
        assertThat(isolation(first, otherPort)).as("another listener").isNotEqualTo(key);
    }

    /** A host that another stands for counts as what the program asked for, as C tor has it. */
    @Test
    void requestsAreKeptApartByTheHostThatWasAskedFor() throws Exception {
        PortSettings port =
                PortSettings.builder().isolation(EnumSet.of(PortSettings.Isolation.DESTINATION_HOST)).build();
        AddressMapSettings d = AddressMapSettings.DEFAULT;
        RequestRules rules = new RequestRules(
                true, true, RequestRules.ports(), RequestRules.ports(), false,
                new AddressMapSettings(
                        List.of(Mapping.of("a.example", "c.example"), Mapping.of("b.example", "c.example")), false, d.suffixes(),
                        d.ipv4(), d.ipv6()));
        List<IsolationKey> keys = new ArrayList<>();
        for (String host : List.of("a.example", "b.example")) {
            requests(rules).connect(
                            new ProgramRequest("SOCKS5", "", 0, "", "", host, 80, 0), () -> new byte[0], port,
                            Deadline.in(Duration.ofSeconds(20)))
                    .close();
            StreamRequest asked = opener.requests.take();
            assertThat(asked.host()).isEqualTo("c.example");
            keys.add(asked.isolation());
        }
        assertThat(keys).doesNotHaveDuplicates();
    }

    private IsolationKey isolation(ProgramRequest request, PortSettings port) throws Exception {
        requests(RequestRules.DEFAULT)
                .connect(request, () -> new byte[0], port, Deadline.in(Duration.ofSeconds(20)))
                .close();
        return opener.requests.take().isolation();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1", "100.64.0.1", "0.0.0.0", "::1", "::",
        "fe80::1", "fd00::1", "fec0::1", "::ffff:10.0.0.1", "localhost", "LocalHost.", "printer.local",
    })
    void refusesAddressesOfLocalNetworks(String host) {
        assertThatThrownBy(() -> connect(RequestRules.DEFAULT, host, 80))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("private address");
        assertThat(opener.requests).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "172.32.0.1", "100.128.0.1", "2001:db8::1", "::ffff:192.0.2.1", "localhost.example", "local"})
    void asksForAllOthers(String host) throws Exception {
        assertThat(connect(RequestRules.DEFAULT, host, 80).host()).isEqualTo(host);
    }

    @Test
    void takesOddNamesOnlyIfTold() {
        RequestRules d = RequestRules.DEFAULT;
        RequestRules any = new RequestRules(true, true, d.warnPorts(), d.rejectPorts(), true, d.map());
        for (String odd : new String[] {"a!b.example", "_srv.example", "a..b", "x(y)"}) {
            assertThat(requests(d).isDestination(odd)).as(odd).isFalse();
            assertThat(requests(any).isDestination(odd)).as(odd).isTrue();
        }
        for (String never : new String[] {"", "a b", "a:b", "a/b", "a\u0000b", "a\r\nb", "\u00e9.example", "x!".repeat(128)}) {
            assertThat(requests(any).isDestination(never)).as(never).isFalse();
        }
        assertThat(requests(d).isDestination("example.com")).isTrue();
    }

    @Test
    void refusesPortsOfProtocolsThatAreNotEncryptedIfTold() throws Exception {
        assertThat(connect(RequestRules.DEFAULT, "a.example", 23).port()).isEqualTo(23);
        RequestRules strict = new RequestRules(
                true, true, RequestRules.ports(), RequestRules.ports(23), false, AddressMapSettings.DEFAULT);
        assertThatThrownBy(() -> connect(strict, "a.example", 23)).isInstanceOf(RefusedException.class)
                .hasMessageEndingWith("Closing.");
    }

    @ParameterizedTest
    @CsvSource({
        "www.example, www.example, $ABCDEF0123456789ABCDEF0123456789ABCDEF01",
        "a.b.test, a.b.test, relay1",
        "plain.test, elsewhere.test,",
    })
    void mappingsMayChooseTheExit(String host, String expected, String exit) throws Exception {
        AddressMapSettings d = AddressMapSettings.DEFAULT;
        RequestRules rules = new RequestRules(
                true, true, RequestRules.ports(), RequestRules.ports(), false,
                new AddressMapSettings(
                        List.of(
                                Mapping.of("www.example", "www.example.$ABCDEF0123456789ABCDEF0123456789ABCDEF01.exit"),
                                Mapping.of("*.b.test", "*.b.test.relay1.exit"), Mapping.of("plain.test", "elsewhere.test"),
                                Mapping.of("broken.test", "relay1.exit"), Mapping.of("bad.test", "bad.test.no_relay.exit")),
                        false, d.suffixes(), d.ipv4(), d.ipv6()));
        StreamRequest request = connect(rules, host, 80);
        assertThat(request.host()).isEqualTo(expected);
        assertThat(request.exits()).isEqualTo(exit == null ? null : ExitChoice.relay(exit.toLowerCase(java.util.Locale.ROOT)));
        assertThatThrownBy(() -> connect(rules, "broken.test", 80)).isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> connect(rules, "bad.test", 80)).isInstanceOf(TorException.class);
        assertThatThrownBy(() -> connect(rules, "www.example.relay1.exit", 80)).hasMessageContaining("notation is not supported");
    }
}
