package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.Cell;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class Tor1HopCryptoTest {
    private static final String[] KEYS = {
        "    'My public key is in this signed x509 object', said Tom assertively.      (N-PREG-VIRYL)",
        "'Let's chart the pedal phlanges in the tomb', said Tom cryptographically.  (PELCG-GBR-TENCU)",
        "     'Segmentation fault bugs don't _just happen_', said Tom seethingly.        (P-GUVAT-YL)",
    };
    private static final String SEED = "'You mean to tell me that there's a version of Sha-3 with no limit on the output"
            + " length?', said Tom shakily.";

    private final HopCrypto[] client = new HopCrypto[3];
    private final HopCrypto[] relay = new HopCrypto[3];

    Tor1HopCryptoTest() {
        for (int i = 0; i < 3; i++) {
            client[i] = Tor1HopCrypto.client(stream(KEYS[i]));
            relay[i] = RelayHandshakes.tor1(stream(KEYS[i]));
        }
    }

    @Test
    void encryptsLikeCTor() {
        Shake256 bodies = new Shake256().update(ascii(SEED));
        List<String> expected = Hex.lines(Tor1HopCryptoTest.class, "tor1-cells.txt");
        int checked = 0;
        for (int number = 0; number < 51; number++) {
            byte[] cell = dataCell(bodies.take(498));
            send(cell, 0);
            for (String line : expected) {
                if (line.startsWith(number + " ")) {
                    assertThat(cell).as("cell %d", number).isEqualTo(hex(line.substring(line.indexOf(' '))));
                    checked++;
                }
            }
        }
        assertThat(checked).isEqualTo(expected.size()).isGreaterThan(5);
    }

    @Test
    void cellsAndTagsArriveAtTheHopTheyWereMeantFor() {
        for (int hop : new int[] {2, 0, 1, 2, 2, 1, 0}) {
            byte[] cell = new byte[Cell.LENGTH];
            byte[] body = dataCell(new byte[498]);
            System.arraycopy(body, 0, cell, Cell.HEADER, Cell.BODY);

            client[hop].originate(Cell.RELAY, cell, Cell.HEADER);
            for (int i = hop - 1; i >= 0; i--) {
                client[i].encrypt(Cell.RELAY, cell, Cell.HEADER);
            }
            for (int i = 0; i < hop; i++) {
                assertThat(relay[i].decrypt(Cell.RELAY, cell, Cell.HEADER)).isFalse();
            }
            assertThat(relay[hop].decrypt(Cell.RELAY, cell, Cell.HEADER)).isTrue();
            assertThat(sentTag(client[hop])).isEqualTo(receivedTag(relay[hop]));
            assertThat(Arrays.copyOf(cell, Cell.HEADER)).containsOnly(0);

            relay[hop].originate(Cell.RELAY, cell, Cell.HEADER);
            for (int i = hop - 1; i >= 0; i--) {
                relay[i].encrypt(Cell.RELAY, cell, Cell.HEADER);
            }
            for (int i = 0; i < hop; i++) {
                assertThat(client[i].decrypt(Cell.RELAY, cell, Cell.HEADER)).isFalse();
            }
            assertThat(client[hop].decrypt(Cell.RELAY, cell, Cell.HEADER)).isTrue();
            assertThat(sentTag(relay[hop])).isEqualTo(receivedTag(client[hop]));
            assertThat(cell[Cell.HEADER]).isEqualTo((byte) 2);
        }
    }

    @Test
    void refusesCellWithAnyByteChanged() {
        for (int at = 0; at < Cell.BODY; at += 31) {
            HopCrypto sender = RelayHandshakes.tor1(stream(KEYS[0]));
            HopCrypto receiver = Tor1HopCrypto.client(stream(KEYS[0]));
            byte[] cell = dataCell(new byte[498]);
            sender.originate(Cell.RELAY, cell, 0);
            cell[at] ^= 0x40;
            assertThat(receiver.decrypt(Cell.RELAY, cell, 0)).as("byte %d", at).isFalse();
        }
    }

    @Test
    void cellRecognisedByChanceChangesNothing() {
        // What looks recognised to hop 0 but carries a wrong digest is a cell from farther away: it passes unchanged.
        byte[] stray = dataCell(new byte[498]);
        stray[5] = 1;
        stray[6] = 2;
        stray[7] = 3;
        stray[8] = 4;
        byte[] cell = stray.clone();
        relay[0].encrypt(Cell.RELAY, cell, 0);
        assertThat(client[0].decrypt(Cell.RELAY, cell, 0)).isFalse();
        assertThat(cell).isEqualTo(stray);

        byte[] next = dataCell(new byte[498]);
        relay[0].originate(Cell.RELAY, next, 0);
        assertThat(client[0].decrypt(Cell.RELAY, next, 0)).isTrue();
    }

    @Test
    void receivedTagIsOfTheLastRecognisedCell() {
        byte[] cell = dataCell(new byte[498]);
        relay[0].originate(Cell.RELAY, cell, 0);
        assertThat(client[0].decrypt(Cell.RELAY, cell, 0)).isTrue();
        byte[] tag = receivedTag(client[0]);

        byte[] stray = dataCell(new byte[498]);
        relay[0].encrypt(Cell.RELAY, stray, 0);
        assertThat(client[0].decrypt(Cell.RELAY, stray, 0)).isFalse();

        assertThat(receivedTag(client[0])).isEqualTo(tag);
    }

    @Test
    void onionServicesHaveLongerKeysAndDigestsAndTheSameTags() {
        byte[] keys = new Shake256().update(ascii("keys")).take(128);
        Tor1HopCrypto here = Tor1HopCrypto.onionService(stream(new String(keys, StandardCharsets.ISO_8859_1)), true);
        Tor1HopCrypto there = Tor1HopCrypto.onionService(stream(new String(keys, StandardCharsets.ISO_8859_1)), false);
        for (int i = 0; i < 3; i++) {
            byte[] cell = dataCell(new byte[498]);
            here.originate(Cell.RELAY, cell, 0);
            assertThat(there.decrypt(Cell.RELAY, cell, 0)).isTrue();
            assertThat(receivedTag(there)).hasSize(20).isEqualTo(sentTag(here));
            byte[] back = dataCell(new byte[498]);
            there.originate(Cell.RELAY, back, 0);
            assertThat(here.decrypt(Cell.RELAY, back, 0)).isTrue();
        }
        byte[] forged = dataCell(new byte[498]);
        there.originate(Cell.RELAY, forged, 0);
        forged[300] ^= 1;
        assertThat(here.decrypt(Cell.RELAY, forged, 0)).isFalse();
    }

    private void send(byte[] cell, int offset) {
        client[2].originate(Cell.RELAY, cell, offset);
        client[1].encrypt(Cell.RELAY, cell, offset);
        client[0].encrypt(Cell.RELAY, cell, offset);
    }

    private static byte[] dataCell(byte[] data) {
        byte[] body = new byte[Cell.BODY];
        body[0] = 2;
        body[4] = 1;
        body[9] = 1;
        body[10] = (byte) 242;
        System.arraycopy(data, 0, body, 11, 498);
        return body;
    }

    private static byte[] sentTag(HopCrypto hop) {
        byte[] tag = new byte[hop.tagLength()];
        hop.sentTag(tag);
        return tag;
    }

    private static byte[] receivedTag(HopCrypto hop) {
        byte[] tag = new byte[hop.tagLength()];
        hop.receivedTag(tag);
        return tag;
    }

    private static KeyStream stream(String keys) {
        byte[] bytes = keys.getBytes(StandardCharsets.ISO_8859_1);
        int[] used = {0};
        return n -> Arrays.copyOfRange(bytes, used[0], used[0] += n);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
