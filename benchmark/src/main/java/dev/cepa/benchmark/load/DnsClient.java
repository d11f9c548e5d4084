package dev.cepa.benchmark.load;

import dev.cepa.error.Deadline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/** Asks a DNS server on 127.0.0.1 for addresses, by UDP, each question once (RFC 1035). Thread-safe. */
public final class DnsClient {
    private static final byte[] LOOPBACK = {127, 0, 0, 1};
    private static final int HEADER = 12;
    private static final int MOST = 512;
    /** An answer's fixed part after its name: type A, class IN, time to live, length. */
    private static final int RECORD = 10;

    private final int port;
    private final AtomicInteger ids = new AtomicInteger();

    /** @param port of the server on 127.0.0.1 */
    public DnsClient(int port) {
        this.port = port;
    }

    /**
     * The first IPv4 address of a name, 4 bytes.
     *
     * @param name letters, digits, hyphens and dots
     * @throws IOException if the server says that there is none, says something else, or nothing in time
     */
    public byte[] lookUp(String name, Deadline deadline) throws IOException {
        int id = ids.incrementAndGet() & 0xffff;
        byte[] question = question(id, name);
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), 0))) {
            // Connected: what others send does not arrive.
            socket.connect(InetAddress.getByAddress(LOOPBACK), port);
            socket.setSoTimeout(Handshake.timeout(deadline));
            socket.send(new DatagramPacket(question, question.length));
            DatagramPacket answer = new DatagramPacket(new byte[MOST], MOST);
            socket.receive(answer);
            return address(question, Arrays.copyOf(answer.getData(), answer.getLength()));
        } catch (SocketTimeoutException e) {
            throw new IOException("no answer in time", e);
        }
    }

    private static byte[] question(int id, String name) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) (id >> 8), (byte) id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
        for (String label : name.split("\\.", -1)) {
            out.write(label.length());
            out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.writeBytes(new byte[] {0, 0, 1, 0, 1});
        return out.toByteArray();
    }

    /** The answer repeats the question; its first record's name is a pointer to it. */
    static byte[] address(byte[] question, byte[] answer) throws IOException {
        if (answer.length < question.length || answer[0] != question[0] || answer[1] != question[1]
                || answer[2] >= 0
                || !Arrays.equals(question, HEADER, question.length, answer, HEADER, question.length)) {
            throw new IOException("the answer is to another question");
        }
        int code = answer[3] & 15;
        if (code != 0) {
            throw new IOException("the server says: code " + code);
        }
        int at = question.length + 2;
        byte[] fixed = {0, 1, 0, 1};
        if (answer[7] == 0 || answer.length < at + RECORD + 4 || (answer[at - 2] & 0xc0) != 0xc0
                || !Arrays.equals(fixed, 0, 4, answer, at, at + 4) || answer[at + RECORD - 1] != 4) {
            throw new IOException("the answer has no address");
        }
        return Arrays.copyOfRange(answer, at + RECORD, at + RECORD + 4);
    }
}
