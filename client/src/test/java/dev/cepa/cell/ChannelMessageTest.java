package dev.cepa.cell;

import static dev.cepa.cell.Vectors.hex;
import static dev.cepa.cell.Vectors.ip;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.ChannelMessage.AuthChallenge;
import dev.cepa.cell.ChannelMessage.Certs;
import dev.cepa.cell.ChannelMessage.Create2;
import dev.cepa.cell.ChannelMessage.CreateFast;
import dev.cepa.cell.ChannelMessage.Created2;
import dev.cepa.cell.ChannelMessage.CreatedFast;
import dev.cepa.cell.ChannelMessage.Destroy;
import dev.cepa.cell.ChannelMessage.Netinfo;
import dev.cepa.cell.ChannelMessage.Padding;
import dev.cepa.cell.ChannelMessage.PaddingNegotiate;
import dev.cepa.cell.ChannelMessage.Versions;
import dev.cepa.error.ProtocolException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Bodies that C tor sent, and bodies that nobody should. */
class ChannelMessageTest {
    @Test
    void readsAndWritesVersions() throws Exception {
        variable(Cell.VERSIONS, "000300040005", new Versions(List.of(3, 4, 5)));
        refuses(Cell.VERSIONS, "0003000400", "odd length");
    }

    @Test
    void readsAndWritesCerts() throws Exception {
        String body = resource("certs.txt");
        Certs certs = (Certs) ChannelMessage.read(Cell.CERTS, new ByteReader(hex(body)));
        assertThat(certs.certificates()).extracting(Certs.Certificate::type).containsExactly(1, 2, 4, 5, 7);
        assertThat(certs.certificates()).extracting(c -> c.body().length).containsExactly(574, 445, 140, 104, 165);
        assertThat(written(certs)).isEqualTo(hex(body));
        refuses(Cell.CERTS, body.strip().substring(0, body.strip().length() - 2), "cut short");
        refuses(Cell.CERTS, "01 04", "cut short");
    }

    @Test
    void readsAndWritesAuthChallenge() throws Exception {
        String challenge = "00DA5C085DEE4F3656710DA3B73652E48ACD5BAE608335FCA3FB6C4DEE104A51";
        variable(
                Cell.AUTH_CHALLENGE,
                challenge + "0002 0001 0003",
                new AuthChallenge(hex(challenge), List.of(1, 3)));
        refuses(Cell.AUTH_CHALLENGE, challenge + "0002 0001", "cut short");
    }

    @Test
    void readsAndWritesNetinfo() throws Exception {
        fixed(Cell.NETINFO, "00000000 04 04 7F000001 00", new Netinfo(0, ip("127.0.0.1"), List.of()));
        fixed(
                Cell.NETINFO,
                "5F6F80E1 04 04 7F000001 01 04 04 7F000001",
                new Netinfo(0x5f6f80e1L, ip("127.0.0.1"), List.of(ip("127.0.0.1"))));
        fixed(
                Cell.NETINFO,
                "5F6F859C 06 10 00000000000000000000000000000001 02 04 04 7F000001 06 10 00000000000000000000000000000001",
                new Netinfo(0x5f6f859cL, ip("::1"), List.of(ip("127.0.0.1"), ip("::1"))));
        fixed(Cell.NETINFO, "00000000 04 04 00000000 00", new Netinfo(0, null, List.of()));
        refuses(Cell.NETINFO, "00000000 04 04 7F000001 01", "cut short");
    }

    @Test
    void leavesOutNetinfoAddressesOfOtherTypesAndLengths() throws Exception {
        Vectors.reads(
                ChannelMessage::read,
                Cell.NETINFO,
                """
                5F6F859C 06 09 000000000000000000
                03 04 06 7F0000010000 BB 02 FFFF 06 10 00000000000000000000000000000001""",
                new Netinfo(0x5f6f859cL, null, List.of(ip("::1"))));
    }

    @Test
    void readsAndWritesPaddingNegotiate() throws Exception {
        fixed(Cell.PADDING_NEGOTIATE, "00 02 0100 0200", new PaddingNegotiate(true, 256, 512));
        fixed(Cell.PADDING_NEGOTIATE, "00 01 0000 0000", new PaddingNegotiate(false, 0, 0));
        refuses(Cell.PADDING_NEGOTIATE, "90 03 0300 0000", "version 144");
        refuses(Cell.PADDING_NEGOTIATE, "00 03 0300 0000", "command 3");
    }

    @Test
    void readsAndWritesCreateFastAndItsAnswer() throws Exception {
        fixed(
                Cell.CREATE_FAST,
                "0DC2A5EB921EF4B71F41184A99F4FAD99620A648",
                new CreateFast(hex("0DC2A5EB921EF4B71F41184A99F4FAD99620A648")));
        fixed(
                Cell.CREATED_FAST,
                "03B74250B01D09FDA72B70D63AE7994926F13055 BED23485F6B3C8C3CEAFE1DF48A9FF8BAC4993FC",
                new CreatedFast(
                        hex("03B74250B01D09FDA72B70D63AE7994926F13055"), hex("BED23485F6B3C8C3CEAFE1DF48A9FF8BAC4993FC")));
    }

    @Test
    void readsAndWritesCreate2AndItsAnswer() throws Exception {
        String message = "09164430E84D3BC56EC7E1D22734742345E2DECE0DE535B66B8E8A0EBBDAE3263C53E02EC2215685CD3A977DC7946FF4"
                + "7F84CD7025F75D252D1B35DEA28F32FA912513889A207E5049992DBC9BC541194C13624A";
        fixed(Cell.CREATE2, "0002 0054" + message, new Create2(2, hex(message)));
        String answer = "0108907A701030ADB6CA9C6AF097DC4855614655659B6A7BF21C1097DCE7C66E"
                + "E0E4EF287DE7CED40BEECA8B90140C05DB6138AEB551CE0C037068C315E307A0";
        fixed(Cell.CREATED2, "0040" + answer, new Created2(hex(answer)));
    }

    @Test
    void refusesHandshakesLongerThanTheirCell() throws Exception {
        fixed(Cell.CREATED2, "01fb", new Created2(new byte[507]));
        fixed(Cell.CREATE2, "0003 01f9", new Create2(3, new byte[505]));
        for (String length : new String[] {"01fc", "ffff"}) {
            refuses(Cell.CREATED2, length + "00".repeat(507), "cut short");
            refuses(Cell.CREATE2, "0002" + length + "00".repeat(505), "cut short");
        }
    }

    @Test
    void readsAndWritesDestroy() throws Exception {
        fixed(Cell.DESTROY, "04", new Destroy(4));
        fixed(Cell.DESTROY, "0000", new Destroy(0));
    }

    @Test
    void readsAndWritesPadding() throws Exception {
        fixed(Cell.PADDING, "", new Padding(false, 509));
        variable(Cell.VPADDING, "", new Padding(true, 0));
        variable(Cell.VPADDING, "00000000000000000000", new Padding(true, 10));
    }

    @Test
    void refusesCommandsThatCarryNoChannelMessage() {
        for (int command : new int[] {1, 2, Cell.RELAY, Cell.RELAY_EARLY, 13, 101, 127, 132, 244}) {
            refuses(command, "00".repeat(509), "where a channel message belongs");
        }
    }

    @Test
    void knowsWhichCellsHaveALength() {
        assertThat(Cell.isVariable(Cell.VERSIONS)).isTrue();
        assertThat(Cell.isVariable(Cell.VPADDING)).isTrue();
        assertThat(Cell.isVariable(255)).isTrue();
        assertThat(Cell.isVariable(Cell.RELAY)).isFalse();
        assertThat(Cell.isVariable(127)).isFalse();
    }

    private static void fixed(int command, String body, ChannelMessage message) throws ProtocolException {
        byte[] padded = Arrays.copyOf(hex(body), Cell.BODY);
        variable(command, HexFormat.of().formatHex(padded), message);
    }

    private static void variable(int command, String body, ChannelMessage message) throws ProtocolException {
        ChannelMessage read = Vectors.reads(ChannelMessage::read, command, body, message);
        assertThat(read.command()).isEqualTo(command);
        byte[] expected = hex(body);
        assertThat(Arrays.copyOf(written(read), expected.length)).isEqualTo(expected);
    }

    private static void refuses(int command, String body, String because) {
        Vectors.refuses(ChannelMessage::read, command, body, because);
    }

    private static byte[] written(ChannelMessage message) {
        ByteWriter out = new ByteWriter();
        message.write(out);
        return out.toByteArray();
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(ChannelMessageTest.class.getResourceAsStream(name))) {
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return text.substring(text.indexOf('\n') + 1);
        }
    }
}
