package dev.cepa.testnet;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A tiny DNS server on a UDP port of 127.0.0.1, for exits that must resolve names without any outside help. Names under
 * {@code .test} and {@code .example}, and {@code localhost}, are this machine: 127.0.0.1 and ::1. The first label can ask
 * for another behaviour: {@code v4only} and {@code v6only} have one kind of address, {@code nxdomain} does not exist,
 * {@code servfail} fails and {@code silent} is never answered. Every loopback address has the name {@code www.cepa.test}.
 * No other name exists.
 *
 * <p>Owns its socket and its thread; safe for use by several threads.
 */
public final class DnsResponder implements AutoCloseable {
    private static final int HEADER = 12;
    private static final int TYPE_A = 1;
    private static final int TYPE_PTR = 12;
    private static final int TYPE_AAAA = 28;
    private static final int TTL_SECONDS = 60;
    private static final int NO_ERROR = 0;
    private static final int FORMAT_ERROR = 1;
    private static final int SERVER_FAILURE = 2;
    private static final int NAME_ERROR = 3;
    private static final byte[] POINTER_TO_QUESTION = {(byte) 0xC0, HEADER};
    private static final byte[] REVERSE_NAME = {
        3, 'w', 'w', 'w', 4, 'c', 'e', 'p', 'a', 4, 't', 'e', 's', 't', 0
    };

    private final DatagramSocket socket;

    private DnsResponder(DatagramSocket socket) {
        this.socket = socket;
    }

    /** Starts one on a port that the system chooses. */
    public static DnsResponder start() throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        DnsResponder responder = new DnsResponder(new DatagramSocket(new InetSocketAddress(loopback, 0)));
        Thread.ofVirtual().name("dns responder").start(responder::run);
        return responder;
    }

    /** The UDP port. */
    public int port() {
        return socket.getLocalPort();
    }

    @Override
    public void close() {
        socket.close();
    }

    private void run() {
        byte[] buffer = new byte[1500];
        while (!socket.isClosed()) {
            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
            try {
                socket.receive(packet);
                byte[] response = answer(Arrays.copyOf(buffer, packet.getLength()));
                if (response != null) {
                    socket.send(new DatagramPacket(response, response.length, packet.getSocketAddress()));
                }
            } catch (IOException e) {
                // Either closed, which ends the loop, or one asker that went away.
            }
        }
    }

    /** The response to a query, or null if there is none: not a query, or a name that is never answered. */
    static byte @Nullable [] answer(byte[] query) {
        if (query.length < HEADER || (query[2] & 0x80) != 0) {
            return null;
        }
        StringBuilder name = new StringBuilder();
        int end = readName(query, name);
        if (end < 0 || end + 4 > query.length || query[4] != 0 || query[5] != 1) {
            return response(query, HEADER, FORMAT_ERROR, new byte[0][]);
        }
        int type = (query[end] & 0xff) << 8 | query[end + 1] & 0xff;
        int questionEnd = end + 4;
        String asked = name.toString().toLowerCase(Locale.ROOT);
        int dot = asked.indexOf('.');
        String first = dot < 0 ? asked : asked.substring(0, dot);
        if (first.equals("silent")) {
            return null;
        }
        if (first.equals("servfail")) {
            return response(query, questionEnd, SERVER_FAILURE, new byte[0][]);
        }
        boolean reverse = asked.endsWith(".127.in-addr.arpa") || asked.endsWith(".ip6.arpa");
        boolean known = asked.equals("localhost") || asked.endsWith(".test") || asked.endsWith(".example");
        if (first.equals("nxdomain") || !reverse && !known) {
            return response(query, questionEnd, NAME_ERROR, new byte[0][]);
        }
        if (reverse) {
            return type == TYPE_PTR
                    ? response(query, questionEnd, NO_ERROR, record(TYPE_PTR, REVERSE_NAME))
                    : response(query, questionEnd, NO_ERROR, new byte[0][]);
        }
        if (type == TYPE_A && !first.equals("v6only")) {
            return response(query, questionEnd, NO_ERROR, record(TYPE_A, new byte[] {127, 0, 0, 1}));
        }
        if (type == TYPE_AAAA && !first.equals("v4only")) {
            byte[] loopback = new byte[16];
            loopback[15] = 1;
            return response(query, questionEnd, NO_ERROR, record(TYPE_AAAA, loopback));
        }
        return response(query, questionEnd, NO_ERROR, new byte[0][]);
    }

    /** Appends the question's name; the offset after it, or -1 if it is malformed (queries do not compress). */
    private static int readName(byte[] query, StringBuilder name) {
        int at = HEADER;
        while (at < query.length) {
            int length = query[at] & 0xff;
            at++;
            if (length == 0) {
                return at;
            }
            if (length > 63 || at + length > query.length) {
                return -1;
            }
            if (!name.isEmpty()) {
                name.append('.');
            }
            name.append(new String(query, at, length, StandardCharsets.ISO_8859_1));
            at += length;
        }
        return -1;
    }

    private static byte[] record(int type, byte[] data) {
        return ByteBuffer.allocate(POINTER_TO_QUESTION.length + 10 + data.length)
                .put(POINTER_TO_QUESTION)
                .putShort((short) type)
                .putShort((short) 1)
                .putInt(TTL_SECONDS)
                .putShort((short) data.length)
                .put(data)
                .array();
    }

    private static byte[] response(byte[] query, int questionEnd, int code, byte[]... records) {
        int length = questionEnd;
        for (byte[] record : records) {
            length += record.length;
        }
        ByteBuffer out = ByteBuffer.allocate(length);
        // The question goes back as it came: exits vary its letters' case and compare.
        out.put(query, 0, questionEnd);
        for (byte[] record : records) {
            out.put(record);
        }
        out.put(2, (byte) (0x84 | query[2] & 1)); // a response, authoritative, recursion as desired
        out.put(3, (byte) (0x80 | code));
        out.putShort(4, (short) (questionEnd > HEADER ? 1 : 0));
        out.putShort(6, (short) records.length);
        out.putInt(8, 0);
        return out.array();
    }
}
