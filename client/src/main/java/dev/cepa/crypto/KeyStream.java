package dev.cepa.crypto;

/** Key material of any length, taken from the front. Not thread-safe. */
@FunctionalInterface
public interface KeyStream {
    /** The next {@code n} bytes; the caller wipes them when they have become keys. */
    byte[] take(int n);

    /** Forgets the secret that the material is made from; nothing can be taken afterwards. */
    default void wipe() {}
}
