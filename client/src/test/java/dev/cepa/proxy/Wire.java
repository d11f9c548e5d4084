package dev.cepa.proxy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Bytes for tests, written as hex in braces between Latin-1 text. */
final class Wire {
    private Wire() {}

    static byte[] bytes(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int at = 0;
        while (at < text.length()) {
            if (text.charAt(at) == '{') {
                int end = text.indexOf('}', at);
                for (String hex : text.substring(at + 1, end).trim().split(" +")) {
                    out.write(Integer.parseInt(hex, 16));
                }
                at = end + 1;
            } else {
                out.writeBytes(text.substring(at, at + 1).getBytes(StandardCharsets.ISO_8859_1));
                at++;
            }
        }
        return out.toByteArray();
    }
}
