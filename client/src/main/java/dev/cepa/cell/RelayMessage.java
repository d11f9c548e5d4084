package dev.cepa.cell;

import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message inside RELAY cells (tor-spec sections 5.1.2, 6 and 7.4). Each record writes and reads its own body. DATA is not
 * among them: its bytes go straight between a stream's buffer and the cell. Unknown commands are refused by
 * {@link #read}. Those of onion services are {@link OnionMessage}, those of conflux {@link ConfluxMessage}.
 */
public sealed interface RelayMessage
        permits RelayMessage.Begin, RelayMessage.BeginDir, RelayMessage.End, RelayMessage.Connected, RelayMessage.Sendme,
                RelayMessage.Xoff, RelayMessage.Xon, RelayMessage.Extend2, RelayMessage.Extended2, RelayMessage.Truncate,
                RelayMessage.Truncated, RelayMessage.Drop, RelayMessage.Resolve, RelayMessage.Resolved, OnionMessage,
                ConfluxMessage {
    int BEGIN = 1;
    int DATA = 2;
    int END = 3;
    int CONNECTED = 4;
    int SENDME = 5;
    int TRUNCATE = 8;
    int TRUNCATED = 9;
    int DROP = 10;
    int RESOLVE = 11;
    int RESOLVED = 12;
    int BEGIN_DIR = 13;
    int EXTEND2 = 14;
    int EXTENDED2 = 15;
    int XOFF = 43;
    int XON = 44;

    /** The relay command. */
    int command();

    /** Appends the body. */
    void write(ByteWriter out);

    /**
     * Opens a stream to {@code host:port} at the exit.
     *
     * @param host a host name, an address (IPv6 without brackets) or, to an onion service, nothing: up to 255 visible ASCII
     *     characters but no brackets
     * @param port from 1 to 65,535
     * @param flags bit 0 IPv6 is fine, bit 1 IPv4 is not, bit 2 prefer IPv6
     */
    record Begin(String host, int port, int flags) implements RelayMessage {
        /** IPv6 answers are fine. */
        public static final int IPV6_OK = 1;
        /** No IPv4 answers. */
        public static final int IPV4_NOT_OK = 2;
        /** IPv6 rather than IPv4. */
        public static final int IPV6_PREFERRED = 4;

        private static final int MAX_HOST = 255;

        public Begin {
            if (!isHost(host)) {
                throw new IllegalArgumentException("not a host that BEGIN can carry");
            }
            if (port < 1 || port > 65_535) {
                throw new IllegalArgumentException("port " + port);
            }
        }

        @Override
        public int command() {
            return BEGIN;
        }

        @Override
        public void write(ByteWriter out) {
            String target = host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
            out.bytes(target.getBytes(StandardCharsets.US_ASCII)).u8(0);
            if (flags != 0) {
                out.u32(flags);
            }
        }

        static Begin read(ByteReader in) throws ProtocolException {
            String target = in.textUntilZero();
            int flags = in.remaining() >= 4 ? in.i32() : 0;
            int colon = target.lastIndexOf(':');
            int port = port(target, colon + 1);
            if (colon < 0 || port == 0) {
                throw new ProtocolException("BEGIN without a port");
            }
            boolean brackets = target.charAt(0) == '[' && target.charAt(colon - 1) == ']';
            String host = brackets ? target.substring(1, colon - 1) : target.substring(0, colon);
            if (!isHost(host) || brackets != host.indexOf(':') >= 0) {
                throw new ProtocolException("BEGIN with a malformed host");
            }
            return new Begin(host, port, flags);
        }

        private static boolean isHost(String host) {
            for (int i = 0; i < host.length(); i++) {
                char c = host.charAt(i);
                if (c <= ' ' || c > '~' || c == '[' || c == ']') {
                    return false;
                }
            }
            return host.length() <= MAX_HOST;
        }

        /** The decimal number from {@code at} to the end; 0 if it is not one from 1 to 65,535. */
        private static int port(String target, int at) {
            int port = 0;
            for (int i = at; i < target.length(); i++) {
                int digit = target.charAt(i) - '0';
                if (digit < 0 || digit > 9 || port > 6_553) {
                    return 0;
                }
                port = 10 * port + digit;
            }
            return port > 65_535 ? 0 : port;
        }
    }

    /** Opens a stream to the relay's own directory. */
    record BeginDir() implements RelayMessage {
        @Override
        public int command() {
            return BEGIN_DIR;
        }

        @Override
        public void write(ByteWriter out) {}
    }

    /**
     * A stream ends. An empty body counts as MISC.
     *
     * @param address for EXITPOLICY the address that the name resolved to, else null
     * @param ttlSeconds how long that holds, or 0
     */
    record End(int reason, @Nullable InetAddress address, long ttlSeconds) implements RelayMessage {
        public End(int reason) {
            this(reason, null, 0);
        }

        @Override
        public int command() {
            return END;
        }

        @Override
        public void write(ByteWriter out) {
            out.u8(reason);
            if (address != null) {
                out.bytes(address.getAddress()).u32(ttlSeconds);
            }
        }

        static End read(ByteReader in) throws ProtocolException {
            if (in.remaining() == 0) {
                return new End(EndReason.MISC.code());
            }
            int reason = in.u8();
            if (reason != EndReason.EXITPOLICY.code()) {
                return new End(reason);
            }
            return switch (in.remaining()) {
                case 4, 16 -> new End(reason, in.address(in.remaining()), 0);
                case 8, 20 -> new End(reason, in.address(in.remaining() - 4), in.u32());
                default -> new End(reason);
            };
        }
    }

    /** A stream is open; address and time to live are absent for directory streams and onion services. */
    record Connected(@Nullable InetAddress address, long ttlSeconds) implements RelayMessage {
        @Override
        public int command() {
            return CONNECTED;
        }

        @Override
        public void write(ByteWriter out) {
            if (address == null) {
                return;
            }
            byte[] ip = address.getAddress();
            if (ip.length == 16) {
                out.u32(0).u8(6);
            }
            out.bytes(ip).u32(ttlSeconds);
        }

        static Connected read(ByteReader in) throws ProtocolException {
            if (in.remaining() == 0) {
                return new Connected(null, 0);
            }
            InetAddress ipv4 = in.address(4);
            if (!ipv4.isAnyLocalAddress()) {
                return new Connected(ipv4, in.remaining() >= 4 ? in.u32() : 0);
            }
            int type = in.u8();
            if (type != 6) {
                throw new ProtocolException("CONNECTED with address type " + type);
            }
            return new Connected(in.address(16), in.u32());
        }
    }

    /**
     * Acknowledges cells (tor-spec section 7.3).
     *
     * @param tag of version 1: the digest (20 bytes) or tag (16 bytes) of the cell that filled the window; null is version 0
     */
    record Sendme(byte @Nullable [] tag) implements RelayMessage {
        @Override
        public int command() {
            return SENDME;
        }

        @Override
        public void write(ByteWriter out) {
            if (tag != null) {
                out.u8(1).u16(tag.length).bytes(tag);
            }
        }

        static Sendme read(ByteReader in) throws ProtocolException {
            if (in.remaining() == 0) {
                return new Sendme(null);
            }
            int version = in.u8();
            return switch (version) {
                case 0 -> new Sendme(null);
                case 1 -> {
                    int length = in.u16();
                    if (length != 20 && length != 16) {
                        throw new ProtocolException("SENDME with a tag of " + length + " bytes");
                    }
                    yield new Sendme(in.bytes(length));
                }
                default -> throw new ProtocolException("SENDME of version " + version);
            };
        }
    }

    /** The far end of a stream can't take more for now (proposal 324). */
    record Xoff() implements RelayMessage {
        @Override
        public int command() {
            return XOFF;
        }

        @Override
        public void write(ByteWriter out) {
            out.u8(0);
        }

        static Xoff read(ByteReader in) throws ProtocolException {
            readVersion(in, "XOFF");
            return new Xoff();
        }

        private static void readVersion(ByteReader in, String what) throws ProtocolException {
            int version = in.u8();
            if (version != 0) {
                throw new ProtocolException(what + " of version " + version);
            }
        }
    }

    /**
     * The far end of a stream can take more.
     *
     * @param kilobytes a second, of 1000 bytes; 0 for as many as there are
     */
    record Xon(long kilobytes) implements RelayMessage {
        @Override
        public int command() {
            return XON;
        }

        @Override
        public void write(ByteWriter out) {
            out.u8(0).u32(kilobytes);
        }

        static Xon read(ByteReader in) throws ProtocolException {
            Xoff.readVersion(in, "XON");
            return new Xon(in.u32());
        }
    }

    /** Asks the last hop to extend the circuit. */
    record Extend2(List<LinkSpecifier> specifiers, int handshakeType, byte[] handshake) implements RelayMessage {
        @Override
        public int command() {
            return EXTEND2;
        }

        @Override
        public void write(ByteWriter out) {
            out.u8(specifiers.size());
            specifiers.forEach(s -> s.write(out));
            out.u16(handshakeType).u16(handshake.length).bytes(handshake);
        }

        static Extend2 read(ByteReader in) throws ProtocolException {
            int n = in.u8();
            List<LinkSpecifier> specifiers = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                specifiers.add(LinkSpecifier.read(in));
            }
            return new Extend2(List.copyOf(specifiers), in.u16(), in.bytes(in.u16()));
        }
    }

    /** The answer of the relay that the circuit was extended to. */
    record Extended2(byte[] handshake) implements RelayMessage {
        @Override
        public int command() {
            return EXTENDED2;
        }

        @Override
        public void write(ByteWriter out) {
            out.u16(handshake.length).bytes(handshake);
        }
    }

    /** Asks a hop to drop the rest of the circuit. */
    record Truncate() implements RelayMessage {
        @Override
        public int command() {
            return TRUNCATE;
        }

        @Override
        public void write(ByteWriter out) {}
    }

    /** A hop has dropped the rest of the circuit; an empty body counts as reason NONE. */
    record Truncated(int reason) implements RelayMessage {
        @Override
        public int command() {
            return TRUNCATED;
        }

        @Override
        public void write(ByteWriter out) {
            out.u8(reason);
        }
    }

    /** Long-range padding; its bytes mean nothing. */
    record Drop() implements RelayMessage {
        @Override
        public int command() {
            return DROP;
        }

        @Override
        public void write(ByteWriter out) {}
    }

    /** Asks the exit for a name's addresses, or for an address's name (as {@code in-addr.arpa}); visible ASCII only. */
    record Resolve(String name) implements RelayMessage {
        public Resolve {
            if (!isName(name)) {
                throw new IllegalArgumentException("not a name that RESOLVE can carry");
            }
        }

        @Override
        public int command() {
            return RESOLVE;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(name.getBytes(StandardCharsets.US_ASCII)).u8(0);
        }

        static Resolve read(ByteReader in) throws ProtocolException {
            String name = in.textUntilZero();
            if (!isName(name)) {
                throw new ProtocolException("RESOLVE with a name of " + name.length() + " characters");
            }
            return new Resolve(name);
        }
    }

    /** The exit's answers to RESOLVE. */
    record Resolved(List<Answer> answers) implements RelayMessage {
        /** One answer with its time to live in seconds. */
        public sealed interface Answer {
            /** Type 4 or 6. */
            record Address(InetAddress address, long ttlSeconds) implements Answer {}

            /** Type 0. */
            record Name(String name, long ttlSeconds) implements Answer {
                public Name {
                    if (!isName(name)) {
                        throw new IllegalArgumentException("not a name that RESOLVED can carry");
                    }
                }
            }

            /** Type 0xF0 (transient) or 0xF1. */
            record Failure(boolean isTransient, long ttlSeconds) implements Answer {}
        }

        @Override
        public int command() {
            return RESOLVED;
        }

        @Override
        public void write(ByteWriter out) {
            for (Answer answer : answers) {
                switch (answer) {
                    case Answer.Address(InetAddress address, long ttl) -> {
                        byte[] ip = address.getAddress();
                        out.u8(ip.length == 4 ? 4 : 6).u8(ip.length).bytes(ip).u32(ttl);
                    }
                    case Answer.Name(String name, long ttl) -> {
                        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
                        out.u8(0).u8(bytes.length).bytes(bytes).u32(ttl);
                    }
                    case Answer.Failure(boolean isTransient, long ttl) -> out.u8(isTransient ? 0xf0 : 0xf1).u8(0).u32(ttl);
                }
            }
        }

        static Resolved read(ByteReader in) throws ProtocolException {
            List<Answer> answers = new ArrayList<>();
            while (in.remaining() > 0) {
                int type = in.u8();
                int length = in.u8();
                switch (type) {
                    case 4, 6 -> {
                        if (length != (type == 4 ? 4 : 16)) {
                            throw new ProtocolException("RESOLVED with an address of " + length + " bytes");
                        }
                        answers.add(new Answer.Address(in.address(length), in.u32()));
                    }
                    case 0 -> {
                        if (length == 0) {
                            throw new ProtocolException("RESOLVED with an empty name");
                        }
                        answers.add(new Answer.Name(in.text(length), in.u32()));
                    }
                    case 0xf0, 0xf1 -> {
                        in.skip(length);
                        answers.add(new Answer.Failure(type == 0xf0, in.u32()));
                    }
                    default -> in.skip(length + 4); // answers of other types may be added to the protocol
                }
            }
            return new Resolved(List.copyOf(answers));
        }
    }

    /**
     * Reads a message's body; bytes after it are ignored where the specification allows them.
     *
     * @throws ProtocolException if it is malformed or the command is unknown, or is DATA
     */
    static RelayMessage read(int command, ByteReader in) throws ProtocolException {
        return switch (command) {
            case BEGIN -> Begin.read(in);
            case END -> End.read(in);
            case CONNECTED -> Connected.read(in);
            case SENDME -> Sendme.read(in);
            case XOFF -> Xoff.read(in);
            case XON -> Xon.read(in);
            case TRUNCATE -> new Truncate();
            case TRUNCATED -> new Truncated(in.remaining() == 0 ? 0 : in.u8());
            case DROP -> new Drop();
            case RESOLVE -> Resolve.read(in);
            case RESOLVED -> Resolved.read(in);
            case BEGIN_DIR -> new BeginDir();
            case EXTEND2 -> Extend2.read(in);
            case EXTENDED2 -> new Extended2(in.bytes(in.u16()));
            case OnionMessage.ESTABLISH_INTRO, OnionMessage.ESTABLISH_RENDEZVOUS, OnionMessage.INTRODUCE1,
                    OnionMessage.INTRODUCE2, OnionMessage.RENDEZVOUS1, OnionMessage.RENDEZVOUS2,
                    OnionMessage.INTRO_ESTABLISHED, OnionMessage.RENDEZVOUS_ESTABLISHED, OnionMessage.INTRODUCE_ACK ->
                    OnionMessage.read(command, in);
            case ConfluxMessage.LINK, ConfluxMessage.LINKED, ConfluxMessage.LINKED_ACK, ConfluxMessage.SWITCH ->
                    ConfluxMessage.read(command, in);
            default -> throw new ProtocolException("relay message with unknown command " + command);
        };
    }

    /** Whether a text has between 1 and 255 characters, all of them visible ASCII. */
    private static boolean isName(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) <= ' ' || name.charAt(i) > '~') {
                return false;
            }
        }
        return !name.isEmpty() && name.length() <= 255;
    }
}
