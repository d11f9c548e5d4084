package dev.cepa.crypto;

import dev.cepa.error.ProtocolException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The CREATE_FAST handshake, which leans on the link's TLS for everything (tor-spec section 5.1.5): only for one-hop
 * circuits to a relay whose onion key is not known yet.
 */
public final class CreateFast implements ClientHandshake {
    /** {@link #type()} of this handshake: it has cells of its own. */
    public static final int TYPE = -1;

    private static final int LENGTH = 20;

    private final byte[] x = new byte[LENGTH];
    private boolean done;

    public CreateFast(SecureRandom random) {
        random.nextBytes(x);
    }

    @Override
    public int type() {
        return TYPE;
    }

    /** Key material X of 20 bytes. */
    @Override
    public byte[] clientMessage() {
        return x.clone();
    }

    /** Takes Y 20 | KH 20. */
    @Override
    public Result complete(byte[] serverMessage) throws ProtocolException {
        if (done) {
            throw new IllegalStateException("the handshake is over");
        }
        done = true;
        if (serverMessage.length != 2 * LENGTH) {
            Primitives.wipe(x);
            throw new ProtocolException("CREATED_FAST handshake of " + serverMessage.length + " bytes");
        }
        byte[] secret = Arrays.copyOf(x, 2 * LENGTH);
        System.arraycopy(serverMessage, 0, secret, LENGTH, LENGTH);
        Primitives.wipe(x);
        KdfTor keys = new KdfTor(secret);
        if (!MessageDigest.isEqual(keys.take(LENGTH), Arrays.copyOfRange(serverMessage, LENGTH, 2 * LENGTH))) {
            keys.wipe();
            throw new ProtocolException("CREATED_FAST with wrong derivative key data");
        }
        return new Result(keys, new byte[0]);
    }
}
