package dev.cepa.cell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;

/** Short forms for tests with messages in hexadecimal. */
final class Vectors {
    /** Reads one message's body. */
    @FunctionalInterface
    interface Reading<T> {
        T read(int command, ByteReader body) throws ProtocolException;
    }

    private Vectors() {}

    static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replaceAll("\\s", ""));
    }

    /** A literal address; never a name. */
    static InetAddress ip(String literal) {
        try {
            return InetAddress.getByAddress(literal.contains(":") ? ipv6(literal) : ipv4(literal));
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(literal, e);
        }
    }

    private static byte[] ipv4(String literal) {
        byte[] bytes = new byte[4];
        String[] parts = literal.split("\\.", -1);
        for (int i = 0; i < 4; i++) {
            bytes[i] = (byte) Integer.parseInt(parts[i]);
        }
        return bytes;
    }

    /** With at most one double colon, that is not at the end. */
    private static byte[] ipv6(String literal) {
        byte[] bytes = new byte[16];
        int gap = literal.indexOf("::");
        String[] head = (gap < 0 ? literal : literal.substring(0, gap)).split(":", -1);
        String[] tail = gap < 0 ? new String[0] : literal.substring(gap + 2).split(":", -1);
        for (int i = 0; i < head.length && !head[i].isEmpty(); i++) {
            put(bytes, i, head[i]);
        }
        for (int i = 0; i < tail.length; i++) {
            put(bytes, 8 - tail.length + i, tail[i]);
        }
        return bytes;
    }

    private static void put(byte[] bytes, int group, String digits) {
        int value = Integer.parseInt(digits, 16);
        bytes[2 * group] = (byte) (value >> 8);
        bytes[2 * group + 1] = (byte) value;
    }

    /** Reads a body and checks that it is that message; gives what was read. */
    static <T> T reads(Reading<T> reading, int command, String body, T expected) throws ProtocolException {
        T message = reading.read(command, new ByteReader(hex(body)));
        assertThat(message).usingRecursiveComparison().isEqualTo(expected);
        return message;
    }

    static void refuses(Reading<?> reading, int command, String body, String because) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> reading.read(command, new ByteReader(hex(body))))
                .withMessageContaining(because);
    }
}
