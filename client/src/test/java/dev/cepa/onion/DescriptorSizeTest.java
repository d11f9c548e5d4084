package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.cell.RsaId;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.X25519;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many introduction points and authorised clients fit into a descriptor, and that the largest is taken and read. */
class DescriptorSizeTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final TimePeriod PERIOD = TimePeriod.at(NOW, 1440, 43_200);
    private static final ClientAuthKey CLIENT = ClientAuthKey.of(secret());

    private final Ed25519KeyPair identity = Ed25519KeyPair.generate(RANDOM);

    private static byte[] secret() {
        byte[] secret = new byte[32];
        RANDOM.nextBytes(secret);
        return secret;
    }

    /** As many bytes as there can be of everything. */
    private byte[] largest(int points, int clients) throws IOException {
        List<IntroPoint> all = new ArrayList<>();
        for (int i = 0; i < points; i++) {
            all.add(new IntroPoint(
                    List.of(
                            new LinkSpecifier.Address(
                                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, 1}), 9001)),
                            new LinkSpecifier.Address(new InetSocketAddress(
                                    InetAddress.getByAddress(new byte[] {32, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), 9001)),
                            new LinkSpecifier.Rsa(RsaId.of(new byte[20])),
                            new LinkSpecifier.Ed25519(Ed25519Id.of(new byte[32]))),
                    X25519.generate(RANDOM).publicKey(), Ed25519KeyPair.generate(RANDOM).publicKey(),
                    X25519.generate(RANDOM).publicKey()));
        }
        HsDescriptor descriptor = new HsDescriptor(
                Duration.ofHours(3), -1, NOW.plus(Duration.ofHours(54)), true, all, new HsDescriptor.FlowControl("1-2", 254),
                new PowParams(new byte[32], 4_294_967_295L, NOW));
        return new DescriptorWriter(RANDOM)
                .write(descriptor, DescriptorKeys.of(identity, PERIOD, Ed25519KeyPair.generate(RANDOM)), clients(clients));
    }

    private static List<byte[]> clients(int number) {
        return number == 0 ? List.of() : Collections.nCopies(number, CLIENT.publicKey());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 0", "3, 0", "3, 1", "3, 16", "3, 17", "20, 0", "20, 112", "20, 113", "3, 368", "3, 369"})
    void isAsLongAsWhatIsWritten(int points, int clients) throws Exception {
        assertThat(DescriptorSize.of(points, clients)).isEqualTo(largest(points, clients).length);
    }

    @ParameterizedTest
    @CsvSource({"1, 400", "3, 368", "10, 272", "20, 112"})
    void saysHowManyClientsFitToTheLastOne(int points, int clients) throws Exception {
        int limit = DescriptorSize.DEFAULT_LIMIT;
        assertThat(DescriptorSize.mostClients(points, limit)).isEqualTo(clients);
        DescriptorSize.check(settings(points, clients), limit);
        assertThat(largest(points, clients)).hasSizeLessThan(limit);
        assertThat(largest(points, clients + 1)).hasSizeGreaterThanOrEqualTo(limit);
        assertThatThrownBy(() -> DescriptorSize.check(settings(points, clients + 1), limit))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG))
                .hasMessageContaining("room for " + clients + " clients")
                .hasMessageContaining("less than 50000")
                .hasMessageContaining("for " + (points - 1) + " introduction points");
    }

    private static ServiceSettings settings(int points, int clients) {
        return ServiceSettings.DEFAULT.withIntroPoints(points).withClients(clients(clients));
    }

    @Test
    void theBoundItselfIsTooMuch() throws Exception {
        int length = DescriptorSize.of(3, 0);
        DescriptorSize.check(ServiceSettings.DEFAULT, length + 1);
        assertThatThrownBy(() -> DescriptorSize.check(ServiceSettings.DEFAULT, length)).isInstanceOf(TorException.class);
    }

    @Test
    void theLargestThatADirectoryTakesIsFetchedAndRead() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                return ok(largest(3, 368));
            }
        }) {
            PeriodKeys keys = PeriodKeys.of(OnionAddress.of(identity.publicKey()), PERIOD);
            service.now = NOW;
            SealedDescriptor sealed = service.fetcher()
                    .fetch(
                            OnionAddress.of(identity.publicKey()), keys, HsDirRing.forFetching(service.dir, false), any -> true,
                            PlayedService.soon());
            assertThat(DescriptorReader.open(sealed, keys, CLIENT, 254, NOW).introPoints()).hasSize(3);
        }
    }
}
