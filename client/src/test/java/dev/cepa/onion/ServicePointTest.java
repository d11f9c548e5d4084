package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.cell.OnionMessage.Introduce1;
import dev.cepa.cell.OnionMessage.Introduce2;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.HsNtor;
import dev.cepa.crypto.X25519;
import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ServicePointTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final TimePeriod PERIOD = new TimePeriod(20_000, 1440, 43_200);

    private ServicePoint point;
    private PeriodKeys keys;
    private PeriodKeys nextKeys;

    @BeforeEach
    void make() throws Exception {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        HopTarget relay = new HopTarget(
                new ChannelTarget(
                        RsaId.of(new byte[20]),
                        Ed25519Id.of(Ed25519KeyPair.generate(RANDOM).publicKey()),
                        List.of(address)),
                X25519.generate(RANDOM).publicKey(), true, "relay");
        point = new ServicePoint(relay, NOW, RANDOM);
        keys = keysOfSomeService(PERIOD);
        nextKeys = keysOfSomeService(PERIOD.next());
    }

    private static PeriodKeys keysOfSomeService(TimePeriod period) throws ProtocolException {
        return PeriodKeys.of(OnionAddress.of(Ed25519KeyPair.generate(RANDOM).publicKey()), period);
    }

    private Introduction introduction() {
        byte[] cookie = new byte[20];
        RANDOM.nextBytes(cookie);
        return new Introduction(
                cookie, List.of(), point.described().ntorKey(), List.of(new LinkSpecifier.Rsa(RsaId.of(new byte[20]))));
    }

    private Introduce2 sealed(PeriodKeys to, byte[] plaintext) throws ProtocolException {
        IntroPoint described = point.described();
        HsNtor.Client client =
                new HsNtor.Client(described.authKey(), described.encryptionKey(), to.subcredential(), RANDOM);
        byte[] header = Introduce1.header(described.authKey());
        return new Introduce2(header, described.authKey(), client.seal(header, plaintext));
    }

    private void refuses(Introduce2 message, String because) {
        assertThatThrownBy(() -> point.open(message, List.of(keys, nextKeys)))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(because);
    }

    @Test
    void saysForWhichPeriodAClientHasTheDescriptor() throws Exception {
        for (PeriodKeys used : List.of(keys, nextKeys)) {
            ServicePoint.Opened opened =
                    point.open(sealed(used, introduction().toBytes()), List.of(keys, nextKeys));
            assertThat(opened.keys()).isSameAs(used);
        }
    }

    @Test
    void anIntroductionCountsOnce() throws Exception {
        Introduce2 message = sealed(keys, introduction().toBytes());
        point.open(message, List.of(keys, nextKeys));
        refuses(message, "received before");
    }

    @Test
    void whatIsNotForUsOrWasChangedIsRefusedAndDoesNotCount() throws Exception {
        refuses(sealed(keysOfSomeService(PERIOD), introduction().toBytes()), "not authentic");
        Introduce2 message = sealed(keys, introduction().toBytes());
        for (int i = 0; i < message.sealed().length; i += 7) {
            byte[] changed = message.sealed().clone();
            changed[i] ^= 1;
            refuses(new Introduce2(message.header(), message.authKey(), changed), "");
        }
        byte[] header = message.header().clone();
        header[header.length - 1] ^= 1;
        refuses(new Introduce2(header, message.authKey(), message.sealed()), "not authentic");
        refuses(new Introduce2(message.header(), new byte[32], message.sealed()), "another point's key");
        refuses(new Introduce2(message.header(), message.authKey(), new byte[63]), "63 bytes");
        refuses(new Introduce2(message.header(), message.authKey(), new byte[64]), "small order");
        point.open(message, List.of(keys, nextKeys));
    }

    @Test
    void whatAClientHasWrittenWrongIsRefused() throws Exception {
        byte[] right = introduction().toBytes();
        for (int length = 0; length < 79; length += 3) {
            refuses(sealed(keys, Arrays.copyOf(right, length)), "");
        }
        byte[] otherKey = right.clone();
        otherKey[21] = 2;
        refuses(sealed(keys, otherKey), "onion key of type 2");
        byte[] extensions = right.clone();
        extensions[20] = (byte) 255;
        refuses(sealed(keys, extensions), "");
    }

    @Test
    void hasHadItsTimeAfterADayAndAfterManyIntroductions() throws Exception {
        assertThat(point.isSpent(NOW.plus(Duration.ofHours(18)).minusSeconds(1))).isFalse();
        assertThat(point.isSpent(NOW.plus(Duration.ofHours(24)))).isTrue();
    }

    @Test
    void readsAndAnswersNothingOnceItIsClosed() throws Exception {
        ServicePoint.Opened opened = point.open(sealed(keys, introduction().toBytes()), List.of(keys));
        Introduce2 late = sealed(keys, introduction().toBytes());
        point.close();
        refuses(late, "closed");
        assertThatThrownBy(() -> point.answer(opened, RANDOM)).hasMessageContaining("closed");
    }
}
