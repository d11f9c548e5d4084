package dev.cepa.cell;

import dev.cepa.error.ProtocolException;
import java.net.InetSocketAddress;

/** How an EXTEND2 message, or an onion service's introduction point, names a relay (tor-spec section 5.1.2). */
public sealed interface LinkSpecifier {
    /** An IPv4 (type 0: 4+2 bytes) or IPv6 (type 1: 16+2 bytes) address and port. */
    record Address(InetSocketAddress address) implements LinkSpecifier {}

    /** Type 2: 20 bytes. */
    record Rsa(RsaId id) implements LinkSpecifier {}

    /** Type 3: 32 bytes. */
    record Ed25519(Ed25519Id id) implements LinkSpecifier {}

    /** A type that we don't know; it is carried on unchanged. */
    record Unknown(int type, byte[] body) implements LinkSpecifier {}

    /** Appends type, length and body. */
    default void write(ByteWriter out) {
        switch (this) {
            case Address(InetSocketAddress address) -> {
                byte[] ip = address.getAddress().getAddress();
                out.u8(ip.length == 4 ? 0 : 1).u8(ip.length + 2).bytes(ip).u16(address.getPort());
            }
            case Rsa(RsaId id) -> out.u8(2).u8(RsaId.LENGTH).bytes(id.toBytes());
            case Ed25519(Ed25519Id id) -> out.u8(3).u8(Ed25519Id.LENGTH).bytes(id.toBytes());
            case Unknown(int type, byte[] body) -> out.u8(type).u8(body.length).bytes(body);
        }
    }

    /** Reads one; a known type with a wrong length is refused. */
    static LinkSpecifier read(ByteReader in) throws ProtocolException {
        int type = in.u8();
        ByteReader body = in.slice(in.u8());
        LinkSpecifier specifier =
                switch (type) {
                    case 0 -> new Address(new InetSocketAddress(body.address(4), body.u16()));
                    case 1 -> new Address(new InetSocketAddress(body.address(16), body.u16()));
                    case 2 -> new Rsa(RsaId.of(body.bytes(RsaId.LENGTH)));
                    case 3 -> new Ed25519(Ed25519Id.of(body.bytes(Ed25519Id.LENGTH)));
                    default -> new Unknown(type, body.rest());
                };
        body.expectEnd("link specifier");
        return specifier;
    }
}
