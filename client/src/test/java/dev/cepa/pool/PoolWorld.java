package dev.cepa.pool;

import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.netdoc.TestDirectory;
import dev.cepa.path.PathSelector;
import dev.cepa.path.PathSettings;
import java.util.Random;

/** A network for the pool's tests: three guards, three middle relays, and three exits, two of them for the web alone. */
final class PoolWorld {
    static final int GUARD = 0;
    static final int MIDDLE = 3;
    static final int EXIT = 6;

    private PoolWorld() {}

    static NetDir dir() {
        TestDirectory network = new TestDirectory().validAfter(java.time.Instant.now().minusSeconds(60));
        for (int i = 0; i < 3; i++) {
            network.relay("guard" + i).with(RelayFlags.GUARD);
        }
        for (int i = 0; i < 3; i++) {
            network.relay("middle" + i);
        }
        for (int i = 0; i < 3; i++) {
            network.relay("exit" + i).with(RelayFlags.EXIT).policy(i < 2 ? "accept 80,443" : "accept 22,80,443,6667");
        }
        return network.build();
    }

    static PathSelector selector(NetDir dir, PathSettings settings) {
        return new PathSelector(dir, settings, new Random(1));
    }

    static PathSelector selector() {
        return selector(dir(), PathSettings.DEFAULT);
    }

    /** A circuit through the first guard and middle relay to that exit. */
    static PooledCircuit circuit(PathSelector selector, int exit) {
        return new PooledCircuit(selector, true, GUARD, MIDDLE, EXIT + exit);
    }
}
