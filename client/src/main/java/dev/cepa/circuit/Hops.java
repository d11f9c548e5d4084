package dev.cepa.circuit;

import java.util.Arrays;

/** A circuit's hops so far. Only ever grows, by the one thread that builds the circuit; readable from all. */
final class Hops {
    private volatile Hop[] hops = new Hop[0];

    /** The array itself, for reading. */
    Hop[] all() {
        return hops;
    }

    void add(Hop hop) {
        Hop[] more = Arrays.copyOf(hops, hops.length + 1);
        more[hops.length] = hop;
        hops = more;
    }

    int size() {
        return hops.length;
    }
}
