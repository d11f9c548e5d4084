package dev.cepa.cell;

import static dev.cepa.cell.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cepa.cell.ConfluxMessage.Link;
import dev.cepa.cell.ConfluxMessage.LinkBody;
import dev.cepa.cell.ConfluxMessage.Linked;
import dev.cepa.cell.ConfluxMessage.LinkedAck;
import dev.cepa.cell.ConfluxMessage.Switch;
import dev.cepa.error.ProtocolException;
import org.junit.jupiter.api.Test;

/** Bodies in C tor's layout (src/trunnel/conflux.trunnel), and bodies that nobody should send. */
class ConfluxMessageTest {
    private static final String NONCE = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    private static final String BODY = "01" + NONCE + "0000000000000102" + "0000000000000a0b" + "03";

    @Test
    void readsAndWritesLinkAndLinked() throws Exception {
        LinkBody link = ((Link) read(ConfluxMessage.LINK, BODY)).body();
        LinkBody linked = ((Linked) read(ConfluxMessage.LINKED, BODY)).body();
        for (LinkBody body : new LinkBody[] {link, linked}) {
            assertThat(body.nonce()).isEqualTo(hex(NONCE));
            assertThat(body.lastSent()).isEqualTo(0x102);
            assertThat(body.lastReceived()).isEqualTo(0xa0b);
            assertThat(body.desiredUx()).isEqualTo(DesiredUx.HIGH_THROUGHPUT);
        }
        assertThat(written(new Link(link))).isEqualTo(hex(BODY)).hasSize(50);
        assertThat(written(new Linked(linked))).isEqualTo(hex(BODY));
    }

    @Test
    void everyWishHasItsCode() throws Exception {
        for (DesiredUx ux : DesiredUx.values()) {
            byte[] body = hex(BODY);
            body[49] = (byte) ux.code();
            Link link = (Link) RelayMessage.read(ConfluxMessage.LINK, new ByteReader(body));
            assertThat(link.body().desiredUx()).isEqualTo(ux);
        }
        assertThat(DesiredUx.MIN_LATENCY.code()).isEqualTo(1);
        assertThat(DesiredUx.LOW_MEMORY_THROUGHPUT.code()).isEqualTo(4);
    }

    @Test
    void refusesOtherVersionsUnknownWishesAndNumbersBeyondRange() {
        refuses(ConfluxMessage.LINK, "02" + BODY.substring(2));
        refuses(ConfluxMessage.LINKED, "00" + BODY.substring(2));
        refuses(ConfluxMessage.LINK, BODY.substring(0, BODY.length() - 2) + "05");
        refuses(ConfluxMessage.LINKED, BODY.substring(0, BODY.length() - 2));
        refuses(ConfluxMessage.LINK, "01" + NONCE + "ffffffffffffffff" + "0000000000000000" + "03");
        refuses(ConfluxMessage.LINK, "");
    }

    @Test
    void readsAndWritesSwitchAndWhatOlderRelaysPadItWith() throws Exception {
        assertThat(read(ConfluxMessage.SWITCH, "0000001f")).isEqualTo(new Switch(31));
        assertThat(read(ConfluxMessage.SWITCH, "fffffffe" + "00".repeat(494))).isEqualTo(new Switch(0xffff_fffeL));
        assertThat(written(new Switch(31))).isEqualTo(hex("0000001f"));
        refuses(ConfluxMessage.SWITCH, "ffffffff");
        refuses(ConfluxMessage.SWITCH, "00001f");
    }

    @Test
    void linkedAckIsEmpty() throws Exception {
        assertThat(written(new LinkedAck())).isEmpty();
        assertThat(read(ConfluxMessage.LINKED_ACK, "")).isEqualTo(new LinkedAck());
    }

    @Test
    void makesNoMessageThatItCannotWrite() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Switch(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Switch(Switch.LIMIT));
        assertThatIllegalArgumentException().isThrownBy(() -> new LinkBody(new byte[31], 0, 0, DesiredUx.NONE));
        assertThatIllegalArgumentException().isThrownBy(() -> new LinkBody(new byte[32], -1, 0, DesiredUx.NONE));
        assertThatIllegalArgumentException().isThrownBy(() -> new LinkBody(new byte[32], 0, -1, DesiredUx.NONE));
    }

    @Test
    void theNonceIsNotInTheText() {
        LinkBody body = new LinkBody(hex(NONCE), 1, 2, DesiredUx.MIN_LATENCY);
        assertThat(new Link(body).toString()).contains("MIN_LATENCY").doesNotContain("0001").doesNotContain("[B@");
    }

    private static RelayMessage read(int command, String hex) throws ProtocolException {
        return RelayMessage.read(command, new ByteReader(hex(hex)));
    }

    private static void refuses(int command, String hex) {
        assertThatExceptionOfType(ProtocolException.class).isThrownBy(() -> read(command, hex));
    }

    private static byte[] written(RelayMessage message) {
        ByteWriter out = new ByteWriter();
        message.write(out);
        return out.toByteArray();
    }
}
