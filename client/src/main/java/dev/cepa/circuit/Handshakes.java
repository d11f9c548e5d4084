package dev.cepa.circuit;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.crypto.ClientHandshake;
import dev.cepa.crypto.CreateFast;
import dev.cepa.crypto.Ntor;
import dev.cepa.crypto.NtorV3;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which handshake a relay is asked for, and how it is named to the relay before it. */
final class Handshakes {
    private Handshakes() {}

    /** For the first hop, CREATE_FAST where no onion key is known. */
    static ClientHandshake first(HopTarget relay, SecureRandom random) throws ProtocolException {
        byte[] key = relay.ntorKey();
        return key == null ? new CreateFast(random) : withKey(relay, key, random);
    }

    /** For a hop that is not the first. */
    static ClientHandshake next(HopTarget relay, SecureRandom random) throws TorException {
        byte[] key = relay.ntorKey();
        if (key == null) {
            throw new TorException(ErrorKind.NO_PATH, "no onion key of relay " + relay + " is known");
        }
        return withKey(relay, key, random);
    }

    private static ClientHandshake withKey(HopTarget relay, byte[] key, SecureRandom random) throws ProtocolException {
        Ed25519Id id = relay.link().ed25519Id();
        return relay.ntorV3() && id != null
                ? new NtorV3(id, key, CircuitExtensions.request(relay.congestion() != null), random)
                : new Ntor(relay.link().rsaId(), key, random);
    }

    /** One IPv4 address, the RSA identity, the Ed25519 identity if it is wanted, one IPv6 address (tor-spec 5.1.2). */
    static List<LinkSpecifier> linkSpecifiers(HopTarget relay, boolean withEd25519Id) {
        List<LinkSpecifier> specifiers = new ArrayList<>(4);
        add(specifiers, address(relay, 4));
        specifiers.add(new LinkSpecifier.Rsa(relay.link().rsaId()));
        Ed25519Id id = relay.link().ed25519Id();
        if (withEd25519Id && id != null) {
            specifiers.add(new LinkSpecifier.Ed25519(id));
        }
        add(specifiers, address(relay, 16));
        return specifiers;
    }

    private static void add(List<LinkSpecifier> specifiers, @Nullable InetSocketAddress address) {
        if (address != null) {
            specifiers.add(new LinkSpecifier.Address(address));
        }
    }

    private static @Nullable InetSocketAddress address(HopTarget relay, int length) {
        for (InetSocketAddress address : relay.link().addresses()) {
            if (address.getAddress() != null && address.getAddress().getAddress().length == length) {
                return address;
            }
        }
        return null;
    }
}
