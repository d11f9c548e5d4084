package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One question of a DNS client, and the answers to it, as bytes (RFC 1035). Names are given back as they were asked, capitals
 * and all, as some clients use these against forgery. Made by {@link #read}; owned by one thread.
 */
final class DnsMessage {
    /** An IPv4 address, the name of an address, an IPv6 address. */
    static final int A = 1;

    static final int PTR = 12;
    static final int AAAA = 28;

    static final int NO_ERROR = 0;
    static final int FORMAT_ERROR = 1;
    static final int SERVER_FAILURE = 2;
    static final int NO_SUCH_NAME = 3;
    static final int NOT_IMPLEMENTED = 4;
    static final int REFUSED = 5;

    private static final int HEADER = 12;
    private static final int IN = 1;
    private static final int MAX_NAME = 255;
    private static final int MAX_LABEL = 63;
    private static final int RESPONSE = 0x80;
    private static final int RECURSION_DESIRED = 0x01;
    private static final int OPCODE = 0x78;
    private static final int TRUNCATED = 0x02;
    private static final int RECURSION_AVAILABLE = 0x80;
    /** What a name is that stands at the beginning of the question. */
    private static final int POINTER_TO_QUESTION = 0xc000 | HEADER;

    private final byte[] header;
    /** Name, type and class as they came; empty if there is no question to be answered. */
    private final byte[] question;

    private final String name;
    private final int type;
    private final int problem;
    private final ByteArrayOutputStream answers = new ByteArrayOutputStream();
    private int count;

    private DnsMessage(byte[] header, byte[] question, String name, int type, int problem) {
        this.header = header;
        this.question = question;
        this.name = name;
        this.type = type;
        this.problem = problem;
    }

    /**
     * Reads a client's message.
     *
     * @return null if no answer is due, because it is no question at all
     */
    static @Nullable DnsMessage read(byte[] data, int length) {
        if (length < HEADER || (data[2] & RESPONSE) != 0) {
            return null;
        }
        byte[] header = Arrays.copyOf(data, HEADER);
        if ((data[2] & OPCODE) != 0) {
            return new DnsMessage(header, new byte[0], "", 0, NOT_IMPLEMENTED);
        }
        int questions = (data[4] & 0xff) << 8 | data[5] & 0xff;
        int at = HEADER;
        DnsMessage other = new DnsMessage(header, new byte[0], "", 0, questions == 0 ? NO_ERROR : NOT_IMPLEMENTED);
        for (int i = 0; i < questions; i++) {
            StringBuilder text = new StringBuilder();
            int end = name(data, at, length, text);
            if (end < 0 || end + 4 > length) {
                return new DnsMessage(header, new byte[0], "", 0, FORMAT_ERROR);
            }
            int type = (data[end] & 0xff) << 8 | data[end + 1] & 0xff;
            int netClass = (data[end + 2] & 0xff) << 8 | data[end + 3] & 0xff;
            byte[] question = Arrays.copyOfRange(data, at, end + 4);
            boolean supported = netClass == IN && (type == A || type == AAAA || type == PTR);
            if (supported) {
                return new DnsMessage(header, question, text.toString(), type, NO_ERROR);
            }
            if (i == 0) {
                other = new DnsMessage(header, question, text.toString(), type, NOT_IMPLEMENTED);
            }
            at = end + 4;
        }
        return other;
    }

    /** Reads a name without pointers, which have no place in a question; returns where it ends, or -1. */
    private static int name(byte[] data, int start, int length, StringBuilder text) {
        int at = start;
        while (at < length && at - start < MAX_NAME) {
            int label = data[at++] & 0xff;
            if (label == 0) {
                return at;
            }
            if (label > MAX_LABEL || at + label > length) {
                return -1;
            }
            if (!text.isEmpty()) {
                text.append('.');
            }
            text.append(new String(data, at, label, StandardCharsets.ISO_8859_1));
            at += label;
        }
        return -1;
    }

    /** What is wrong with it, so that there is nothing to answer; NO_ERROR with a {@link #type} of 0 for no question. */
    int problem() {
        return problem;
    }

    /** The name that is asked about, without a final dot; one character a byte. */
    String name() {
        return name;
    }

    /** A, AAAA or PTR, if there is no problem; 0 if there is no question. */
    int type() {
        return type;
    }

    /** The address whose name is asked for; null if the name stands for none. */
    @Nullable InetAddress reverseAddress() {
        String lower = name.toLowerCase(Locale.ROOT);
        byte[] address = lower.endsWith(".in-addr.arpa")
                ? reverse4(lower.substring(0, lower.length() - 13))
                : lower.endsWith(".ip6.arpa") ? reverse6(lower.substring(0, lower.length() - 9)) : null;
        try {
            return address == null ? null : InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static byte @Nullable [] reverse4(String text) {
        InetAddress backwards = HostText.parseAddress(text);
        if (backwards == null || backwards.getAddress().length != 4) {
            return null;
        }
        byte[] b = backwards.getAddress();
        return new byte[] {b[3], b[2], b[1], b[0]};
    }

    private static byte @Nullable [] reverse6(String text) {
        if (text.length() != 63) {
            return null;
        }
        byte[] address = new byte[16];
        for (int i = 0; i < 32; i++) {
            int digit = Character.digit(text.charAt(2 * i), 16);
            if (digit < 0 || text.charAt(2 * i) > 'f' || i < 31 && text.charAt(2 * i + 1) != '.') {
                return null;
            }
            address[15 - i / 2] |= (byte) (digit << 4 * (i % 2));
        }
        return address;
    }

    /** Adds an address, if it is of the family that was asked for. */
    void add(InetAddress address, long ttlSeconds) {
        byte[] bytes = address.getAddress();
        if (bytes.length == (type == A ? 4 : 16)) {
            add(bytes, ttlSeconds);
        }
    }

    /** Adds the name of the address that was asked about, if it can be written. */
    void add(String host, long ttlSeconds) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(host.length() + 2);
        for (String label : (host.endsWith(".") ? host.substring(0, host.length() - 1) : host).split("\\.", -1)) {
            if (label.isEmpty() || label.length() > MAX_LABEL) {
                return;
            }
            bytes.write(label.length());
            bytes.writeBytes(label.getBytes(StandardCharsets.ISO_8859_1));
        }
        bytes.write(0);
        if (bytes.size() <= MAX_NAME) {
            add(bytes.toByteArray(), ttlSeconds);
        }
    }

    private void add(byte[] data, long ttlSeconds) {
        u16(answers, POINTER_TO_QUESTION);
        u16(answers, type);
        u16(answers, IN);
        int ttl = Math.clamp(ttlSeconds, 0, Integer.MAX_VALUE);
        u16(answers, ttl >>> 16);
        u16(answers, ttl & 0xffff);
        u16(answers, data.length);
        answers.writeBytes(data);
        count++;
    }

    /**
     * The reply.
     *
     * @param code {@link #NO_ERROR} and the like; answers are sent with that one only
     * @param most how many bytes it may have: those that don't fit make a client ask again by TCP
     */
    byte[] reply(int code, int most) {
        boolean fits = HEADER + question.length + answers.size() <= most;
        boolean full = code == NO_ERROR && fits;
        ByteArrayOutputStream out = new ByteArrayOutputStream(HEADER + question.length + (full ? answers.size() : 0));
        out.write(header, 0, 2);
        out.write(RESPONSE | header[2] & (RECURSION_DESIRED | OPCODE) | (fits ? 0 : TRUNCATED));
        out.write(RECURSION_AVAILABLE | code);
        u16(out, question.length == 0 ? 0 : 1);
        u16(out, full ? count : 0);
        u16(out, 0);
        u16(out, 0);
        out.writeBytes(question);
        if (full) {
            out.writeBytes(answers.toByteArray());
        }
        return out.toByteArray();
    }

    private static void u16(ByteArrayOutputStream out, int value) {
        out.write(value >> 8);
        out.write(value);
    }
}
