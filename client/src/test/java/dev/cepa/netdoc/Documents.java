package dev.cepa.netdoc;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The documents beside the tests, made by real networks (from Arti's tor-netdoc). */
final class Documents {
    private Documents() {}

    static byte[] read(String name) throws IOException {
        try (InputStream in = Documents.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        }
    }

    static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static String text(String name) throws IOException {
        return new String(read(name), StandardCharsets.ISO_8859_1);
    }
}
