package dev.cepa.onion;

import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whatever a directory or a service says, it is read or refused; nothing else happens. */
class DescriptorFuzz {
    private static final Instant NOW = Instant.parse("2023-02-09T12:00:00Z");
    private static final String[] WORDS = {
        "\n", " ", "\u0000", "introduction-point AA==\n", "introduction-point \n", "auth-key\n", "onion-key ntor \n",
        "pow-params v1 \n", "flow-control 1-2 999\n", "-----BEGIN ED25519 CERT-----\n", "-----END MESSAGE-----\n",
        "signature AAAA\n", "revision-counter 99999999999999999999\n", "create2-formats 2 2 2\n", "auth-client A B C\n"
    };

    private final PeriodKeys keys = keys();

    private static PeriodKeys keys() {
        try {
            return PeriodKeys.of(
                    OnionAddress.of(Ed25519KeyPair.generate(new java.security.SecureRandom()).publicKey()),
                    new TimePeriod(19397, 1440, 43_200));
        } catch (ProtocolException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] damage(byte[] document, long seed) {
        Random random = new Random(seed);
        String text = new String(document, StandardCharsets.ISO_8859_1);
        for (int i = random.nextInt(4); i >= 0 && !text.isEmpty(); i--) {
            int at = random.nextInt(text.length());
            int other = random.nextInt(text.length());
            text = switch (random.nextInt(4)) {
                case 0 -> text.substring(0, at) + (char) random.nextInt(256) + text.substring(at + 1);
                case 1 -> text.substring(0, Math.min(at, other)) + text.substring(Math.max(at, other));
                case 2 -> text.substring(0, at) + WORDS[random.nextInt(WORDS.length)] + text.substring(at);
                default -> text.substring(0, Math.max(at, other)) + text.substring(Math.min(at, other));
            };
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Property(tries = 300)
    void sealedDescriptors(@ForAll long seed) throws OnionServiceException {
        try {
            DescriptorReader.read(damage(DescriptorTest.document("descriptor-authorised.txt"), seed), keys, null, 31, NOW);
        } catch (ProtocolException e) {
            // refused
        }
    }

    @Property(tries = 1000)
    void innerTexts(@ForAll long seed) {
        SealedDescriptor sealed =
                new SealedDescriptor(Duration.ofHours(3), 1, new byte[32], new byte[32], NOW, new byte[0]);
        try {
            new DescriptorReader.Inner(damage(DescriptorTest.document("inner-pow.txt"), seed), sealed, 31, NOW).read();
        } catch (ProtocolException e) {
            // refused
        }
    }
}
