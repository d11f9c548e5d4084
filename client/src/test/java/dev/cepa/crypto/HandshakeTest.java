package dev.cepa.crypto;

import static dev.cepa.crypto.Hex.hex;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;

class HandshakeTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final RsaId RSA = RsaId.of(hex("69546f6c64596f7541626f75745374616972732e"));
    private static final Ed25519Id ED =
            Ed25519Id.of(hex("9fad2af287ef942632833d21f946c6260c33fae6172b60006e86e4a6911753a2"));

    @Test
    void createFastAgreesWithCTor() throws Exception {
        createFast(
                "080E247DF7C252FCD2DC10F459703480C223E3A6",
                "BA95C0D092335428BF80093BBED0B7A26C49E1E8696FBF9C8D6BE26504219C000D26AFE370FCEF04",
                """
                AFA89B4FC8CF882335A582C52478B5FCB1E08DAF707E2C2D23B8C27D30BD461F3DF98A3AF82221CB658AD0AA8680B99067E4
                F7DBC546970EA9A56B26433C71DA867BDD09C14A1308BC327D6A448D71D2382B3AB6AF0BB4E19649A8DFF607DB9C57A04AC3""");
        createFast(
                "5F786C724C2F5978474A04FA63772057AD896A03",
                "6210B037001405742FE78B6F5B34E6DB3C9F2F7E24239498613E0ED872E110A00774A3FCB37A7507",
                """
                D41B65D83FB4B34A322B658BE4D706EDCD8B62813757E719118C394E1F22E1C8EA8959BAB30E856A914C3054946F547397094D
                E031F5BCA384C65C8880BF7AAB9CE7BEE33971F9DE8C22A23366F46BF8B5E5112321E216B0E02C62EEA3ABB72A0E062592""");
    }

    private static void createFast(String x, String serverMessage, String keys) throws Exception {
        ClientHandshake client = new CreateFast(fixed(hex(x)));
        assertThat(client.clientMessage()).isEqualTo(hex(x));

        RelayHandshakes.Answer answer = RelayHandshakes.createFast(client.clientMessage(), fixed(hex(serverMessage)));
        assertThat(answer.message()).isEqualTo(hex(serverMessage));

        ClientHandshake.Result result = client.complete(answer.message());
        assertThat(result.keys().take(100)).isEqualTo(hex(keys)).isEqualTo(answer.keys().take(100));
        assertThat(result.serverExtensions()).isEmpty();
    }

    @Test
    void createFastRefusesWrongKeyDataAndLength() throws Exception {
        ClientHandshake client = new CreateFast(RANDOM);
        byte[] answer = RelayHandshakes.createFast(client.clientMessage(), RANDOM).message();
        answer[35] ^= 16;
        assertRefused(client, answer, "derivative key data");
        assertRefused(new CreateFast(RANDOM), new byte[39], "39 bytes");
    }

    @Test
    void ntorAgreesWithTheReference() throws Exception {
        X25519 b = X25519.of(hex("4820544f4c4420594f5520444f474954204b454550532048415050454e494e47"));
        X25519 x = X25519.of(hex("706f6461792069207075742e2e2e2e2e2e2e2e4a454c4c59206f6e2074686973"));
        X25519 y = X25519.of(hex("70686520737175697272656c2e2e2e2e2e2e2e2e686173206869732067616d65"));
        ClientHandshake client = new Ntor(RSA, b.publicKey(), x);
        assertThat(client.type()).isEqualTo(2);
        assertThat(client.clientMessage())
                .isEqualTo(
                        hex(
                                """
                                69546f6c64596f7541626f75745374616972732e
                                ccbc8541904d18af08753eae967874749e6149f873de937f57f8fd903a21c471
                                e65dfdbef8b2635837fe2cebc086a8096eae3213e6830dc407516083d412b078"""));

        RelayHandshakes.Answer answer = RelayHandshakes.ntor(RSA, b, client.clientMessage(), y);
        assertThat(answer.message())
                .isEqualTo(
                        hex(
                                """
                                390480a14362761d6aec1fea840f6e9e928fb2adb7b25c670be1045e35133a37
                                1cbdf68b89923e1f85e8e18ee6e805ea333fe4849c790ffd2670bd80fec95cc8"""));

        byte[] keys = client.complete(answer.message()).keys().take(72);
        assertThat(keys)
                .isEqualTo(
                        hex(
                                """
                                0c62dee7f48893370d0ef896758d35729867beef1a5121df80e00f79ed349af39b51cae1
                                25719182f19d932a667dae1afbf2e336e6910e7822223e763afad0a13342157969dc6b79"""))
                .isEqualTo(answer.keys().take(72));
    }

    @Test
    void ntorRefusesAnAnswerWithAnyByteChanged() throws Exception {
        X25519 b = X25519.generate(RANDOM);
        for (int at = 0; at < 64; at++) {
            ClientHandshake client = new Ntor(RSA, b.publicKey(), RANDOM);
            byte[] answer = RelayHandshakes.ntor(RSA, b, client.clientMessage(), RANDOM).message();
            answer[at] ^= 4;
            assertRefused(client, answer, "does not authenticate");
        }
    }

    @Test
    void ntorRefusesSmallOrderPointsAndWrongLengths() {
        byte[] onionKey = X25519.generate(RANDOM).publicKey();
        assertRefused(new Ntor(RSA, onionKey, RANDOM), new byte[64], "small order");
        assertRefused(new Ntor(RSA, onionKey, RANDOM), new byte[63], "63 bytes");
        assertRefused(new Ntor(RSA, onionKey, RANDOM), new byte[65], "65 bytes");
    }

    @Test
    void ntorV3AgreesWithTheReference() throws Exception {
        X25519 b = X25519.of(hex("4051daa5921cfa2a1c27b08451324919538e79e788a81b38cbed097a5dff454a"));
        X25519 x = X25519.of(hex("b825a3719147bcbe5fb1d0b0fcb9c09e51948048e2e3283d2ab7b45b5ef38b49"));
        X25519 y = X25519.of(hex("4865a5b7689dafd978f529291c7171bc159be076b92186405d13220b80e2a053"));
        byte[] verification = "xyzzy".getBytes(US_ASCII);
        ClientHandshake client =
                new NtorV3(ED, b.publicKey(), "hello world".getBytes(US_ASCII), verification, x);
        assertThat(client.type()).isEqualTo(3);
        assertThat(client.clientMessage())
                .isEqualTo(
                        hex(
                                """
                                9fad2af287ef942632833d21f946c6260c33fae6172b60006e86e4a6911753a2
                                f8307a2bc1870b00b828bb74dbb8fd88e632a6375ab3bcd1ae706aaa8b6cdd1d
                                252fe9ae91264c91d4ecb8501f79d0387e34ad8ca0f7c995184f7d11d5da4f46
                                3bebd9151fd3b47c180abc
                                9e044d53565f04d82bbb3bebed3d06cea65db8be9c72b68cd461942088502f67"""));

        RelayHandshakes.Answer answer = RelayHandshakes.ntorV3(
                ED, b, client.clientMessage(), extensions -> "Hola Mundo".getBytes(US_ASCII), verification, y);
        assertThat(answer.clientExtensions()).asString(US_ASCII).isEqualTo("hello world");
        assertThat(answer.message())
                .isEqualTo(
                        hex(
                                """
                                4bf4814326fdab45ad5184f5518bd7fae25dc59374062698201a50a22954246d
                                2fc5f8773ca824542bc6cf6f57c7c29bbf4e5476461ab130c5b18ab0a9127665
                                1202c3e1e87c0d32054c"""));

        ClientHandshake.Result result = client.complete(answer.message());
        assertThat(result.serverExtensions()).asString(US_ASCII).isEqualTo("Hola Mundo");
        assertThat(result.keys().take(256))
                .isEqualTo(
                        hex(
                                """
                                9c19b631fd94ed86a817e01f6c80b0743a43f5faebd39cfaa8b00fa8bcc65c3bfeaa403d91acbd68a821bf6ee8504602
                                b094a254392a07737d5662768c7a9fb1b2814bb34780eaee6e867c773e28c212ead563e98a1cd5d5b4576f5ee61c59bd
                                e025ff2851bb19b721421694f263818e3531e43a9e4e3e2c661e2ad547d8984caa28ebecd3e4525452299be26b9185a2
                                0a90ce1eac20a91f2832d731b54502b09749b5a2a2949292f8cfcbeffb790c7790ed935a9d251e7e336148ea83b063a5
                                618fcff674a44581585fd22077ca0e52c59a24347a38d1a1ceebddbf238541f226b8f88d0fb9c07a1bcd2ea764bbbb5d
                                acdaf5312a14c0b9e4f06309b0333b4a"""));
        answer.keys().take(256);
        assertThat(result.keys().take(300)).isEqualTo(answer.keys().take(300));
    }

    @Test
    void ntorV3RefusesAnAnswerWithAnyByteChanged() throws Exception {
        X25519 b = X25519.generate(RANDOM);
        for (int at = 0; at < 68; at++) {
            ClientHandshake client = new NtorV3(ED, b.publicKey(), new byte[] {1, 1, 0}, RANDOM);
            byte[] answer = RelayHandshakes.ntorV3(
                            ED, b, client.clientMessage(), extensions -> new byte[] {1, 2, 1, 31}, RANDOM)
                    .message();
            answer[at] ^= 4;
            assertRefused(client, answer, "does not authenticate");
        }
    }

    @Test
    void ntorV3RefusesSmallOrderPointsAndShortAnswers() throws Exception {
        byte[] onionKey = X25519.generate(RANDOM).publicKey();
        byte[] none = {0};
        assertRefused(new NtorV3(ED, onionKey, none, RANDOM), new byte[64], "small order");
        assertRefused(new NtorV3(ED, onionKey, none, RANDOM), new byte[63], "63 bytes");
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> new NtorV3(ED, new byte[32], none, RANDOM));
    }

    @Test
    void handshakesCanBeCompletedOnceOnly() throws Exception {
        X25519 b = X25519.generate(RANDOM);
        ClientHandshake[] clients = {
            new CreateFast(RANDOM), new Ntor(RSA, b.publicKey(), RANDOM), new NtorV3(ED, b.publicKey(), new byte[1], RANDOM),
        };
        for (ClientHandshake client : clients) {
            byte[] answer = new byte[client.type() == CreateFast.TYPE ? 40 : 64];
            answer[0] = 9;
            assertRefused(client, answer, "");
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> client.complete(answer));
        }
    }

    private static void assertRefused(ClientHandshake client, byte[] answer, String because) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> client.complete(answer))
                .withMessageContaining(because);
    }

    /** A "random" source that gives these bytes. */
    private static SecureRandom fixed(byte[] bytes) {
        return new SecureRandom() {
            private static final long serialVersionUID = 1;

            @Override
            public void nextBytes(byte[] to) {
                System.arraycopy(bytes, 0, to, 0, to.length);
            }
        };
    }
}
