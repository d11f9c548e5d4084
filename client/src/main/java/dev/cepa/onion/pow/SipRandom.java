package dev.cepa.onion.pow;

/**
 * The numbers from which a program of HashX is made: SipHash-1-3 of a counter. Bytes and words are taken from values of
 * their own, each from the most significant end. Not thread-safe.
 */
final class SipRandom {
    private final SipKey key;
    private long counter;
    private long bytes;
    private int bytesLeft;
    private long words;
    private int wordsLeft;

    SipRandom(SipKey key) {
        this.key = key;
    }

    /** The next number of eight bits. */
    int nextByte() {
        if (bytesLeft == 0) {
            bytes = nextLong();
            bytesLeft = Long.BYTES;
        }
        bytesLeft--;
        return (int) (bytes >>> bytesLeft * Byte.SIZE) & 0xff;
    }

    /** The next number of 32 bits. */
    int nextInt() {
        if (wordsLeft == 0) {
            words = nextLong();
            wordsLeft = Long.BYTES / Integer.BYTES;
        }
        wordsLeft--;
        return (int) (words >>> wordsLeft * Integer.SIZE);
    }

    /** The next number from 0 up to {@code bound}, by remainder, as the other implementations do it. */
    int nextBelow(int bound) {
        return Integer.remainderUnsigned(nextInt(), bound);
    }

    private long nextLong() {
        long input = counter++;
        long v0 = key.v0();
        long v1 = key.v1();
        long v2 = key.v2();
        long v3 = key.v3() ^ input;
        for (int round = 0; round < 4; round++) {
            v0 += v1;
            v2 += v3;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 = Long.rotateLeft(v0, 32) + v3;
            v2 += v1;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 = Long.rotateLeft(v2, 32);
            if (round == 0) {
                v0 ^= input;
                v2 ^= 0xff;
            }
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
}
