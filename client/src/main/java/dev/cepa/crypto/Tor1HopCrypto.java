package dev.cepa.crypto;

import static dev.cepa.crypto.Primitives.aesCtr;
import static dev.cepa.crypto.Primitives.missing;
import static dev.cepa.crypto.Primitives.sha1;
import static dev.cepa.crypto.Primitives.wipe;

import dev.cepa.cell.Cell;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Cipher;

/**
 * The classic relay-cell cryptography (tor-spec sections 5.2, 5.5 and 6.1): in each direction a stream of AES-128-CTR,
 * and a SHA-1 that runs over the bodies of all cells meant for this hop, its own field taken as zeros. The first 4 bytes
 * of the running digest are in the cell, all 20 are its SENDME tag.
 *
 * <p>This is the hottest code of the client, so: one {@link Cipher} is kept a direction, and only a cell whose
 * "recognized" field is zero after a layer is removed pays for the digest. A cell is copied aside before its layer is
 * applied, because the JDK's ciphers, asked to work in place, make such a copy themselves, in a new array each time.
 *
 * <p>Two things are still allocated, because {@link MessageDigest} gives no other way. Reading a digest ends it, so a
 * running one is read from a copy. And a cell that was recognised by chance (one of 65,536 on its way from a farther hop)
 * must leave the digest as it was, while SHA-1 can't be taken back, so the state before it is kept as a copy too. Both
 * copies are small and die at once; an own SHA-1 would need neither, but would lose the JIT's intrinsic, which costs far
 * more.
 *
 * <p>Ciphers keep their expanded keys until they are collected: the JDK has no way to wipe them.
 */
public final class Tor1HopCrypto implements HopCrypto {
    private static final int DIGEST = 20;
    private static final int KEY = 16;
    /** Digest and key between client and onion service. */
    private static final int LONG = 32;

    private static final int RECOGNIZED_AT = 1;
    private static final int DIGEST_AT = 5;

    private final Direction outbound;
    private final Direction inbound;

    /** Takes both directions, as seen from the side that uses this object. */
    private Tor1HopCrypto(Direction outbound, Direction inbound) {
        this.outbound = outbound;
        this.inbound = inbound;
    }

    /** The client's side; takes 72 bytes: Df 20 | Db 20 | Kf 16 | Kb 16. */
    public static Tor1HopCrypto client(KeyStream keys) {
        return of(keys, true);
    }

    /** Either side: a relay's outbound direction is the client's inbound one. */
    static Tor1HopCrypto of(KeyStream keys, boolean client) {
        return of(keys, client, DIGEST, KEY);
    }

    /**
     * What a client and an onion service share (rend-spec-v3 section 4.2.1): the same with SHA3-256 and AES-256. Takes 128
     * bytes: Df 32 | Db 32 | Kf 32 | Kb 32.
     *
     * @param client whether this is the client's side
     */
    public static Tor1HopCrypto onionService(KeyStream keys, boolean client) {
        return of(keys, client, LONG, LONG);
    }

    private static Tor1HopCrypto of(KeyStream keys, boolean client, int digestLength, int keyLength) {
        byte[] forwardDigest = keys.take(digestLength);
        byte[] backwardDigest = keys.take(digestLength);
        byte[] forwardKey = keys.take(keyLength);
        byte[] backwardKey = keys.take(keyLength);
        Direction forward = new Direction(forwardDigest, forwardKey);
        Direction backward = new Direction(backwardDigest, backwardKey);
        wipe(forwardDigest, backwardDigest, forwardKey, backwardKey);
        return client ? new Tor1HopCrypto(forward, backward) : new Tor1HopCrypto(backward, forward);
    }

    @Override
    public RelayCellFormat format() {
        return RelayCellFormat.V0;
    }

    @Override
    public int tagLength() {
        return DIGEST;
    }

    @Override
    public void originate(int command, byte[] cell, int offset) {
        outbound.seal(cell, offset);
        outbound.crypt(cell, offset);
    }

    @Override
    public void encrypt(int command, byte[] cell, int offset) {
        outbound.crypt(cell, offset);
    }

    @Override
    public boolean decrypt(int command, byte[] cell, int offset) {
        inbound.crypt(cell, offset);
        return cell[offset + RECOGNIZED_AT] == 0 && cell[offset + RECOGNIZED_AT + 1] == 0 && inbound.verify(cell, offset);
    }

    @Override
    public void sentTag(byte[] to) {
        System.arraycopy(outbound.tag, 0, to, 0, DIGEST);
    }

    @Override
    public void receivedTag(byte[] to) {
        System.arraycopy(inbound.tag, 0, to, 0, DIGEST);
    }

    /** One direction's cipher and running digest. */
    private static final class Direction {
        /** Of the cell last sealed or verified: the digest, whose first 20 bytes count. */
        final byte[] tag;

        private final Cipher cipher;
        private final byte[] before = new byte[Cell.BODY];
        private final byte[] read;
        private MessageDigest digest;

        /** Runs over SHA-1, or over SHA3-256 if that is what the seed is for. */
        Direction(byte[] seed, byte[] key) {
            digest = seed.length == DIGEST ? sha1() : Primitives.sha3();
            tag = new byte[seed.length];
            read = new byte[seed.length];
            digest.update(seed);
            cipher = aesCtr(key);
        }

        void crypt(byte[] cell, int offset) {
            try {
                System.arraycopy(cell, offset, before, 0, Cell.BODY);
                cipher.update(before, 0, Cell.BODY, cell, offset);
            } catch (GeneralSecurityException e) {
                throw missing(e);
            }
        }

        /** Writes "recognized" and digest into a cell in the clear. */
        void seal(byte[] cell, int offset) {
            cell[offset + RECOGNIZED_AT] = 0;
            cell[offset + RECOGNIZED_AT + 1] = 0;
            writeDigest(cell, offset, 0);
            digest.update(cell, offset, Cell.BODY);
            readDigest(tag);
            System.arraycopy(tag, 0, cell, offset + DIGEST_AT, 4);
        }

        /** Whether a decrypted cell's digest is right; if not, neither the cell nor the running digest is changed. */
        boolean verify(byte[] cell, int offset) {
            int claimed = claimedDigest(cell, offset);
            MessageDigest unchanged = copy();
            writeDigest(cell, offset, 0);
            digest.update(cell, offset, Cell.BODY);
            readDigest(read);
            writeDigest(cell, offset, claimed);
            // One comparison of two words: it takes the same time wherever they differ.
            if ((claimed ^ ((read[0] & 0xff) << 24 | (read[1] & 0xff) << 16 | (read[2] & 0xff) << 8 | read[3] & 0xff)) != 0) {
                digest = unchanged;
                return false;
            }
            System.arraycopy(read, 0, tag, 0, read.length);
            return true;
        }

        private static int claimedDigest(byte[] cell, int offset) {
            int at = offset + DIGEST_AT;
            return cell[at] << 24 | (cell[at + 1] & 0xff) << 16 | (cell[at + 2] & 0xff) << 8 | cell[at + 3] & 0xff;
        }

        private static void writeDigest(byte[] cell, int offset, int value) {
            int at = offset + DIGEST_AT;
            cell[at] = (byte) (value >>> 24);
            cell[at + 1] = (byte) (value >>> 16);
            cell[at + 2] = (byte) (value >>> 8);
            cell[at + 3] = (byte) value;
        }

        private void readDigest(byte[] to) {
            try {
                copy().digest(to, 0, to.length);
            } catch (GeneralSecurityException e) {
                throw missing(e);
            }
        }

        private MessageDigest copy() {
            try {
                return (MessageDigest) digest.clone();
            } catch (CloneNotSupportedException e) {
                throw new IllegalStateException("this Java's digests can't be copied", e);
            }
        }
    }
}
