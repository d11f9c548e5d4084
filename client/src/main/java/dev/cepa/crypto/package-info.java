/**
 * The protocol's cryptography: handshakes (CREATE_FAST, ntor, ntor-v3), the relay-cell ciphers behind
 * {@link dev.cepa.crypto.HopCrypto}, key derivation, identities and certificates (tor-spec sections 0.3, 5 and 6;
 * cert-spec). Primitives come from the JDK; what it lacks is small and has known-answer tests. Uses
 * {@link dev.cepa.cell} for its byte readers and identities; does no I/O.
 */
@NullMarked
package dev.cepa.crypto;

import org.jspecify.annotations.NullMarked;
