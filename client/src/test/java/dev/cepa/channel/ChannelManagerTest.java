package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage.Certs.Certificate;
import dev.cepa.cell.ChannelMessage.Netinfo;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.ChannelStatus.Status;
import dev.cepa.event.TorEvents;
import dev.cepa.testrelay.RelayKeys;
import dev.cepa.testrelay.TestRelay;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Opening channels to relays on loopback, honest and otherwise. */
class ChannelManagerTest {
    private static final ChannelSettings SETTINGS = new ChannelSettings(Duration.ofSeconds(20), Duration.ofMinutes(1), 4);
    private static final RelayKeys KEYS = RelayKeys.shared();

    private final List<TorEvent> events = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> toClose = new ArrayList<>();
    private final ChannelManager manager = manager(SETTINGS);

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : toClose) {
            closeable.close();
        }
    }

    @Test
    void aRetiredChannelServesItsCircuitsAndNobodyNew() throws Exception {
        TestRelay relay = start(TestRelay.builder());
        Channel first = get(target(relay));
        manager.retireOpen();
        Channel second = get(target(relay));
        assertThat(second).isNotSameAs(first);
        assertThat(first.isOpen()).isTrue();
        assertThat(get(target(relay))).isSameAs(second);
    }

    @Test
    void whileItIsDisabledChannelsAreClosedAndNoneIsOpened() throws Exception {
        TestRelay relay = start(TestRelay.builder());
        Channel before = get(target(relay));
        manager.setEnabled(false);
        assertThat(before.isOpen()).isFalse();
        assertThatThrownBy(() -> get(target(relay)))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CLOSED));
        manager.setEnabled(true);
        assertThat(get(target(relay)).isOpen()).isTrue();
    }

    @Test
    void opensChannelAndSaysSo() throws Exception {
        TestRelay relay = start(TestRelay.builder());
        Channel channel = get(target(relay));
        assertThat(channel.id()).isEqualTo(1);
        String name = "$" + KEYS.rsaId();
        assertThat(events)
                .containsExactly(
                        new TorEvent.ChannelStatus(1, Status.LAUNCHED, name, null),
                        new TorEvent.ChannelStatus(1, Status.REACHED, name, null),
                        new TorEvent.ChannelStatus(1, Status.SECURED, name, null),
                        new TorEvent.ChannelStatus(1, Status.CONNECTED, name, null));
        Netinfo netinfo = relay.nextNetinfo();
        assertThat(netinfo).isEqualTo(new Netinfo(0, InetAddress.getLoopbackAddress(), List.of()));
        TorException gone = new TorException(ErrorKind.INTERNAL, "gone");
        channel.close(gone);
        assertThat(events.getLast()).isEqualTo(new TorEvent.ChannelStatus(1, Status.CLOSED, name, gone));
    }

    @Test
    void sharesOpenChannel() throws Exception {
        TestRelay relay = start(TestRelay.builder());
        Channel channel = get(target(relay));
        assertThat(get(target(relay))).isSameAs(channel);
        assertThat(get(new ChannelTarget(KEYS.rsaId(), null, List.of(relay.address())))).isSameAs(channel);
        assertThat(manager.channels()).containsExactly(channel);
        assertThat(relay.connections()).isEqualTo(1);
    }

    @Test
    void opensAnotherOnceTheFirstIsClosed() throws Exception {
        TestRelay relay = start(TestRelay.builder());
        Channel first = get(target(relay));
        first.close(new TorException(ErrorKind.CLOSED, "enough"));
        assertThat(manager.channels()).isEmpty();
        Channel second = get(target(relay));
        assertThat(second.isOpen()).isTrue();
        assertThat(second.id()).isNotEqualTo(first.id());
    }

    @Test
    void doesNotShareWithTargetOfAnotherEd25519Identity() throws Exception {
        TestRelay relay = start(TestRelay.builder());
        get(target(relay));
        refused(new ChannelTarget(KEYS.rsaId(), Ed25519Id.of(new byte[32]), List.of(relay.address())), ErrorKind.PROTOCOL)
                .hasMessageContaining("wrong Ed25519 identity: it is " + KEYS.ed25519Id());
    }

    @Test
    void manyWhoWantTheSameRelayShareOneAttempt() throws Exception {
        TestRelay relay = start(TestRelay.builder());
        Set<Channel> channels = ConcurrentHashMap.newKeySet();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    channels.add(get(target(relay)));
                } catch (TorException e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(channels).hasSize(1);
        assertThat(relay.connections()).isEqualTo(1);
    }

    @Test
    void triesTheNextAddress() throws Exception {
        TestRelay relay = start(TestRelay.builder());
        TestRelay garbage = start(TestRelay.builder().insteadOfTls((byte) 1));
        ChannelTarget target = new ChannelTarget(
                KEYS.rsaId(), null, List.of(deadAddress(), garbage.address(), relay.address()));
        assertThat(get(target).remoteAddress()).isEqualTo(relay.address());
    }

    @Test
    void leavesRelayAloneForAWhileThatHasJustFailed() throws Exception {
        ChannelTarget target = new ChannelTarget(KEYS.rsaId(), null, List.of(deadAddress()));
        refused(target, ErrorKind.RELAY_UNREACHABLE).hasMessageStartingWith("TCP connection with $" + KEYS.rsaId());
        refused(target, ErrorKind.RELAY_UNREACHABLE).hasMessageContaining("failed a moment ago and is tried again in");
        assertThat(events).hasSize(2);
        assertThat(events.getLast()).isInstanceOfSatisfying(TorEvent.ChannelStatus.class, e -> {
            assertThat(e.status()).isEqualTo(Status.FAILED);
            assertThat(e.error()).isNotNull();
        });
    }

    @Test
    void triesAgainAfterTheWhile() throws Exception {
        InetSocketAddress dead = deadAddress();
        refused(new ChannelTarget(KEYS.rsaId(), null, List.of(dead)), ErrorKind.RELAY_UNREACHABLE);
        TestRelay relay = start(TestRelay.builder());
        Thread.sleep(1_600);
        assertThat(get(target(relay)).isOpen()).isTrue();
    }

    @Test
    void givesUpOnSilentRelay() throws Exception {
        TestRelay relay = start(TestRelay.builder().silent());
        ChannelManager hasty = manager(new ChannelSettings(Duration.ofMillis(500), Duration.ofMinutes(1), 4));
        assertThatThrownBy(() -> hasty.get(target(relay), Deadline.in(Duration.ofSeconds(20))))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE))
                .hasMessageStartingWith("TLS handshake with $" + KEYS.rsaId())
                .hasMessageEndingWith("failed: no answer within 500 ms");
    }

    @Test
    void givesUpOnRelayThatSendsForEverWithoutGettingAnywhere() throws Exception {
        byte[] padding = dev.cepa.testrelay.RelayLink.variable(4, Cell.VPADDING, new byte[1]);
        TestRelay relay = start(TestRelay.builder().link(cells -> {
            List<byte[]> slow = new ArrayList<>(List.of(cells.getFirst()));
            for (int i = 0; i < 1_000_000; i++) {
                slow.add(padding);
            }
            return slow;
        }));
        refused(target(relay), ErrorKind.PROTOCOL).hasMessageContaining("more than 131072 bytes before CERTS");
    }

    @Test
    void callersDeadlineIsItsOwn() throws Exception {
        TestRelay relay = start(TestRelay.builder().silent());
        assertThatThrownBy(() -> manager.get(target(relay), Deadline.in(Duration.ofMillis(100))))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT))
                .hasMessage("timed out while waiting for a channel to $" + KEYS.rsaId());
    }

    @Test
    void boundsConcurrentAttempts() throws Exception {
        ChannelManager narrow = manager(new ChannelSettings(Duration.ofSeconds(20), Duration.ofMinutes(1), 1));
        TestRelay silent = start(TestRelay.builder().silent());
        ChannelTarget other = new ChannelTarget(RsaId.of(new byte[20]), null, List.of(silent.address()));
        Thread first = Thread.ofVirtual().start(() -> {
            try {
                narrow.get(other, Deadline.in(Duration.ofSeconds(20)));
            } catch (TorException e) {
                // closed at the end
            }
        });
        while (silent.connections() == 0) {
            Thread.sleep(5);
        }
        TestRelay relay = start(TestRelay.builder());
        assertThatThrownBy(() -> narrow.get(target(relay), Deadline.in(Duration.ofMillis(200))))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
        assertThat(relay.connections()).isZero();
        narrow.close();
        first.join();
    }

    @Test
    void closingEndsChannelsAndAttempts() throws Exception {
        TestRelay silent = start(TestRelay.builder().silent());
        Channel channel = get(target(start(TestRelay.builder())));
        RecordingCircuit circuit = new RecordingCircuit();
        channel.attach(circuit);
        List<TorException> failures = new CopyOnWriteArrayList<>();
        ChannelTarget other = new ChannelTarget(RsaId.of(new byte[20]), null, List.of(silent.address()));
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                get(other);
            } catch (TorException e) {
                failures.add(e);
            }
        });
        while (silent.connections() == 0) {
            Thread.sleep(5);
        }
        manager.close();
        waiting.join();
        assertThat(failures).hasSize(1).allMatch(e -> e.kind() == ErrorKind.CLOSED);
        assertThat(circuit.next().closed()).hasMessage("the client is closed");
        refused(other, ErrorKind.CLOSED).hasMessage("the client is closed");
    }

    @Test
    void refusesWhateverIsNotTls() throws Exception {
        TestRelay relay = start(TestRelay.builder().insteadOfTls("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes()));
        refused(target(relay), ErrorKind.PROTOCOL).hasMessageStartingWith("TLS handshake with $" + KEYS.rsaId());
    }

    @Test
    void relayThatClosesBeforeTlsIsUnreachable() throws Exception {
        TestRelay relay = start(TestRelay.builder().insteadOfTls());
        refused(target(relay), ErrorKind.RELAY_UNREACHABLE).hasMessageStartingWith("TLS handshake with $" + KEYS.rsaId());
    }

    @Test
    void relayThatClosesBeforeItsPartIsDoneIsUnreachable() throws Exception {
        for (int kept = 0; kept < 4; kept++) {
            int n = kept;
            TestRelay relay = start(TestRelay.builder().link(cells -> cells.subList(0, n)).closesAfterLink());
            ChannelManager fresh = manager(SETTINGS);
            assertThatThrownBy(() -> fresh.get(target(relay), Deadline.in(Duration.ofSeconds(20))))
                    .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE))
                    .hasMessageContaining("link handshake with $" + KEYS.rsaId());
        }
    }

    @Test
    void refusesAnotherRelay() throws Exception {
        RelayKeys other = RelayKeys.generate();
        TestRelay relay = start(TestRelay.builder().keys(other));
        refused(target(relay), ErrorKind.PROTOCOL)
                .hasMessageContaining("link handshake with $" + KEYS.rsaId())
                .hasMessageEndingWith("failed: wrong RSA identity: it is $" + other.rsaId());
    }

    /** As if something between us and the relay had ended TLS and passed the relay's cells on. */
    @Test
    void noticesThatTlsIsNotWithTheRelay() throws Exception {
        List<Certificate> certificates = KEYS.certificates(Instant.now());
        TestRelay relay = start(TestRelay.builder().keys(RelayKeys.generate()).certificates(honest -> certificates));
        assertThat(assertRefused(target(relay))).isInstanceOf(ProtocolException.class)
                .hasMessageContaining("link certificate (type 5) is for another TLS certificate:"
                        + " something may be intercepting the connection");
    }

    @Test
    void refusesRelayWithoutCommonLinkProtocol() throws Exception {
        refused(target(start(TestRelay.builder().versions(3))), ErrorKind.PROTOCOL)
                .hasMessageEndingWith("no link protocol in common: it offers [3], we [4, 5]");
    }

    @Test
    void tellsLargeClockSkew() throws Exception {
        TestRelay relay = start(TestRelay.builder().time(Instant.now().plus(Duration.ofHours(3))));
        Channel channel = get(target(relay));
        assertThat(channel.clockSkew()).isBetween(Duration.ofMinutes(-181), Duration.ofMinutes(-179));
        assertThat(events).hasAtLeastOneElementOfType(TorEvent.ClockSkew.class);
    }

    @Test
    void aRelayThatSaysThatTheClockIsRightAnswersOneThatSaidItIsWrong() throws Exception {
        get(target(start(TestRelay.builder())));
        manager.retireOpen();
        get(target(start(TestRelay.builder().time(Instant.now().plus(Duration.ofHours(3))))));
        manager.retireOpen();
        get(target(start(TestRelay.builder())));
        manager.retireOpen();
        get(target(start(TestRelay.builder())));
        assertThat(events.stream().filter(TorEvent.ClockSkew.class::isInstance).map(e -> ((TorEvent.ClockSkew) e).skew().toHours()))
                .hasSize(2).last().isEqualTo(0L);
    }

    @Test
    void saysThatTheClockIsWrongIfCertificatesHaveExpiredBecauseOfIt() throws Exception {
        TestRelay relay = start(TestRelay.builder().time(Instant.now().minus(Duration.ofDays(4))));
        refused(target(relay), ErrorKind.CLOCK_SKEW).hasMessageContaining("our clock, which seems to be");
    }

    private TestRelay start(TestRelay.Builder builder) throws IOException {
        TestRelay relay = builder.start();
        toClose.add(relay);
        return relay;
    }

    private ChannelManager manager(ChannelSettings settings) {
        TorEvents stream = new TorEvents();
        stream.add(events::add);
        ChannelManager made = new ChannelManager(settings, stream);
        toClose.add(made);
        return made;
    }

    private Channel get(ChannelTarget target) throws TorException {
        return manager.get(target, Deadline.in(Duration.ofSeconds(20)));
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(ChannelTarget target, ErrorKind kind) {
        return assertThatThrownBy(() -> get(target))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    private TorException assertRefused(ChannelTarget target) {
        try {
            get(target);
        } catch (TorException e) {
            return e;
        }
        throw new AssertionError("not refused");
    }

    private static ChannelTarget target(TestRelay relay) {
        return new ChannelTarget(KEYS.rsaId(), KEYS.ed25519Id(), List.of(relay.address()));
    }

    /** An address at which nobody listens. */
    private static InetSocketAddress deadAddress() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new InetSocketAddress(socket.getInetAddress(), socket.getLocalPort());
        }
    }
}
