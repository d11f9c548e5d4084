package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.ChannelMessage.AuthChallenge;
import dev.cepa.cell.ChannelMessage.Certs;
import dev.cepa.cell.ChannelMessage.Certs.Certificate;
import dev.cepa.cell.ChannelMessage.Netinfo;
import dev.cepa.cell.ChannelMessage.Versions;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.testrelay.RelayKeys;
import dev.cepa.testrelay.RelayLink;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The relay's part of the handshake is a list of cells, honest at first; each test changes one thing. */
class LinkHandshakeTest {
    private static final RelayKeys KEYS = RelayKeys.shared();
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private final List<byte[]> cells = new ArrayList<>(List.of(
            RelayLink.encode(new Versions(List.of(3, 4, 5))),
            RelayLink.encode(new Certs(KEYS.certificates(NOW))),
            RelayLink.encode(new AuthChallenge(new byte[32], List.of(1, 3))),
            netinfo(NOW)));
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private InstantSource clock = InstantSource.fixed(NOW);
    private ByteArrayInputStream in;

    @Test
    void opensLinkToHonestRelay() throws Exception {
        LinkHandshake.Result result = run();
        assertThat(result.version()).isEqualTo(5);
        assertThat(result.identity()).isEqualTo(new LinkVerifier.Identity(KEYS.rsaId(), KEYS.ed25519Id()));
        assertThat(result.clockSkew()).isEqualTo(Duration.ZERO);
    }

    @Test
    void sendsVersionsAndThenNetinfoWithoutTimeOrOwnAddress() throws Exception {
        run();
        byte[] netinfo = Arrays.copyOf(HexFormat.of().parseHex("00000000" + "08" + "00000000" + "04047f000001" + "00"), Cell.LENGTH);
        assertThat(sent.toByteArray()).isEqualTo(new ByteWriter()
                .bytes(HexFormat.of().parseHex("0000" + "07" + "0004" + "00040005"))
                .bytes(netinfo)
                .toByteArray());
    }

    @Test
    void sendsNothingAfterVersionsToRelayThatIsNotVerified() {
        cells.set(1, certs(change(5, KEYS.signingTls(NOW.plusSeconds(60), new byte[32]))));
        refused();
        assertThat(sent.size()).isEqualTo(9);
    }

    @Test
    void leavesWhatFollowsNetinfoUnread() throws Exception {
        cells.add(new byte[] {1, 2, 3});
        run();
        assertThat(in.available()).isEqualTo(3);
    }

    @Test
    void takesHighestCommonVersion() throws Exception {
        cells.set(0, RelayLink.encode(new Versions(List.of(4, 3, 9))));
        assertThat(run().version()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0003", "00010002", "0006"})
    void refusesVersionsWithNoneInCommon(String versions) {
        cells.set(0, RelayLink.variable(2, Cell.VERSIONS, HexFormat.of().parseHex(versions)));
        refused().hasMessageStartingWith("no link protocol in common");
    }

    @Test
    void refusesVersionsOfOddLength() {
        cells.set(0, RelayLink.variable(2, Cell.VERSIONS, new byte[] {0, 4, 0}));
        refused().hasMessage("VERSIONS of odd length");
    }

    @Test
    void refusesAnythingBeforeVersions() {
        cells.add(0, RelayLink.variable(2, Cell.VPADDING, new byte[3]));
        refused().hasMessage("VPADDING where VERSIONS belongs");
    }

    @Test
    void passesOverPaddingAndFurtherVersionsBetweenMessages() throws Exception {
        byte[] padding = RelayLink.variable(4, Cell.VPADDING, new byte[30_000]);
        cells.add(4 - 1, padding);
        cells.add(2, RelayLink.variable(4, Cell.VPADDING, new byte[0]));
        cells.add(1, RelayLink.variable(4, Cell.VERSIONS, new byte[] {0, 3}));
        cells.add(1, RelayLink.variable(4, Cell.VPADDING, new byte[9]));
        assertThat(run().version()).isEqualTo(5);
    }

    @Test
    void refusesEndlessPadding() {
        byte[] padding = RelayLink.variable(4, Cell.VPADDING, new byte[60_000]);
        cells.addAll(1, List.of(padding, padding, padding));
        refused().hasMessageContaining("bytes before CERTS");
    }

    @Test
    void refusesFixedPadding() {
        cells.add(1, RelayLink.fixed(0, Cell.PADDING, new byte[0]));
        refused().hasMessage("PADDING where CERTS belongs");
    }

    @ParameterizedTest
    @CsvSource({
        "1, AUTH_CHALLENGE where CERTS belongs",
        "2, NETINFO where AUTH_CHALLENGE belongs"
    })
    void refusesMissingMessage(int missing, String why) {
        cells.remove(missing);
        refused().hasMessage(why);
    }

    @ParameterizedTest
    @CsvSource({
        "1, CERTS where AUTH_CHALLENGE belongs",
        "2, AUTH_CHALLENGE where NETINFO belongs"
    })
    void refusesMessageSentTwice(int twice, String why) {
        cells.add(twice, cells.get(twice));
        refused().hasMessage(why);
    }

    @Test
    void refusesMessagesOutOfOrder() {
        cells.add(1, cells.remove(2));
        refused().hasMessage("AUTH_CHALLENGE where CERTS belongs");
        cells.add(1, cells.remove(3));
        refused().hasMessage("NETINFO where CERTS belongs");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void refusesCircuitId(int cell) {
        cells.get(cell)[1] = 7;
        refused().hasMessageEndingWith("with a circuit id");
    }

    @Test
    void refusesCertsLongerThanAnyRelayHas() {
        cells.set(1, RelayLink.variable(4, Cell.CERTS, new byte[20_000]));
        refused().hasMessage("CERTS of 20000 bytes");
    }

    @Test
    void refusesCertsCutShort() {
        byte[] body = {1, 4, 0, 50, 1};
        cells.set(1, RelayLink.variable(4, Cell.CERTS, body));
        refused().hasMessageStartingWith("message cut short");
    }

    @ParameterizedTest
    @CsvSource({"0, VERSIONS", "1, CERTS", "2, AUTH_CHALLENGE", "3, NETINFO"})
    void saysWhereTheRelayClosed(int kept, String before) {
        cells.subList(kept, cells.size()).clear();
        refused(ErrorKind.RELAY_UNREACHABLE).hasMessage("it closed the link before " + before);
        cells.add(new byte[] {0});
        refused(ErrorKind.RELAY_UNREACHABLE).hasMessage("it closed the link before " + before);
    }

    @Test
    void tellsHowFarOurClockIsAheadOrBehind() throws Exception {
        cells.set(3, netinfo(NOW.minusSeconds(100)));
        assertThat(run().clockSkew()).isEqualTo(Duration.ofSeconds(100));
        cells.set(3, netinfo(NOW.plusSeconds(7200)));
        assertThat(run().clockSkew()).isEqualTo(Duration.ofHours(-2));
    }

    @Test
    void tellsNoSkewIfRelayTellsNoTime() throws Exception {
        cells.set(3, netinfo(Instant.EPOCH));
        assertThat(run().clockSkew()).isNull();
    }

    @Test
    void tellsNoSkewIfNetinfoTookThreeMinutes() throws Exception {
        Instant[] next = {NOW.minusSeconds(180), NOW};
        int[] call = {0};
        clock = () -> next[call[0]++];
        assertThat(run().clockSkew()).isNull();
    }

    @Test
    void saysThatOurClockIsWrongIfThatIsWhyCertificatesHaveExpired() {
        clock = InstantSource.fixed(NOW.plus(Duration.ofDays(3)));
        refused(ErrorKind.CLOCK_SKEW)
                .hasMessage("identity certificate (type 4) expired at 2026-11-25T12:00:00Z by our clock, which seems to be"
                        + " 4320 minutes ahead");
    }

    @Test
    void refusesExpiredCertificates() {
        Instant past = NOW.minusSeconds(7200);
        cells.set(1, certs(change(4, KEYS.identitySigning(past))));
        refused().hasMessage("identity certificate (type 4) expired at 2026-11-24T10:00:00Z");
        cells.set(1, certs(change(5, KEYS.signingTls(past, KEYS.tlsDigest()))));
        refused().hasMessage("link certificate (type 5) expired at 2026-11-24T10:00:00Z");
        cells.set(1, certs(change(7, KEYS.cross(past))));
        refused().hasMessage("RSA cross-certificate (type 7) expired at 2026-11-24T10:00:00Z");
        cells.set(1, certs(change(2, KEYS.rsaIdentity(past.minusSeconds(9), NOW.minus(Duration.ofDays(3))))));
        refused().hasMessageStartingWith("RSA identity certificate (type 2) expired at");
    }

    @Test
    void toleratesRsaCertificateThatRelaysBlur() throws Exception {
        cells.set(1, certs(change(2, KEYS.rsaIdentity(NOW.plus(Duration.ofDays(29)), NOW.plus(Duration.ofDays(300))))));
        run();
        cells.set(1, certs(change(2, KEYS.rsaIdentity(NOW.minus(Duration.ofDays(29)), NOW.minus(Duration.ofDays(1))))));
        run();
    }

    @Test
    void refusesRsaIdentityOfAnotherLengthOrSigner() {
        Instant later = NOW.plusSeconds(600);
        cells.set(1, certs(change(2, KEYS.rsaIdentityOfWrongLength(NOW, later))));
        refused().hasMessage("RSA identity certificate without an RSA key of 1024 bits");
        cells.set(1, certs(change(2, KEYS.rsaIdentitySignedByAnother(NOW, later))));
        refused().hasMessage("RSA identity certificate is not signed with its own key");
    }

    @Test
    void refusesIdentityCertificateWithoutIdentityKey() {
        cells.set(1, certs(change(4, KEYS.identitySigningWithoutIdentity(NOW.plusSeconds(600)))));
        refused().hasMessage("identity certificate (type 4) without the identity key");
    }

    @Test
    void refusesCrossCertificateForAnotherIdentity() {
        Ed25519Id another = Ed25519Id.of(new byte[32]);
        cells.set(1, certs(change(7, KEYS.cross(another, NOW.plusSeconds(600)))));
        refused().hasMessage("RSA cross-certificate (type 7) is for another Ed25519 identity");
    }

    @Test
    void refusesCertificatesOfAnotherRelay() {
        RelayKeys other = RelayKeys.generate();
        Instant later = NOW.plusSeconds(600);
        cells.set(1, certs(change(7, other.cross(KEYS.ed25519Id(), later))));
        refused().hasMessage("RSA cross-certificate (type 7) with a bad signature");
        cells.set(1, certs(change(4, other.identitySigning(later))));
        refused().hasMessage("link certificate (type 5) with a bad signature");
        cells.set(1, certs(change(5, other.signingTls(later, other.tlsDigest()))));
        refused().hasMessageStartingWith("link certificate (type 5) is for another TLS certificate");
        cells.set(1, certs(other.certificates(NOW)));
        refused().hasMessageStartingWith("link certificate (type 5) is for another TLS certificate");
    }

    /** Everything fits together, and it is still not the relay that was wanted. */
    @Test
    void refusesHonestRelayThatIsAnother() {
        RelayKeys other = RelayKeys.generate();
        List<Certificate> certificates = new ArrayList<>(other.certificates(NOW));
        certificates.replaceAll(c -> c.type() == 5 ? other.signingTls(NOW.plusSeconds(60), KEYS.tlsDigest()) : c);
        cells.set(1, certs(certificates));
        refused().hasMessage("wrong RSA identity: it is $" + other.rsaId());
    }

    private LinkHandshake.Result run() throws IOException {
        ByteWriter all = new ByteWriter();
        cells.forEach(all::bytes);
        in = new ByteArrayInputStream(all.toByteArray());
        sent.reset();
        ChannelTarget target =
                new ChannelTarget(KEYS.rsaId(), KEYS.ed25519Id(), List.of(new InetSocketAddress(LOOPBACK, 1)));
        return new LinkHandshake(target, LOOPBACK, clock, in, sent).run(KEYS.tlsDigest());
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused() {
        return refused(ErrorKind.PROTOCOL);
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(ErrorKind kind) {
        return assertThatThrownBy(this::run)
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    private static List<Certificate> change(int type, Certificate changed) {
        return KEYS.certificates(NOW).stream().map(c -> c.type() == type ? changed : c).toList();
    }

    private static byte[] certs(List<Certificate> certificates) {
        return RelayLink.encode(new Certs(certificates));
    }

    private static byte[] netinfo(Instant time) {
        ChannelMessage netinfo = new Netinfo(time.getEpochSecond(), LOOPBACK, List.of(LOOPBACK));
        return RelayLink.encode(netinfo);
    }
}
