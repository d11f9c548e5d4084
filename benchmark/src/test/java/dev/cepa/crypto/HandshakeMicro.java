package dev.cepa.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The client's side of a circuit handshake: a new key pair, the message, and the relay's answer verified. The answers are
 * those of the specification's test vectors, which fit as the private keys are the vectors' too; so it is in this package.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgs = {"-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx256m"})
public class HandshakeMicro {
    private static final RsaId RSA = RsaId.of(hex("69546f6c64596f7541626f75745374616972732e"));
    private static final byte[] NTOR_KEY = hex("ccbc8541904d18af08753eae967874749e6149f873de937f57f8fd903a21c471");
    private static final byte[] NTOR_SECRET = hex("706f6461792069207075742e2e2e2e2e2e2e2e4a454c4c59206f6e2074686973");
    private static final byte[] NTOR_ANSWER = hex("390480a14362761d6aec1fea840f6e9e928fb2adb7b25c670be1045e35133a37"
            + "1cbdf68b89923e1f85e8e18ee6e805ea333fe4849c790ffd2670bd80fec95cc8");

    private static final Ed25519Id ED =
            Ed25519Id.of(hex("9fad2af287ef942632833d21f946c6260c33fae6172b60006e86e4a6911753a2"));
    private static final byte[] V3_KEY = hex("f8307a2bc1870b00b828bb74dbb8fd88e632a6375ab3bcd1ae706aaa8b6cdd1d");
    private static final byte[] V3_SECRET = hex("b825a3719147bcbe5fb1d0b0fcb9c09e51948048e2e3283d2ab7b45b5ef38b49");
    private static final byte[] V3_EXTENSIONS = "hello world".getBytes(US_ASCII);
    private static final byte[] V3_VERIFICATION = "xyzzy".getBytes(US_ASCII);
    private static final byte[] V3_ANSWER = hex("4bf4814326fdab45ad5184f5518bd7fae25dc59374062698201a50a22954246d"
            + "2fc5f8773ca824542bc6cf6f57c7c29bbf4e5476461ab130c5b18ab0a91276651202c3e1e87c0d32054c");

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    @Benchmark
    public byte[] ntor() throws ProtocolException {
        Ntor client = new Ntor(RSA, NTOR_KEY, X25519.of(NTOR_SECRET));
        client.clientMessage();
        return client.complete(NTOR_ANSWER).keys().take(72);
    }

    @Benchmark
    public byte[] ntorV3() throws ProtocolException {
        NtorV3 client = new NtorV3(ED, V3_KEY, V3_EXTENSIONS, V3_VERIFICATION, X25519.of(V3_SECRET));
        client.clientMessage();
        return client.complete(V3_ANSWER).keys().take(72);
    }
}
