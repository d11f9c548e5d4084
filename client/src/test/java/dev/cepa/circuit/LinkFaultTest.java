package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage.Certs;
import dev.cepa.cell.ChannelMessage.Netinfo;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testrelay.RelayKeys;
import dev.cepa.testrelay.RelayLink;
import dev.cepa.testrelay.TestRelay;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a client does with a guard that breaks the link protocol, over TCP and TLS. Each fault ends the channel and its
 * circuits and nothing else: other channels go on.
 */
@Timeout(120)
class LinkFaultTest extends WireFaults {
    /** A circuit through three relays, and one of one hop over another channel. */
    private void startApart(Consumer<TestRelay.Builder> guard) throws Exception {
        startApart(Duration.ofMinutes(1), guard);
    }

    private void startApart(Duration halfCellTimeout, Consumer<TestRelay.Builder> guard) throws Exception {
        path = new WirePath(halfCellTimeout, guard);
        victim = path.build(3);
        witness = path.directory(2);
    }

    private void assertChannelClosed(ErrorKind kind, String why) throws Exception {
        assertThat(victim.awaitClosed()).hasMessageContaining(why).satisfies(e -> assertThat(e.kind()).isEqualTo(kind));
        assertStreamFails(kind);
        assertThat(path.events)
                .filteredOn(e -> e instanceof TorEvent.ChannelStatus c && c.status() == TorEvent.ChannelStatus.Status.CLOSED)
                .singleElement()
                .isInstanceOfSatisfying(
                        TorEvent.ChannelStatus.class, c -> assertThat(c.relay()).isEqualTo("$" + path.link(0).rsaId()));
        witness.assertCarries();
    }

    @Test
    void refusesAnotherRelayAtTheGuardsAddress() throws Exception {
        path = new WirePath();
        witness = path.directory(2);
        RelayKeys other = RelayKeys.generate();
        ChannelTarget wrong =
                new ChannelTarget(other.rsaId(), other.ed25519Id(), List.of(path.relay(0).address()));
        assertThatThrownBy(() -> path.get(wrong))
                .hasMessageContaining("wrong RSA identity")
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PROTOCOL));
        witness.assertCarries();
    }

    @Test
    void endsTheCircuitsOfAGuardThatHasDied() throws Exception {
        startApart(guard -> {});
        path.relay(0).close();
        assertChannelClosed(ErrorKind.RELAY_UNREACHABLE, "channel closed");
    }

    /** Silence between cells may last for ever, silence within one may not. */
    @Test
    void givesUpOnAGuardThatFallsSilentInTheMiddleOfACell() throws Exception {
        startApart(Duration.ofMillis(400), guard -> {});
        byte[] cell = RelayLink.fixed(victim.guard().id(), Cell.RELAY, new byte[Cell.BODY]);
        victim.guard().link().sendRaw(Arrays.copyOf(cell, 300));
        assertChannelClosed(ErrorKind.RELAY_UNREACHABLE, "stopped in the middle of a cell");
    }

    @Test
    void passesOverTheLongestPadding() throws Exception {
        start();
        victim.guard().link().sendRaw(RelayLink.variable(4, Cell.VPADDING, new byte[0xffff]));
        assertNothingHappens();
    }

    @ParameterizedTest
    @ValueSource(ints = {Cell.CERTS, Cell.AUTH_CHALLENGE, Cell.AUTHENTICATE, 200})
    void refusesAnyOtherVariableCell(int command) throws Exception {
        startApart(guard -> {});
        try {
            victim.guard().link().sendRaw(RelayLink.variable(4, command, new byte[0xffff]));
        } catch (IOException e) {
            // The client has hung up before it has read everything.
        }
        assertChannelClosed(ErrorKind.PROTOCOL, "unexpected");
    }

    @Test
    void refusesCertsThatAreTooLong() throws Exception {
        assertLinkRefused(cells -> {
            cells.set(1, RelayLink.variable(4, Cell.CERTS, new byte[16 * 1024 + 1]));
            return cells;
        });
    }

    @Test
    void refusesCertsWithoutCertificates() throws Exception {
        assertLinkRefused(cells -> {
            cells.set(1, RelayLink.encode(new Certs(List.of())));
            return cells;
        });
    }

    private void assertLinkRefused(UnaryOperator<List<byte[]>> change) throws Exception {
        path = new WirePath(Duration.ofMinutes(1), guard -> guard.link(change));
        witness = path.directory(2);
        assertThatThrownBy(() -> path.channel(0))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PROTOCOL));
        witness.assertCarries();
    }

    @Test
    void passesOverASecondVersions() throws Exception {
        startApart(guard -> guard.link(cells -> {
            cells.add(1, RelayLink.variable(4, Cell.VERSIONS, new byte[] {0, 5}));
            return cells;
        }));
        victim.guard().link().sendRaw(RelayLink.variable(4, Cell.VERSIONS, new byte[] {0, 3, 0}));
        assertNothingHappens();
    }

    /** What a relay says of our address is hearsay, and many relays have several of their own. */
    @Test
    void takesANetinfoWithOtherAddresses() throws Exception {
        startApart(guard -> guard.link(cells -> {
            try {
                InetAddress other = InetAddress.getByAddress(new byte[] {10, 1, 2, 3});
                cells.set(3, RelayLink.encode(new Netinfo(Instant.now().getEpochSecond(), other, List.of(other))));
                return cells;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }));
        assertNothingHappens();
    }

    @ParameterizedTest
    @ValueSource(ints = {-7300, 7300})
    void tellsOfAGuardWithAnotherTime(int seconds) throws Exception {
        startApart(guard -> guard.link(cells -> {
            cells.set(3, RelayLink.encode(new Netinfo(Instant.now().getEpochSecond() + seconds, null, List.of())));
            return cells;
        }));
        assertNothingHappens();
        // Another guard, connected to later, says that the clock is right.
        assertThat(path.events).filteredOn(e -> e instanceof TorEvent.ClockSkew s && !s.skew().isZero()).singleElement().satisfies(e -> {
            TorEvent.ClockSkew skew = (TorEvent.ClockSkew) e;
            assertThat(skew.skew().toSeconds()).isBetween(-seconds - 20L, -seconds + 20L);
            assertThat(skew.source()).isEqualTo("$" + path.link(0).rsaId());
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {Cell.NETINFO, Cell.CREATE2, Cell.CREATE_FAST, 77})
    void refusesCellsThatHaveNoPlaceOnAnOpenLink(int command) throws Exception {
        startApart(guard -> {});
        victim.guard().link().send(command == Cell.NETINFO ? 0 : 5, command, new byte[20]);
        assertChannelClosed(ErrorKind.PROTOCOL, "unexpected");
    }

    @Test
    void refusesRelayCellsWithoutACircuit() throws Exception {
        startApart(guard -> {});
        victim.guard().link().send(0, Cell.RELAY, new byte[20]);
        assertChannelClosed(ErrorKind.PROTOCOL, "without a circuit id");
    }
}
