package dev.cepa.crypto;

import dev.cepa.error.ProtocolException;

/** The client's side of one circuit handshake with one hop; used once, from one thread (tor-spec section 5.1). */
public interface ClientHandshake {
    /** The handshake type in CREATE2 and EXTEND2; -1 for CREATE_FAST, which has cells of its own. */
    int type();

    /** What is sent to the relay. */
    byte[] clientMessage();

    /**
     * Verifies the relay's answer and derives the keys. Secrets held for the handshake are wiped, whatever the outcome.
     *
     * @param serverMessage exactly the handshake data of CREATED2, EXTENDED2 or CREATED_FAST
     * @throws ProtocolException if its length is wrong or it does not authenticate the relay
     */
    Result complete(byte[] serverMessage) throws ProtocolException;

    /**
     * What a handshake gives.
     *
     * @param keys the key material, to be taken in the order of the relay-cell cipher
     * @param serverExtensions the relay's encoded ntor-v3 extensions; empty for other handshakes
     */
    record Result(KeyStream keys, byte[] serverExtensions) {}
}
