package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.proxy.SocksRequest.Command;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of one SOCKS 4, 4a or 5 handshake, as a machine over bytes: it never reads or writes anything
 * itself, and however the bytes are cut or run together, the result is the same. Owned by one thread.
 */
final class SocksHandshake {
    /** Where it stands. */
    enum State {
        /** More bytes are needed. */
        MORE,
        /** There is a request; a reply to it is owed. */
        DONE,
        /** The connection is to be closed once the reply, if any, is sent. */
        REFUSED
    }

    /** No message may be longer; a SOCKS 4 request with its two strings is what could be. */
    private static final int MAX_MESSAGE = 513;

    private static final int NO_AUTHENTICATION = 0;
    private static final int USER_PASSWORD = 2;
    private static final int NO_METHOD = 0xff;

    private final boolean safeSocks;
    private final boolean preferNoAuthentication;
    private final ByteArrayOutputStream reply = new ByteArrayOutputStream(16);

    private State state = State.MORE;
    private byte[] pending = new byte[0];
    private int at;
    private int version;
    private int method = -1;
    private boolean authenticated;
    private String user = "";
    private String password = "";
    private @Nullable SocksRequest request;
    private String problem = "";

    /**
     * @param safeSocks whether addresses are refused, because the program may have resolved a name by itself
     * @param preferNoAuthentication whether to choose "no authentication" where both methods are offered
     */
    SocksHandshake(boolean safeSocks, boolean preferNoAuthentication) {
        this.safeSocks = safeSocks;
        this.preferNoAuthentication = preferNoAuthentication;
    }

    /** Takes the next bytes from the program; those after the request are kept for {@link #rest}. */
    State accept(byte[] bytes, int offset, int length) {
        byte[] joined = Arrays.copyOfRange(pending, at, pending.length + length);
        System.arraycopy(bytes, offset, joined, pending.length - at, length);
        pending = joined;
        at = 0;
        while (state == State.MORE && step()) {}
        return state;
    }

    /** What is to be sent to the program now, possibly nothing; each byte is given once. */
    byte[] takeReply() {
        byte[] bytes = reply.toByteArray();
        reply.reset();
        return bytes;
    }

    /** The request, once there is one. */
    SocksRequest request() {
        SocksRequest done = request;
        if (done == null) {
            throw new IllegalStateException("no request yet");
        }
        return done;
    }

    /** What came after the request: the first data for the far end. */
    byte[] rest() {
        return Arrays.copyOfRange(pending, at, pending.length);
    }

    /** Why it was refused, without saying where to. */
    String problem() {
        return problem;
    }

    /** Handles one message; false if it has not arrived whole. */
    private boolean step() {
        if (pending.length - at < 2) {
            return false;
        }
        int first = at(0);
        if (first == 4 && version != 5) {
            return socks4();
        }
        if (first != 5 && first != 1) {
            if (version == 0 && (first == 'G' || first == 'H' || first == 'P' || first == 'C')) {
                send(SocksReply.notHttp());
            }
            return refuse("Socks version " + first + " not recognized. (This port is not an HTTP proxy; "
                    + "did you want to use HTTPTunnelPort?)");
        }
        if (!authenticated && (first == 1 || method == USER_PASSWORD)) {
            return credentials();
        }
        return version == 0 ? methods() : request5();
    }

    /** VER NMETHODS METHODS. */
    private boolean methods() {
        int count = at(1);
        if (count == 0) {
            return refuse("socks5: no authentication method offered.");
        }
        if (pending.length - at < 2 + count) {
            return false;
        }
        boolean none = false;
        boolean userPassword = false;
        for (int i = 0; i < count; i++) {
            none |= at(2 + i) == NO_AUTHENTICATION;
            userPassword |= at(2 + i) == USER_PASSWORD;
        }
        at += 2 + count;
        if (!none && !userPassword) {
            send(5, NO_METHOD);
            return refuse("socks5: offered methods don't include 'no auth' or username/password. Rejecting.");
        }
        version = 5;
        method = userPassword && !(none && preferNoAuthentication) ? USER_PASSWORD : NO_AUTHENTICATION;
        send(5, method);
        return true;
    }

    /** VER ULEN UNAME PLEN PASSWD (RFC 1929); both may be empty. Some programs send it unasked. */
    private boolean credentials() {
        if (version == 0) {
            return refuse("socks5: username/password before any method was agreed on.");
        }
        if (at(0) != 1) {
            return refuse("socks5: parsing failed - invalid user/pass authentication message.");
        }
        int userLength = at(1);
        if (pending.length - at < 3 + userLength) {
            return false;
        }
        int passwordLength = at(2 + userLength);
        if (pending.length - at < 3 + userLength + passwordLength) {
            return false;
        }
        user = text(2, userLength);
        password = text(3 + userLength, passwordLength);
        at += 3 + userLength + passwordLength;
        if (user.startsWith("<torS0X>") && !user.equals("<torS0X>0")) {
            return refuse("socks5: user name asks for an extension that is not known here.");
        }
        authenticated = true;
        send(1, 0);
        return true;
    }

    /** VER CMD RSV ATYP DST.ADDR DST.PORT. */
    private boolean request5() {
        if (at(0) != 5) {
            return refuse("socks5: parsing failed - invalid client request");
        }
        if (pending.length - at < 5) {
            return false;
        }
        int command = at(1);
        int type = at(3);
        int addressLength = type == 1 ? 4 : type == 4 ? 16 : type == 3 ? 1 + at(4) : -1;
        if (addressLength < 0 || at(2) != 0) {
            return refuse("socks5: parsing failed - invalid client request");
        }
        if (pending.length - at < 6 + addressLength) {
            return false;
        }
        String host = type == 3
                ? text(5, addressLength - 1)
                : HostText.format(Arrays.copyOfRange(pending, at + 4, at + 4 + addressLength));
        int port = at(4 + addressLength) << 8 | at(5 + addressLength);
        at += 6 + addressLength;
        if (command != 1 && command != 0xf0 && command != 0xf1) {
            return refuse(SocksReply.COMMAND_NOT_SUPPORTED, "socks5: command " + command + " not recognized. Rejecting.");
        }
        return finish(command, host, type != 3, port);
    }

    /** VER CMD PORT IP USER NUL and, for an address 0.0.0.x, HOST NUL. */
    private boolean socks4() {
        version = 4;
        int length = pending.length - at;
        int userEnd = length > 8 ? indexOfNul(8) : -1;
        boolean named = length >= 8 && at(4) == 0 && at(5) == 0 && at(6) == 0;
        int end = userEnd >= 0 && named ? indexOfNul(userEnd + 1) : userEnd;
        if (end < 0 || end >= MAX_MESSAGE) {
            return length >= MAX_MESSAGE && refuse("socks4: parsing failed - invalid request.");
        }
        int command = at(1);
        int port = at(2) << 8 | at(3);
        String host = named
                ? text(userEnd + 1, end - userEnd - 1)
                : HostText.format(Arrays.copyOfRange(pending, at + 4, at + 8));
        if (port == 0 && command != 0xf0 || named && at(7) == 0) {
            return refuse("socks4: Port or DestIP is zero. Rejecting.");
        }
        user = text(8, userEnd - 8);
        if (host.length() > 255) {
            return refuse("socks4: Destaddr too long. Rejecting.");
        }
        at += end + 1;
        if (command != 1 && command != 0xf0) {
            return refuse("socks4: command " + command + " not recognized. Rejecting.");
        }
        return finish(command, host, !named, port);
    }

    private boolean finish(int commandCode, String host, boolean isBinaryAddress, int port) {
        Command command = commandCode == 1 ? Command.CONNECT : commandCode == 0xf0 ? Command.RESOLVE : Command.RESOLVE_PTR;
        InetAddress address = HostText.parseAddress(host);
        if (command == Command.RESOLVE_PTR && address == null) {
            return refuse(
                    SocksReply.ADDRESS_TYPE_NOT_SUPPORTED,
                    "socks5 received RESOLVE_PTR command with a malformed address. Rejecting.");
        }
        if (!HostText.isDestination(host)) {
            return refuse("Your application (using socks" + version + " to port " + port
                    + ") gave Tor a malformed hostname. Rejecting the connection.");
        }
        if (isBinaryAddress && safeSocks && command != Command.RESOLVE_PTR) {
            return refuse(SocksReply.NOT_ALLOWED, unsafe(version, port) + " Rejecting.");
        }
        String canonical = address == null ? host : HostText.format(address.getAddress());
        request = new SocksRequest(version, command, canonical, isBinaryAddress, port, user, password);
        state = State.DONE;
        return true;
    }

    /** The warning about a program that gives addresses, and so may have resolved names by itself. */
    static String unsafe(int version, int port) {
        return "Your application (using socks" + version + " to port " + port + ") is giving Tor only an IP address. "
                + "Applications that do DNS resolves themselves may leak information. "
                + "Consider using Socks4A or Socks5 with host names instead.";
    }

    private boolean refuse(String why) {
        return refuse(SocksReply.GENERAL_ERROR, why);
    }

    private boolean refuse(int status, String why) {
        state = State.REFUSED;
        problem = why;
        if (version != 0) {
            send(SocksReply.status(version, status));
        }
        return true;
    }

    private void send(byte[] bytes) {
        reply.write(bytes, 0, bytes.length);
    }

    private void send(int first, int second) {
        reply.write(first);
        reply.write(second);
    }

    private int at(int index) {
        return pending[at + index] & 0xff;
    }

    private int indexOfNul(int from) {
        for (int i = from; at + i < pending.length; i++) {
            if (pending[at + i] == 0) {
                return i;
            }
        }
        return -1;
    }

    private String text(int offset, int length) {
        return new String(pending, at + offset, length, StandardCharsets.ISO_8859_1);
    }
}
