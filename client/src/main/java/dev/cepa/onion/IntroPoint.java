package dev.cepa.onion;

import dev.cepa.cell.LinkSpecifier;
import java.util.List;

/**
 * An introduction point, as a descriptor names it.
 *
 * @param specifiers how its relay is named in EXTEND2
 * @param ntorKey the relay's ntor onion key, 32 bytes
 * @param authKey its Ed25519 key for this service, 32 bytes, by which it knows the service's circuit
 * @param encryptionKey the service's X25519 key for introductions by way of it, 32 bytes
 */
public record IntroPoint(List<LinkSpecifier> specifiers, byte[] ntorKey, byte[] authKey, byte[] encryptionKey) {
    public IntroPoint {
        specifiers = List.copyOf(specifiers);
    }
}
