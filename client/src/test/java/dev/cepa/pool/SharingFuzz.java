package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.path.ExitRequest;
import dev.cepa.path.PathSelector;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whatever happens to a pool, streams that may not share a circuit never do. */
class SharingFuzz {
    private static final Duration DIRTY = Duration.ofSeconds(60);
    private static final PathSelector SELECTOR = PoolWorld.selector();
    private static final int[] PORTS = {22, 80, 443, 6667};

    private record Who(IsolationKey key, int epoch) {}

    @Property(tries = 10_000)
    void streamsThatMayNotShareACircuitNeverDo(@ForAll long seed) {
        Random random = new Random(seed);
        CircuitList circuits = new CircuitList();
        Map<PooledCircuit, Who> carries = new HashMap<>();
        Map<PooledCircuit, Long> dirtySince = new HashMap<>();
        int openEpoch = 0;
        long now = 0;
        for (int step = 0; step < 40; step++) {
            now += random.nextLong(10_000_000_000L);
            switch (random.nextInt(9)) {
                case 0, 1, 2, 3 -> {
                    // Some have been waiting since before the last change of identity.
                    int epoch = random.nextInt(4) == 0 ? random.nextInt(openEpoch + 1) : openEpoch;
                    IsolationKey key = key(random);
                    boolean stable = random.nextInt(4) == 0;
                    Claim claim = new Claim(
                            key, epoch, ExitRequest.ipv4(PORTS[random.nextInt(4)], stable), random.nextInt(4) != 0,
                            random.nextInt(5) == 0);
                    PooledCircuit c = circuits.take(claim, SELECTOR, DIRTY, now);
                    if (c == null && circuits.await(claim, SELECTOR, System.nanoTime()) == null && random.nextBoolean()) {
                        PooledCircuit made = PoolWorld.circuit(SELECTOR, random.nextInt(3));
                        CircuitList.own(made, claim);
                        circuits.add(made);
                    } else if (c != null) {
                        assertThat(carries.putIfAbsent(c, new Who(key, epoch))).isIn(null, new Who(key, epoch));
                        dirtySince.putIfAbsent(c, now);
                        if (!c.keptAlive && !c.pinned) {
                            assertThat(now - dirtySince.get(c)).isLessThanOrEqualTo(2 * DIRTY.toNanos());
                        }
                        if (random.nextBoolean()) {
                            circuits.opened(c);
                        }
                    }
                }
                case 4 -> circuits.add(PoolWorld.circuit(SELECTOR, random.nextInt(3)));
                case 5 -> {
                    for (PooledCircuit c : List.copyOf(circuits.all())) {
                        if (c.state == PooledCircuit.State.BUILDING && random.nextBoolean()) {
                            circuits.ready(c, Duration.ofSeconds(30), now);
                        }
                    }
                }
                case 6 -> {
                    circuits.startEpoch();
                    openEpoch++;
                    assertThat(circuits.epoch()).isEqualTo(openEpoch);
                }
                case 7 -> {
                    for (PooledCircuit c : circuits.all()) {
                        if (c.waiting > 0 && random.nextBoolean()) {
                            circuits.letGo(c);
                        }
                    }
                }
                default -> circuits.retire(SELECTOR, DIRTY, now);
            }
        }
    }

    private static IsolationKey key(Random random) {
        IsolationKey key = IsolationKey.group(random.nextInt(2));
        key = random.nextBoolean() ? key.withCredentials(random.nextBoolean() ? "" : "u", "") : key;
        return random.nextBoolean() ? key.withPort(random.nextInt(2)) : key;
    }
}
