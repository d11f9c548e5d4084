package dev.cepa.cell;

import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message of the link itself, or one that creates or ends a circuit: everything in cells but RELAY and RELAY_EARLY, whose
 * bodies are encrypted (tor-spec sections 4, 5.1 and 5.4). Each record writes and reads its own body; bodies of fixed
 * cells are shorter than 509 bytes here and are padded by the channel.
 */
public sealed interface ChannelMessage {
    /** The cell command that carries it. */
    int command();

    /** Appends the body, without padding. */
    void write(ByteWriter out);

    /** Link protocol versions, 2 bytes each. */
    record Versions(List<Integer> versions) implements ChannelMessage {
        @Override
        public int command() {
            return Cell.VERSIONS;
        }

        @Override
        public void write(ByteWriter out) {
            versions.forEach(out::u16);
        }

        static Versions read(ByteReader in) throws ProtocolException {
            if (in.remaining() % 2 != 0) {
                throw new ProtocolException("VERSIONS of odd length");
            }
            List<Integer> versions = new ArrayList<>();
            while (in.remaining() > 0) {
                versions.add(in.u16());
            }
            return new Versions(List.copyOf(versions));
        }
    }

    /** The peer's certificates, by type (tor-spec section 4.2). */
    record Certs(List<Certificate> certificates) implements ChannelMessage {
        /** One certificate: its type and its bytes. */
        public record Certificate(int type, byte[] body) {}

        @Override
        public int command() {
            return Cell.CERTS;
        }

        @Override
        public void write(ByteWriter out) {
            out.u8(certificates.size());
            for (Certificate certificate : certificates) {
                out.u8(certificate.type).u16(certificate.body.length).bytes(certificate.body);
            }
        }

        static Certs read(ByteReader in) throws ProtocolException {
            int n = in.u8();
            List<Certificate> certificates = new ArrayList<>(n);
            for (int i = 0; i < n; i++) {
                int type = in.u8();
                certificates.add(new Certificate(type, in.bytes(in.u16())));
            }
            return new Certs(List.copyOf(certificates));
        }
    }

    /** 32 random bytes and the authentication methods that the relay takes; a client reads and ignores it. */
    record AuthChallenge(byte[] challenge, List<Integer> methods) implements ChannelMessage {
        @Override
        public int command() {
            return Cell.AUTH_CHALLENGE;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(challenge).u16(methods.size());
            methods.forEach(out::u16);
        }

        static AuthChallenge read(ByteReader in) throws ProtocolException {
            byte[] challenge = in.bytes(32);
            int n = in.u16();
            List<Integer> methods = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                methods.add(in.u16());
            }
            return new AuthChallenge(challenge, List.copyOf(methods));
        }
    }

    /**
     * Time and addresses (tor-spec section 4.5). Addresses of unknown type are left out when reading.
     *
     * @param timestamp seconds since 1970, or 0 from a client
     * @param other the address at which the sender sees the receiver; null if it does not say, or in no way that we know
     * @param own the sender's own addresses
     */
    record Netinfo(long timestamp, @Nullable InetAddress other, List<InetAddress> own) implements ChannelMessage {
        @Override
        public int command() {
            return Cell.NETINFO;
        }

        @Override
        public void write(ByteWriter out) {
            out.u32(timestamp);
            address(out, other);
            out.u8(own.size());
            own.forEach(a -> address(out, a));
        }

        private static void address(ByteWriter out, @Nullable InetAddress address) {
            byte[] ip = address == null ? new byte[4] : address.getAddress();
            out.u8(ip.length == 4 ? 4 : 6).u8(ip.length).bytes(ip);
        }

        static Netinfo read(ByteReader in) throws ProtocolException {
            long timestamp = in.u32();
            InetAddress other = readAddress(in);
            int n = in.u8();
            List<InetAddress> own = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                InetAddress address = readAddress(in);
                if (address != null) {
                    own.add(address);
                }
            }
            return new Netinfo(timestamp, other == null || other.isAnyLocalAddress() ? null : other, List.copyOf(own));
        }

        private static @Nullable InetAddress readAddress(ByteReader in) throws ProtocolException {
            int type = in.u8();
            int length = in.u8();
            if (type == 4 && length == 4 || type == 6 && length == 16) {
                return in.address(length);
            }
            in.skip(length);
            return null;
        }
    }

    /** Asks the relay to start, change or stop channel padding (padding-spec section 2.2); times in milliseconds. */
    record PaddingNegotiate(boolean start, int timeoutLowMillis, int timeoutHighMillis) implements ChannelMessage {
        @Override
        public int command() {
            return Cell.PADDING_NEGOTIATE;
        }

        @Override
        public void write(ByteWriter out) {
            out.u8(0).u8(start ? 2 : 1).u16(timeoutLowMillis).u16(timeoutHighMillis);
        }

        static PaddingNegotiate read(ByteReader in) throws ProtocolException {
            int version = in.u8();
            int command = in.u8();
            if (version != 0 || command != 1 && command != 2) {
                throw new ProtocolException("PADDING_NEGOTIATE version " + version + " command " + command);
            }
            return new PaddingNegotiate(command == 2, in.u16(), in.u16());
        }
    }

    /** Key material x of 20 bytes for a one-hop circuit (tor-spec section 5.1.3). */
    record CreateFast(byte[] x) implements ChannelMessage {
        @Override
        public int command() {
            return Cell.CREATE_FAST;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(x);
        }
    }

    /** Key material y of 20 bytes and the 20-byte derivative key data. */
    record CreatedFast(byte[] y, byte[] derivativeKey) implements ChannelMessage {
        @Override
        public int command() {
            return Cell.CREATED_FAST;
        }

        @Override
        public void write(ByteWriter out) {
            out.bytes(y).bytes(derivativeKey);
        }
    }

    /** A handshake's first message; types 2 ntor, 3 ntor-v3. */
    record Create2(int handshakeType, byte[] handshake) implements ChannelMessage {
        @Override
        public int command() {
            return Cell.CREATE2;
        }

        @Override
        public void write(ByteWriter out) {
            out.u16(handshakeType).u16(handshake.length).bytes(handshake);
        }
    }

    /** A handshake's answer. */
    record Created2(byte[] handshake) implements ChannelMessage {
        @Override
        public int command() {
            return Cell.CREATED2;
        }

        @Override
        public void write(ByteWriter out) {
            out.u16(handshake.length).bytes(handshake);
        }
    }

    /** The end of a circuit (tor-spec section 5.4). */
    record Destroy(int reason) implements ChannelMessage {
        @Override
        public int command() {
            return Cell.DESTROY;
        }

        @Override
        public void write(ByteWriter out) {
            out.u8(reason);
        }
    }

    /** PADDING or VPADDING; its bytes mean nothing. */
    record Padding(boolean variable, int length) implements ChannelMessage {
        @Override
        public int command() {
            return variable ? Cell.VPADDING : Cell.PADDING;
        }

        @Override
        public void write(ByteWriter out) {
            out.zeros(length);
        }
    }

    /**
     * Reads a cell's body. Bytes after the message are padding and are ignored.
     *
     * @throws ProtocolException if it is malformed, or the command is none of these
     */
    static ChannelMessage read(int command, ByteReader in) throws ProtocolException {
        return switch (command) {
            case Cell.VERSIONS -> Versions.read(in);
            case Cell.CERTS -> Certs.read(in);
            case Cell.AUTH_CHALLENGE -> AuthChallenge.read(in);
            case Cell.NETINFO -> Netinfo.read(in);
            case Cell.PADDING_NEGOTIATE -> PaddingNegotiate.read(in);
            case Cell.CREATE_FAST -> new CreateFast(in.bytes(20));
            case Cell.CREATED_FAST -> new CreatedFast(in.bytes(20), in.bytes(20));
            case Cell.CREATE2 -> new Create2(in.u16(), in.bytes(in.u16()));
            case Cell.CREATED2 -> new Created2(in.bytes(in.u16()));
            case Cell.DESTROY -> new Destroy(in.u8());
            case Cell.PADDING -> new Padding(false, in.remaining());
            case Cell.VPADDING -> new Padding(true, in.remaining());
            default -> throw new ProtocolException("cell with " + Cell.name(command) + " where a channel message belongs");
        };
    }
}
