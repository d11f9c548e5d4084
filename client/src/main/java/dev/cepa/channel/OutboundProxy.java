package dev.cepa.channel;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A proxy that all relays are reached by, where none can be connected to directly (torrc's {@code Socks4Proxy},
 * {@code Socks5Proxy} and {@code HTTPSProxy}). It sees which guards are used and no more. Immutable.
 *
 * @param kind what it speaks
 * @param address where it is; resolved
 * @param user a name that it asks for, of characters up to 255; empty for none. An HTTP proxy and SOCKS 5 alone take it
 * @param password for that name, or empty
 */
public record OutboundProxy(Kind kind, InetSocketAddress address, String user, String password) {
    /** What a proxy speaks. */
    public enum Kind {
        /** SOCKS 4, for relays with IPv4 addresses alone. */
        SOCKS4,
        /** SOCKS 5 (RFC 1928), with a user name and password (RFC 1929) if there are some. */
        SOCKS5,
        /** HTTP's CONNECT, with basic authorisation if there is a user name. */
        HTTP_CONNECT
    }

    private static final int MOST_OF_AN_ANSWER = 8192;

    /** @throws IllegalArgumentException if the address is not resolved, or name or password are too long for SOCKS */
    public OutboundProxy {
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("the proxy's address is not known");
        }
        if (kind == Kind.SOCKS5 && (user.length() > 255 || password.length() > 255)) {
            throw new IllegalArgumentException("a proxy's user name and password have at most 255 characters");
        }
    }

    /** Without what nobody is to see in logs. */
    @Override
    public String toString() {
        return kind + " proxy at " + HostText.format(address.getAddress().getAddress(), address.getPort());
    }

    /**
     * Has the proxy at the other end of a connection connect to a relay. Reads no byte of what comes after its answer.
     *
     * @throws TorException of kind RELAY_UNREACHABLE if it does not
     */
    void connect(InetSocketAddress relay, InputStream in, OutputStream out) throws IOException {
        switch (kind) {
            case SOCKS4 -> socks4(relay, in, out);
            case SOCKS5 -> socks5(relay, in, out);
            case HTTP_CONNECT -> http(relay, in, out);
        }
    }

    private void socks4(InetSocketAddress relay, InputStream in, OutputStream out) throws IOException {
        byte[] address = relay.getAddress().getAddress();
        if (address.length != 4) {
            throw refusal("can't connect to IPv6 addresses");
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream(16);
        request.write(4);
        request.write(1);
        port(request, relay.getPort());
        request.writeBytes(address);
        request.write(0);
        out.write(request.toByteArray());
        byte[] answer = read(in, 8);
        if (answer[0] != 0 || answer[1] != 0x5a) {
            throw refusal("has not connected: code " + (answer[1] & 0xff));
        }
    }

    private void socks5(InetSocketAddress relay, InputStream in, OutputStream out) throws IOException {
        out.write(user.isEmpty() ? new byte[] {5, 1, 0} : new byte[] {5, 2, 0, 2});
        byte[] method = read(in, 2);
        if (method[0] == 5 && method[1] == 2 && !user.isEmpty()) {
            authenticate(in, out);
        } else if (method[0] != 5 || method[1] != 0) {
            throw refusal("wants another way to authenticate");
        }
        byte[] address = relay.getAddress().getAddress();
        ByteArrayOutputStream request = new ByteArrayOutputStream(24);
        request.writeBytes(new byte[] {5, 1, 0, (byte) (address.length == 4 ? 1 : 4)});
        request.writeBytes(address);
        port(request, relay.getPort());
        out.write(request.toByteArray());
        byte[] answer = read(in, 4);
        if (answer[0] != 5 || answer[1] != 0) {
            throw refusal("has not connected: code " + (answer[1] & 0xff));
        }
        // Where it has connected from, which is nothing to us.
        read(in, 2 + switch (answer[3]) {
            case 1 -> 4;
            case 4 -> 16;
            case 3 -> read(in, 1)[0] & 0xff;
            default -> throw refusal("does not speak SOCKS 5");
        });
    }

    private void authenticate(InputStream in, OutputStream out) throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream(64);
        message.write(1);
        message.write(user.length());
        message.writeBytes(user.getBytes(StandardCharsets.ISO_8859_1));
        message.write(password.length());
        message.writeBytes(password.getBytes(StandardCharsets.ISO_8859_1));
        out.write(message.toByteArray());
        if (read(in, 2)[1] != 0) {
            throw refusal("does not take the user name and password");
        }
    }

    private void http(InetSocketAddress relay, InputStream in, OutputStream out) throws IOException {
        String target = HostText.format(relay.getAddress().getAddress(), relay.getPort());
        String request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
        if (!user.isEmpty()) {
            byte[] credentials = (user + ":" + password).getBytes(StandardCharsets.ISO_8859_1);
            request += "Proxy-Authorization: Basic " + Base64.getEncoder().encodeToString(credentials) + "\r\n";
        }
        out.write((request + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        // Byte by byte: what follows is TLS's. A relay says nothing before it is spoken to, so that this is short.
        StringBuilder head = new StringBuilder(64);
        while (!endsHead(head)) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException("the " + this + " closed the connection");
            }
            if (head.length() == MOST_OF_AN_ANSWER) {
                throw refusal("does not speak HTTP");
            }
            head.append((char) b);
        }
        boolean http = head.length() > 12 && head.indexOf("HTTP/1.") == 0 && head.charAt(8) == ' ';
        if (!http || !head.substring(9, 12).equals("200")) {
            throw refusal(http ? "has not connected: status " + head.substring(9, 12) : "does not speak HTTP");
        }
    }

    /** Lines may end without a carriage return. */
    private static boolean endsHead(StringBuilder head) {
        int length = head.length();
        return length > 1 && head.charAt(length - 1) == '\n'
                && (head.charAt(length - 2) == '\n' || length > 2 && head.charAt(length - 2) == '\r' && head.charAt(length - 3) == '\n');
    }

    private byte[] read(InputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the " + this + " closed the connection");
        }
        return bytes;
    }

    private static void port(ByteArrayOutputStream out, int port) {
        out.write(port >> 8);
        out.write(port);
    }

    private TorException refusal(String why) {
        return new TorException(ErrorKind.RELAY_UNREACHABLE, "the " + this + " " + why);
    }
}
