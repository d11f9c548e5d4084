package dev.cepa.cell;

import static dev.cepa.cell.Vectors.hex;
import static dev.cepa.cell.Vectors.ip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cepa.cell.OnionMessage.EstablishIntro;
import dev.cepa.cell.OnionMessage.EstablishRendezvous;
import dev.cepa.cell.OnionMessage.Introduce1;
import dev.cepa.cell.OnionMessage.IntroduceAck;
import dev.cepa.cell.OnionMessage.Rendezvous2;
import dev.cepa.cell.OnionMessage.RendezvousEstablished;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.cell.RelayMessage.BeginDir;
import dev.cepa.cell.RelayMessage.Connected;
import dev.cepa.cell.RelayMessage.Drop;
import dev.cepa.cell.RelayMessage.End;
import dev.cepa.cell.RelayMessage.Extend2;
import dev.cepa.cell.RelayMessage.Extended2;
import dev.cepa.cell.RelayMessage.Resolve;
import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.cell.RelayMessage.Sendme;
import dev.cepa.cell.RelayMessage.Truncate;
import dev.cepa.cell.RelayMessage.Truncated;
import dev.cepa.error.ProtocolException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bodies that C tor sent, bodies made by hand, and bodies that nobody should send. */
class RelayMessageTest {
    @Test
    void readsAndWritesBegin() throws Exception {
        both(RelayMessage.BEGIN, "3132372E302E302E313A3730303300", new Begin("127.0.0.1", 7003, 0));
        both(RelayMessage.BEGIN, "7777772e786b63642e636f6d3a34343300 00000003", new Begin("www.xkcd.com", 443, 3));
        both(RelayMessage.BEGIN, "5b323030313a6462383a3a315d3a323200", new Begin("2001:db8::1", 22, 0));
        both(RelayMessage.BEGIN, ascii(":80\0"), new Begin("", 80, 0));
        both(RelayMessage.BEGIN, ascii("a:65535\0"), new Begin("a", 65_535, 0));
    }

    @Test
    void refusesBeginWithoutHostAndPort() {
        for (String target : new String[] {
            "[::]!", "[::]!\0", "host\0", "host:\0", ":\0", "\0", "host:0\0", "host:65536\0", "host:99999999999\0",
            "host:+80\0", "host:-1\0", "host:8 0\0", "ho st:80\0", "host\n:80\0", "2001:db8::1:22\0", "[host]:80\0",
            "[]:80\0", "[::1:80\0", "::1]:80\0", "a[b]:80\0", "torproject\u00e2.org:443\0", "x".repeat(256) + ":1\0",
        }) {
            refuses(RelayMessage.BEGIN, ascii(target), "");
        }
    }

    @Test
    void refusesBeginCutShortBeforeTheZero() {
        refuses(RelayMessage.BEGIN, ascii("www.example.com:80"), "zero byte");
    }

    @Test
    void beginCarriesNoHostThatItCannotWrite() {
        for (String host : new String[] {"www.torproject\u2122.org", "a b", "a\0b", "a\r\nb", "[::1]", "x".repeat(256)}) {
            assertThatIllegalArgumentException().isThrownBy(() -> new Begin(host, 80, 0));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new Begin("a", 0, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Begin("a", 65_536, 0));
    }

    @Test
    void readsAndWritesConnected() throws Exception {
        both(RelayMessage.CONNECTED, "", new Connected(null, 0));
        both(RelayMessage.CONNECTED, "7F000001 00000E10", new Connected(ip("127.0.0.1"), 0xe10));
        both(
                RelayMessage.CONNECTED,
                "00000000 06 20010db8 00000000 00000000 00001122 00000E10",
                new Connected(ip("2001:db8::1122"), 0xe10));
        reads(RelayMessage.CONNECTED, "7F000001", new Connected(ip("127.0.0.1"), 0));
    }

    @Test
    void refusesMalformedConnected() {
        refuses(RelayMessage.CONNECTED, "00000000 07 20010db8 00000000 00000000 00001122 00000E10", "address type 7");
        refuses(RelayMessage.CONNECTED, "7F0000", "cut short");
        refuses(RelayMessage.CONNECTED, "00000000", "cut short");
        refuses(RelayMessage.CONNECTED, "00000000 06 20010db8 00000000 00000000 00001122", "cut short");
    }

    @Test
    void readsAndWritesEnd() throws Exception {
        both(RelayMessage.END, "01", new End(1));
        both(RelayMessage.END, "06", new End(6));
        both(RelayMessage.END, "04 7f000007 00000100", new End(4, ip("127.0.0.7"), 256));
        both(
                RelayMessage.END,
                "04 20010db8 00000000 00000000 0000f00b 00000200",
                new End(4, ip("2001:db8::f00b"), 512));
        reads(RelayMessage.END, "", new End(EndReason.MISC.code()));
        reads(RelayMessage.END, "04 7f000007", new End(4, ip("127.0.0.7"), 0));
        reads(RelayMessage.END, "04 7f0000", new End(4));
        reads(RelayMessage.END, "06 7f000007 00000100", new End(6));
    }

    @Test
    void readsAndWritesExtend2() throws Exception {
        String id = "03479E93EBF3FF2C58C1C9DBF2DE9DE9C2801B3E";
        String handshake = id + "36A3E0BDB1F1A10579820243DD2E228B902940EB49EF842646E3926768C28410"
                + "074BEE50A535116D657C6BFB7E5114119DC69F05DF907EF62002EA782B0A357F";
        both(
                RelayMessage.EXTEND2,
                "02 00 06 7F0000011388 02 14" + id + "0002 0054" + handshake,
                new Extend2(
                        List.of(
                                new LinkSpecifier.Address(new InetSocketAddress(ip("127.0.0.1"), 5000)),
                                new LinkSpecifier.Rsa(RsaId.ofHex(id))),
                        2,
                        hex(handshake)));
        String ed = "3FF84AA4B21453D20106BD4EDDA919386BF67D541CAA78F38BE6A08C2B3D0C4F";
        both(
                RelayMessage.EXTEND2,
                "03 01 12 20010db8000000000000000000000001 1388 03 20" + ed + "63 02 abcd 0003 0001 ff",
                new Extend2(
                        List.of(
                                new LinkSpecifier.Address(new InetSocketAddress(ip("2001:db8::1"), 5000)),
                                new LinkSpecifier.Ed25519(Ed25519Id.of(hex(ed))),
                                new LinkSpecifier.Unknown(0x63, hex("abcd"))),
                        3,
                        hex("ff")));
    }

    @Test
    void refusesExtend2WithMalformedLinkSpecifiers() {
        refuses(RelayMessage.EXTEND2, "01 00 05 7F00000113 0002 0000", "cut short");
        refuses(RelayMessage.EXTEND2, "01 00 07 7F000001138800 0002 0000", "too many");
        refuses(RelayMessage.EXTEND2, "01 02 13" + "00".repeat(19) + "0002 0000", "cut short");
        refuses(RelayMessage.EXTEND2, "01 03 21" + "00".repeat(33) + "0002 0000", "too many");
        refuses(RelayMessage.EXTEND2, "02 63 00", "cut short");
        refuses(RelayMessage.EXTEND2, "00 0002 0002 00", "cut short");
    }

    @Test
    void readsAndWritesExtended2() throws Exception {
        String handshake = "0026619058EB2661834D54C2624828728F28915587CDAD1AD3373B85F33A480E"
                + "EA9D3B2CEF8D39C1DBD2FA519E75296B96960690C79A28D6A0D9454F8E9634BD";
        both(RelayMessage.EXTENDED2, "0040" + handshake, new Extended2(hex(handshake)));
        refuses(RelayMessage.EXTENDED2, "0041" + handshake, "cut short");
        refuses(RelayMessage.EXTENDED2, "", "cut short");
    }

    @Test
    void readsAndWritesMessagesWithoutBodies() throws Exception {
        both(RelayMessage.BEGIN_DIR, "", new BeginDir());
        both(RelayMessage.DROP, "", new Drop());
        both(RelayMessage.TRUNCATE, "", new Truncate());
        reads(RelayMessage.DROP, "00ff00", new Drop());
    }

    @Test
    void readsAndWritesTruncated() throws Exception {
        both(RelayMessage.TRUNCATED, "08", new Truncated(8));
        reads(RelayMessage.TRUNCATED, "", new Truncated(DestroyReason.NONE.code()));
    }

    @Test
    void readsAndWritesResolve() throws Exception {
        both(RelayMessage.RESOLVE, ascii("www.torproject.org\0"), new Resolve("www.torproject.org"));
        both(RelayMessage.RESOLVE, ascii("1.0.0.127.in-addr.arpa\0"), new Resolve("1.0.0.127.in-addr.arpa"));
        refuses(RelayMessage.RESOLVE, ascii("www.torproject.org"), "zero byte");
        refuses(RelayMessage.RESOLVE, ascii("\0"), "0 characters");
        refuses(RelayMessage.RESOLVE, ascii("a\tb\0"), "visible ASCII");
        assertThatIllegalArgumentException().isThrownBy(() -> new Resolve("a\0b"));
        assertThatIllegalArgumentException().isThrownBy(() -> new Resolve(""));
    }

    @Test
    void readsAndWritesResolved() throws Exception {
        both(RelayMessage.RESOLVED, "", new Resolved(List.of()));
        both(RelayMessage.RESOLVED, "F0 00 00000E10", new Resolved(List.of(new Answer.Failure(true, 3600))));
        both(RelayMessage.RESOLVED, "F1 00 00000E10", new Resolved(List.of(new Answer.Failure(false, 3600))));
        both(
                RelayMessage.RESOLVED,
                "04 04 7f000001 00000E10 04 04 7f000002 00001c20",
                new Resolved(List.of(
                        new Answer.Address(ip("127.0.0.1"), 3600), new Answer.Address(ip("127.0.0.2"), 7200))));
        both(
                RelayMessage.RESOLVED,
                "06 10 12340000000000000000000000005678 00000080",
                new Resolved(List.of(new Answer.Address(ip("1234::5678"), 128))));
        both(
                RelayMessage.RESOLVED,
                "00 12 7777772e746f7270726f6a6563742e6f7267 00000258",
                new Resolved(List.of(new Answer.Name("www.torproject.org", 600))));
        reads(
                RelayMessage.RESOLVED,
                "63 12 7777772e746f7270726f6a6563742e6f7267 00000258 F0 02 abcd 00000001",
                new Resolved(List.of(new Answer.Failure(true, 1))));
    }

    @Test
    void refusesMalformedResolved() {
        refuses(RelayMessage.RESOLVED, "04 03 010203 00000001", "address of 3 bytes");
        refuses(RelayMessage.RESOLVED, "06 04 01020304 00000001", "address of 4 bytes");
        refuses(RelayMessage.RESOLVED, "04 04 01020304 000001", "cut short");
        refuses(RelayMessage.RESOLVED, "00 03 610a62 00000001", "visible ASCII");
        refuses(RelayMessage.RESOLVED, "00 00 00000001", "empty name");
        refuses(RelayMessage.RESOLVED, "63 ff 00", "cut short");
    }

    @Test
    void readsAndWritesSendme() throws Exception {
        both(RelayMessage.SENDME, "", new Sendme(null));
        both(
                RelayMessage.SENDME,
                "01 0014 F01234989823478bcdefabcdef01234567890123",
                new Sendme(hex("F01234989823478bcdefabcdef01234567890123")));
        both(
                RelayMessage.SENDME,
                "01 0010 F01234989823478bcdefabcdef012345",
                new Sendme(hex("F01234989823478bcdefabcdef012345")));
        reads(RelayMessage.SENDME, "00 0014", new Sendme(null));
    }

    @Test
    void refusesMalformedSendme() {
        refuses(RelayMessage.SENDME, "02 0000", "version 2");
        refuses(RelayMessage.SENDME, "01", "cut short");
        refuses(RelayMessage.SENDME, "01 0014 F0", "cut short");
        refuses(RelayMessage.SENDME, "01 0000", "tag of 0 bytes");
        refuses(RelayMessage.SENDME, "01 0004 F0123498", "tag of 4 bytes");
    }

    /** Bodies that C tor made, as far as they are not obvious (in Arti's tor-cell). */
    @Test
    void readsAndWritesRendezvousMessages() throws Exception {
        String cookie = "4AA2BAF815CEBB4B922B5BF6F545AEE0DDBE1254";
        both(OnionMessage.ESTABLISH_RENDEZVOUS, cookie, new EstablishRendezvous(hex(cookie)));
        refuses(OnionMessage.ESTABLISH_RENDEZVOUS, cookie.substring(2), "cut short");
        assertThatIllegalArgumentException().isThrownBy(() -> new EstablishRendezvous(new byte[19]));
        both(OnionMessage.RENDEZVOUS_ESTABLISHED, "", new RendezvousEstablished());
        reads(OnionMessage.RENDEZVOUS_ESTABLISHED, "0001", new RendezvousEstablished());
        both(OnionMessage.RENDEZVOUS2, "2CBF819E67317EE5", new Rendezvous2(hex("2CBF819E67317EE5")));
    }

    @Test
    void readsAndWritesIntroductionMessages() throws Exception {
        byte[] key = hex("11AAA1BA28353424061A63326C3BFF4FE4EC7EC24BB5EB740E9D167DEF103206");
        String header = "00".repeat(20) + "02 0020 11AAA1BA28353424061A63326C3BFF4FE4EC7EC24BB5EB740E9D167DEF103206";
        both(OnionMessage.INTRODUCE1, header + "00 1E99C1B9", new Introduce1(key, hex("1E99C1B9")));
        reads(OnionMessage.INTRODUCE1, header + "02 FF0107 010020 1E99", new Introduce1(key, hex("20 1E99")));
        refuses(OnionMessage.INTRODUCE1, header, "cut short");
        refuses(OnionMessage.INTRODUCE1, header + "02 FF0107", "cut short");
        refuses(OnionMessage.INTRODUCE1, "00".repeat(20) + "01 0020" + "11".repeat(32) + "00", "of type 1");
        refuses(OnionMessage.INTRODUCE1, "00".repeat(20) + "02 0004 00010203 00", "of type 2");
        both(OnionMessage.INTRODUCE_ACK, "000000", new IntroduceAck(0));
        both(OnionMessage.INTRODUCE_ACK, "000200", new IntroduceAck(2));
        reads(OnionMessage.INTRODUCE_ACK, "0001", new IntroduceAck(1));
        refuses(OnionMessage.INTRODUCE_ACK, "", "cut short");
    }

    @Test
    void serviceTellsItsIntroductionPointWhatToPassOnAtMost() throws Exception {
        String key = "02 0020" + "11".repeat(32);
        String proof = "22".repeat(32) + "0040" + "33".repeat(64);
        byte[] auth = hex("11".repeat(32));
        byte[] mac = hex("22".repeat(32));
        byte[] signature = hex("33".repeat(64));
        both(OnionMessage.ESTABLISH_INTRO, key + "00" + proof, new EstablishIntro(auth, null, mac, signature));
        // Proposal 305: one extension of type 1, with two parameters.
        both(
                OnionMessage.ESTABLISH_INTRO,
                key + "01 01 13 02 01 0000000000000019 02 00000000000000C8" + proof,
                new EstablishIntro(auth, new EstablishIntro.Limit(25, 200), mac, signature));
        reads(
                OnionMessage.ESTABLISH_INTRO,
                key + "02 07 01 FF 01 13 02 02 0000000000000002 01 0000000000000001" + proof,
                new EstablishIntro(auth, new EstablishIntro.Limit(1, 2), mac, signature));
        refuses(OnionMessage.ESTABLISH_INTRO, key + "01 01 02 02 01" + proof, "cut short");
    }

    @Test
    void refusesUnknownCommands() {
        for (int command : new int[] {0, 6, 7, 249, 255}) {
            refuses(command, "617262697472617279", "unknown command " + command);
        }
    }

    private static void both(int command, String body, RelayMessage message) throws ProtocolException {
        RelayMessage read = reads(command, body, message);
        ByteWriter out = new ByteWriter();
        read.write(out);
        assertThat(out.toByteArray()).isEqualTo(hex(body));
    }

    private static RelayMessage reads(int command, String body, RelayMessage message) throws ProtocolException {
        RelayMessage read = Vectors.reads(RelayMessage::read, command, body, message);
        assertThat(read.command()).isEqualTo(command);
        return read;
    }

    private static void refuses(int command, String body, String because) {
        Vectors.refuses(RelayMessage::read, command, body, because);
    }

    private static String ascii(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
