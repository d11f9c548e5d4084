package dev.cepa.onion;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.cell.OnionMessage.EstablishRendezvous;
import dev.cepa.error.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client tells a service, where no introduction point can read it (rend-spec-v3 section 3.3.1).
 *
 * @param cookie 20 bytes, by which the rendezvous point knows the client's circuit
 * @param extensions what the client asks for besides
 * @param ntorKey the rendezvous point's ntor onion key, 32 bytes
 * @param specifiers how its relay is named
 */
record Introduction(byte[] cookie, List<Extension> extensions, byte[] ntorKey, List<LinkSpecifier> specifiers) {
    /** Length of the text such that INTRODUCE1 has 490 bytes, with a proof of work in it or without. */
    static final int PADDED = 370;

    private static final int NTOR = 1;
    private static final int KEY = 32;

    /** Something that the client asks for, or proves. */
    record Extension(int type, byte[] body) {
        /** Congestion control; empty. */
        static final int CONGESTION_CONTROL = 1;
        /** Proof of work, 41 bytes: version 1 | nonce 16 | effort 4 | seed head 4 | solution 16. */
        static final int PROOF_OF_WORK = 2;
    }

    /** The body of the first extension of that type; null if there is none. */
    byte @Nullable [] extension(int type) {
        for (Extension extension : extensions) {
            if (extension.type == type) {
                return extension.body;
            }
        }
        return null;
    }

    /** As it is encrypted, padded with zeros. */
    byte[] toBytes() {
        ByteWriter out = new ByteWriter(PADDED).bytes(cookie).u8(extensions.size());
        for (Extension extension : extensions) {
            out.u8(extension.type).u8(extension.body.length).bytes(extension.body);
        }
        out.u8(NTOR).u16(ntorKey.length).bytes(ntorKey).u8(specifiers.size());
        for (LinkSpecifier specifier : specifiers) {
            specifier.write(out);
        }
        return out.zeros(Math.max(0, PADDED - out.size())).toByteArray();
    }

    /** Reads what a client has sent; padding is ignored. */
    static Introduction read(byte[] bytes) throws ProtocolException {
        ByteReader in = new ByteReader(bytes);
        byte[] cookie = in.bytes(EstablishRendezvous.COOKIE);
        List<Extension> extensions = new ArrayList<>();
        for (int n = in.u8(); n > 0; n--) {
            int type = in.u8();
            extensions.add(new Extension(type, in.bytes(in.u8())));
        }
        int keyType = in.u8();
        if (keyType != NTOR || in.u16() != KEY) {
            throw new ProtocolException("introduction with an onion key of type " + keyType);
        }
        byte[] ntorKey = in.bytes(KEY);
        List<LinkSpecifier> specifiers = new ArrayList<>();
        for (int n = in.u8(); n > 0; n--) {
            specifiers.add(LinkSpecifier.read(in));
        }
        return new Introduction(cookie, List.copyOf(extensions), ntorKey, List.copyOf(specifiers));
    }
}
