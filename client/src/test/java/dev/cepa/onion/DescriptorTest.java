package dev.cepa.onion;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.LinkSpecifier;
import dev.cepa.cell.RsaId;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.X25519;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import dev.cepa.error.ProtocolException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Descriptors made by C tor (in Arti's tor-netdoc), and our own. */
class DescriptorTest {
    private static final byte[] IDENTITY = hex("781D978CE6CE9CAA8BCA306F53E82D2C993E5C91346625F1C151DCFC56D753D3");
    private static final TimePeriod PERIOD = new TimePeriod(19397, 1440, 43_200);
    private static final Instant NOW = Instant.parse("2023-02-09T12:00:00Z");
    private static final ClientAuthKey CLIENT =
            ClientAuthKey.of(hex("90F2D60F917F2423F0989CE9979639435A5B01CF7AB3E0A1B900BEB892BAE443"));
    private static final SecureRandom RANDOM = new SecureRandom();

    static byte[] document(String name) {
        try (InputStream in = DescriptorTest.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static PeriodKeys keys() throws ProtocolException {
        return PeriodKeys.of(OnionAddress.of(IDENTITY), PERIOD);
    }

    @Test
    void verifiesAndDecryptsAPublicDescriptor() throws Exception {
        byte[] blinded = hex("43cc0d62fc6252f578705ca645a46109e265290343b1137e90189744b20b3f2d");
        byte[] subcredential = hex("78210A0D2C72BB7A0CAF606BCD938B9A3696894FDDDBC3B87D424753A7E3DF37");
        Instant now = Instant.parse("2023-01-23T15:00:00Z");
        SealedDescriptor sealed = SealedDescriptor.parse(document("descriptor-public.txt"), blinded, now);
        assertThat(sealed.lifetime()).isEqualTo(Duration.ofMinutes(180));
        assertThat(sealed.revision()).isEqualTo(19655750);
        assertThat(sealed.expiry()).isEqualTo("2023-01-26T03:00:00Z");
        byte[] middle = DescriptorLayer.OUTER.decrypt(blinded, subcredential, sealed.revision(), sealed.content());
        assertThat(new String(middle, StandardCharsets.US_ASCII)).startsWith("desc-auth-type x25519\n");
    }

    @Test
    void decryptsAnAuthorisedDescriptorForTheClientWithTheKey() throws Exception {
        HsDescriptor descriptor = DescriptorReader.read(document("descriptor-authorised.txt"), keys(), CLIENT, 31, NOW);
        assertThat(descriptor.introPoints()).hasSize(3);
        assertThat(descriptor.singleOnion()).isFalse();
        assertThat(descriptor.pow()).isNull();
    }

    @Test
    void tellsAMissingKeyFromAWrongOne() throws Exception {
        byte[] document = document("descriptor-authorised.txt");
        PeriodKeys keys = keys();
        assertThatThrownBy(() -> DescriptorReader.read(document, keys, null, 31, NOW))
                .isInstanceOfSatisfying(
                        OnionServiceException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CLIENT_AUTH_MISSING));
        ClientAuthKey other = ClientAuthKey.of(hex("aa".repeat(32)));
        assertThatThrownBy(() -> DescriptorReader.read(document, keys, other, 31, NOW))
                .isInstanceOfSatisfying(
                        OnionServiceException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CLIENT_AUTH_WRONG));
    }

    @Test
    void refusesAnotherServicesDescriptorAndAnotherPeriods() throws Exception {
        byte[] document = document("descriptor-authorised.txt");
        PeriodKeys later = PeriodKeys.of(OnionAddress.of(IDENTITY), PERIOD.next());
        assertThatThrownBy(() -> DescriptorReader.read(document, later, CLIENT, 31, NOW))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("another key");
    }

    @Test
    void refusesAnExpiredDescriptor() throws Exception {
        PeriodKeys keys = keys();
        assertThatThrownBy(() -> DescriptorReader.read(
                        document("descriptor-authorised.txt"), keys, CLIENT, 31, NOW.plus(Duration.ofDays(9))))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("ended");
    }

    @Test
    void refusesWhatIsChangedAnywhere() throws Exception {
        PeriodKeys keys = keys();
        byte[] document = document("descriptor-authorised.txt");
        for (int at = 0; at < document.length; at += 101) {
            byte[] changed = document.clone();
            changed[at] ^= 2;
            assertThatThrownBy(() -> DescriptorReader.read(changed, keys, CLIENT, 31, NOW))
                    .as("byte " + at)
                    .isInstanceOf(ProtocolException.class);
        }
    }

    @Test
    void readsTheProofOfWorkThatCTorAsksFor() throws Exception {
        byte[] text = document("inner-pow.txt");
        SealedDescriptor sealed =
                new SealedDescriptor(Duration.ofHours(3), 1, new byte[32], new byte[32], NOW, new byte[0]);
        HsDescriptor descriptor = new DescriptorReader.Inner(text, sealed, 31, NOW).read();
        assertThat(descriptor.pow().seed())
                .isEqualTo(hex("144e901df0841833a6e8592190849b4412f307d1565f2f137b2a5bc21a31092a"));
        assertThat(descriptor.pow().suggestedEffort()).isEqualTo(614);
        assertThat(descriptor.pow().expiry()).isEqualTo(Instant.ofEpochSecond(1712812537));
        assertThat(descriptor.flowControl()).isEqualTo(new HsDescriptor.FlowControl("1-2", 31));
        // Their certificates are by another key, which makes no introduction point of them.
        assertThat(descriptor.introPoints()).isEmpty();
        assertThatThrownBy(() -> new DescriptorReader.Inner(text, sealed, 33, NOW).read())
                .hasMessageContaining("increment");
        String twice = new String(text, StandardCharsets.US_ASCII);
        String pow = twice.substring(twice.indexOf("pow-params"), twice.indexOf('\n', twice.indexOf("pow-params")) + 1);
        byte[] doubled = twice.replace(pow, pow + "pow-params x-other\n" + pow).getBytes(StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> new DescriptorReader.Inner(doubled, sealed, 31, NOW).read())
                .hasMessageContaining("repeats");
    }

    static IntroPoint introPoint(int number) throws IOException {
        byte[] rsa = new byte[20];
        rsa[0] = (byte) number;
        return new IntroPoint(
                List.of(
                        new LinkSpecifier.Address(
                                new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, 1}), 9001)),
                        new LinkSpecifier.Rsa(RsaId.of(rsa))),
                X25519.generate(RANDOM).publicKey(),
                Ed25519KeyPair.generate(RANDOM).publicKey(),
                X25519.generate(RANDOM).publicKey());
    }

    static HsDescriptor descriptor(long revision, Instant expiry, int introPoints) throws IOException {
        List<IntroPoint> points = new java.util.ArrayList<>();
        for (int i = 0; i < introPoints; i++) {
            points.add(introPoint(i));
        }
        return new HsDescriptor(
                Duration.ofMinutes(180), revision, expiry, true, points, new HsDescriptor.FlowControl("1-2", 31),
                new PowParams(new byte[32], 7, NOW));
    }

    @Test
    void readsWhatItWrites() throws Exception {
        Ed25519KeyPair identity = Ed25519KeyPair.generate(RANDOM);
        HsDescriptor descriptor = descriptor(-2, NOW.plusSeconds(3 * 3600), 3);
        PeriodKeys keys = PeriodKeys.of(OnionAddress.of(identity.publicKey()), PERIOD);
        for (List<byte[]> clients : List.of(List.<byte[]>of(), List.of(new byte[] {9}, CLIENT.publicKey()))) {
            List<byte[]> publicKeys = clients.isEmpty() ? clients : List.of(X25519.generate(RANDOM).publicKey(), clients.get(1));
            byte[] document = new DescriptorWriter(RANDOM)
                    .write(descriptor, DescriptorKeys.of(identity, PERIOD, Ed25519KeyPair.generate(RANDOM)), publicKeys);
            assertThat(document.length).isLessThan(DescriptorReader.MAX_BYTES);
            HsDescriptor read = DescriptorReader.read(document, keys, clients.isEmpty() ? null : CLIENT, 30, NOW);
            assertThat(read).usingRecursiveComparison().isEqualTo(descriptor);
        }
    }

    @Test
    void clientKeysAreReadAsCTorWritesThem() throws Exception {
        String text = "SDZNMD4RP4SCH4EYTTUZPFRZINNFWAOPPKZ6BINZAC7LREV24RBQ";
        assertThat(ClientAuthKey.parse("descriptor:x25519:" + text)).isEqualTo(CLIENT);
        assertThat(ClientAuthKey.parse(text.toLowerCase())).isEqualTo(CLIENT);
        assertThat(CLIENT.publicKey()).isEqualTo(hex("900467008E194C2C635A6E335E7724915E558CCB606C50094476F9731C129019"));
        assertThatThrownBy(() -> ClientAuthKey.parse("descriptor:x25519:abc")).hasMessageContaining("base32");
    }
}
