package dev.cepa.onion.pow;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.jspecify.annotations.Nullable;

/**
 * One function of HashX (version 1, with numbers for input and 8 bytes of output, as Equi-X has it): a program and the key
 * of its input, both drawn from a seed. {@link HashXLanes} runs it. Immutable.
 */
record HashX(HashXProgram program, SipKey inputKey) {
    private static final byte[] SALT = "HashX v1\0\0\0\0\0\0\0\0".getBytes(US_ASCII);

    /** The function of a seed of any length; null if the seed has none, which happens to fewer than one in 10,000. */
    static @Nullable HashX of(byte[] seed) {
        byte[] keys = Blake2b.hash(2 * SipKey.LENGTH, SALT, seed);
        HashXProgram program = HashXGenerator.generate(SipKey.of(keys, 0));
        return program == null ? null : new HashX(program, SipKey.of(keys, SipKey.LENGTH));
    }
}
