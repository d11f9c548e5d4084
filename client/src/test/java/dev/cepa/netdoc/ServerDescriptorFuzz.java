package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ProtocolException;
import java.io.IOException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** A real descriptor with some damage is refused, or is what it was; nothing else happens. */
class ServerDescriptorFuzz {
    private final byte[] document;
    private final ServerDescriptor good;

    ServerDescriptorFuzz() throws IOException {
        String text = Documents.text("bridge-descriptor.txt");
        document = Documents.latin1(text.substring(text.indexOf("router ")));
        good = ServerDescriptor.parse(document, 0, document.length);
    }

    @Property(tries = 5000)
    void anyDescriptorIsReadOrRefused(@ForAll long seed) {
        byte[] damaged = NetdocFuzz.damage(document, seed);
        try {
            ServerDescriptor read = ServerDescriptor.parse(damaged, 0, damaged.length);
            // The base64 of a signature has bits that do not count, and case and form of an item's words may not either.
            assertThat(read.rsaId()).isEqualTo(good.rsaId());
            assertThat(read.ed25519Id()).isEqualTo(good.ed25519Id());
            assertThat(read.ntorKey()).isEqualTo(good.ntorKey());
            assertThat(read.published()).isEqualTo(good.published());
            assertThat(read.nickname()).isEqualTo(good.nickname());
        } catch (ProtocolException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    @Property(tries = 2000)
    void anyBytesAreRefused(@ForAll byte[] bytes) {
        try {
            ServerDescriptor.parse(bytes, 0, bytes.length);
            throw new AssertionError("read");
        } catch (ProtocolException e) {
            assertThat(e).hasMessageStartingWith("server descriptor: ");
        }
    }
}
