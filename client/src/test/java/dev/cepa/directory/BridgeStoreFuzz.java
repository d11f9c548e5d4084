package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.netdoc.ServerDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whatever a file of descriptors has become, what is read of it is what a bridge signed. */
class BridgeStoreFuzz {
    private static final String[] WORDS = {
        "@purpose bridge\n", "@purpose general\n", "@downloaded-at x\n", "@", "router ", "\nrouter \n", "\n\n", "\u0000", "-----END"
    };

    private final String file;

    BridgeStoreFuzz() throws IOException {
        try (InputStream in = ServerDescriptor.class.getResourceAsStream("bridge-descriptor.txt")) {
            file = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    @Property(tries = 3000)
    void anyFileIsReadForWhatIsWholeInIt(@ForAll long seed) {
        Random random = new Random(seed);
        String text = file + file.replace("@purpose bridge", "@purpose general") + file;
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(text.length());
            text = switch (random.nextInt(4)) {
                case 0 -> text.substring(0, at) + (char) random.nextInt(256) + text.substring(at + 1);
                case 1 -> text.substring(0, at) + WORDS[random.nextInt(WORDS.length)] + text.substring(at);
                case 2 -> text.substring(at);
                default -> text.substring(0, at + 1);
            };
        }
        List<BridgeStore.Entry> entries = new ArrayList<>();
        BridgeStore.parse(text.getBytes(StandardCharsets.ISO_8859_1), entries);
        assertThat(entries.size()).isLessThanOrEqualTo(3);
        for (BridgeStore.Entry entry : entries) {
            assertThat(entry.descriptor().rsaId()).hasToString("364E6660D937791D859E6B837BA4FFF2DC92A3E0");
        }
    }

    @Property(tries = 1)
    void onlyThoseOfBridgesAreTaken() {
        List<BridgeStore.Entry> entries = new ArrayList<>();
        String text = file + file.replace("@purpose bridge", "@purpose general") + "\n" + file + file.substring(file.indexOf("router "));
        BridgeStore.parse(text.getBytes(StandardCharsets.ISO_8859_1), entries);
        assertThat(entries).hasSize(2);
    }
}
