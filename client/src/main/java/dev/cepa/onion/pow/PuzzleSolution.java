package dev.cepa.onion.pow;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.error.ProtocolException;

/**
 * The work that a client has done, as it goes into the extension of an INTRODUCE1 message: version 1 | nonce 16 | effort 4
 * | first bytes of the seed 4 | solution 16. Whether it is right is {@link PuzzleVerifier}'s to say.
 *
 * @param nonce 16 bytes, chosen by the client; not to be changed
 * @param effort what the work is worth, from 0 to 2^32 - 1
 * @param seedHead the first 4 bytes of the seed; not to be changed
 * @param solution 16 bytes: eight little-endian numbers; not to be changed
 */
public record PuzzleSolution(byte[] nonce, long effort, byte[] seedHead, byte[] solution) {
    /** The type of the extension. */
    public static final int EXTENSION = 2;
    /** Bytes of the extension. */
    public static final int LENGTH = 41;

    static final int NONCE = 16;
    static final int SEED_HEAD = 4;
    static final int SOLUTION = Character.BYTES * EquiX.INDICES;

    private static final int VERSION = 1;

    /** @throws IllegalArgumentException if a length or the effort is out of range */
    public PuzzleSolution {
        if (nonce.length != NONCE || seedHead.length != SEED_HEAD || solution.length != SOLUTION) {
            throw new IllegalArgumentException("a part of the proof of work has the wrong length");
        }
        if (effort < 0 || effort > Puzzle.MAX_EFFORT) {
            throw new IllegalArgumentException("effort " + effort);
        }
    }

    /** The body of the extension. */
    public byte[] toBytes() {
        return new ByteWriter(LENGTH)
                .u8(VERSION)
                .bytes(nonce)
                .u32(effort)
                .bytes(seedHead)
                .bytes(solution)
                .toByteArray();
    }

    /**
     * Reads the body of an extension.
     *
     * @throws ProtocolException if it is of another version or length
     */
    public static PuzzleSolution read(ByteReader in) throws ProtocolException {
        int version = in.u8();
        if (version != VERSION) {
            throw new ProtocolException("proof of work of version " + version);
        }
        PuzzleSolution solution =
                new PuzzleSolution(in.bytes(NONCE), in.u32(), in.bytes(SEED_HEAD), in.bytes(SOLUTION));
        in.expectEnd("a proof of work");
        return solution;
    }

    /** The solution's numbers as bytes. */
    static byte[] pack(char[] indices) {
        byte[] bytes = new byte[SOLUTION];
        for (int i = 0; i < indices.length; i++) {
            bytes[2 * i] = (byte) indices[i];
            bytes[2 * i + 1] = (byte) (indices[i] >>> 8);
        }
        return bytes;
    }

    /** The solution's numbers. */
    char[] indices() {
        char[] indices = new char[EquiX.INDICES];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = (char) (solution[2 * i] & 0xff | (solution[2 * i + 1] & 0xff) << 8);
        }
        return indices;
    }
}
