package dev.cepa.onion.pow;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Lanes side by side compute what one after the other would, whatever program, inputs and number of them. */
class HashXFuzz {
    /** As the definition reads: instruction after instruction for one input, with a jump where there is one. */
    private static void runPlainly(HashXProgram program, long[] r) {
        int target = 0;
        int product = 0;
        boolean mayBranch = true;
        for (int at = 0; at < HashXProgram.SIZE; at++) {
            int to = program.destination(at);
            int from = program.source(at);
            int constant = program.constant(at);
            switch (program.operation(at)) {
                case UNSIGNED_HIGH_PRODUCT -> product = (int) (r[to] = Math.unsignedMultiplyHigh(r[to], r[from]));
                case SIGNED_HIGH_PRODUCT -> product = (int) (r[to] = Math.multiplyHigh(r[to], r[from]));
                case MULTIPLY -> r[to] *= r[from];
                case SUBTRACT -> r[to] -= r[from];
                case XOR -> r[to] ^= r[from];
                case ADD_SHIFTED -> r[to] += r[from] << constant;
                case ROTATE -> r[to] = Long.rotateRight(r[to], constant);
                case ADD_CONSTANT -> r[to] += constant;
                case XOR_CONSTANT -> r[to] ^= constant;
                case TARGET -> target = at;
                case BRANCH -> {
                    if (mayBranch && (product & constant) == 0) {
                        at = target;
                        mayBranch = false;
                    }
                }
            }
        }
    }

    private static void round(long[] v, int at) {
        v[at] += v[at + 1];
        v[at + 1] = Long.rotateLeft(v[at + 1], 13) ^ v[at];
        v[at] = Long.rotateLeft(v[at], 32);
        v[at + 2] += v[at + 3];
        v[at + 3] = Long.rotateLeft(v[at + 3], 16) ^ v[at + 2];
        v[at] += v[at + 3];
        v[at + 3] = Long.rotateLeft(v[at + 3], 21) ^ v[at];
        v[at + 2] += v[at + 1];
        v[at + 1] = Long.rotateLeft(v[at + 1], 17) ^ v[at + 2];
        v[at + 2] = Long.rotateLeft(v[at + 2], 32);
    }

    private static long hashPlainly(HashX function, long input) {
        SipKey key = function.inputKey();
        long[] r = {key.v0(), key.v1() ^ 0xee, key.v2(), key.v3() ^ input, 0, 0, 0, 0};
        round(r, 0);
        round(r, 0);
        r[0] ^= input;
        r[2] ^= 0xee;
        for (int i = 0; i < 4; i++) {
            round(r, 0);
        }
        System.arraycopy(r, 0, r, 4, 4);
        r[5] ^= 0xdd;
        for (int i = 0; i < 4; i++) {
            round(r, 4);
        }
        runPlainly(function.program(), r);
        r[0] += key.v0();
        r[1] += key.v1();
        r[6] += key.v2();
        r[7] += key.v3();
        round(r, 0);
        round(r, 4);
        return r[0] ^ r[4];
    }

    @Property(tries = 200)
    void lanesDoNotDisturbEachOther(@ForAll long seed, @ForAll @IntRange(min = 1, max = 100) int count) {
        HashX function = HashX.of(ByteBuffer.allocate(Long.BYTES).putLong(seed).array());
        if (function == null) {
            return;
        }
        long[] inputs = new Random(seed).longs(count).toArray();
        long[] hashes = new long[count];
        HashXLanes lanes = new HashXLanes(100);
        // What is left in the lanes from before must not matter.
        lanes.hash(function, new Random(1).longs(100).toArray(), 100, new long[100]);
        lanes.hash(function, inputs, count, hashes);
        for (int i = 0; i < count; i++) {
            assertThat(hashes[i]).isEqualTo(hashPlainly(function, inputs[i]));
        }
    }
}
