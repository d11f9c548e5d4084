package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.cepa.Leftovers;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.Channel;
import dev.cepa.circuit.WirePath.Built;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.testrelay.RelayCircuit;
import dev.cepa.testrelay.RelayLink;
import dev.cepa.testrelay.RelayScript;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Relays that send whatever comes out of a random source, the same in each run: cells of all kinds, relay messages of
 * all kinds whose digests verify and some whose don't, and now and then bytes that are no cells. Whatever they send, the
 * client either goes on or ends the circuit or channel for a reason that is the relay's; nobody waits for ever, and nothing
 * is left. Every few rounds they send only what clients ignore: that circuits live through.
 */
class WireFuzz {
    private static final int SEEDS = 3;
    private static final int ROUNDS = 20;
    /** Each round of so many is a harmless one. */
    private static final int HARMLESS = 5;
    private static final int MOST_ACTIONS = 15;
    private static final long MOST_GROWTH = 16L * 1024 * 1024;
    private static final Set<ErrorKind> RELAYS_FAULT = EnumSet.of(
            ErrorKind.PROTOCOL, ErrorKind.CIRCUIT_FAILED, ErrorKind.ONION_SERVICE, ErrorKind.RELAY_UNREACHABLE);

    /** The ones that clients know; the rest of the numbers comes too, but less often. */
    private static final int[] COMMANDS = {
        RelayMessage.DATA, RelayMessage.DATA, RelayMessage.END, RelayMessage.CONNECTED, RelayMessage.SENDME,
        RelayMessage.DROP, RelayMessage.DROP, RelayMessage.DROP, RelayMessage.DROP, RelayMessage.RESOLVED,
        RelayMessage.EXTENDED2, RelayMessage.TRUNCATED, RelayMessage.BEGIN, 16, 42, 43, 44,
    };

    /** Answers handshakes with nonsense while it is told to. */
    private static final class Garbler implements RelayScript {
        private final Random random;
        private volatile boolean garbles;

        Garbler(Random random) {
            this.random = random;
        }

        @Override
        public byte[] created(byte[] handshake) {
            return garbles ? bytes(random, random.nextInt(508)) : handshake;
        }
    }

    private final List<Throwable> surprises = new CopyOnWriteArrayList<>();
    private int closings;

    @Test
    @Timeout(300)
    void whateverARelaySendsEndsNothingButItsCircuitOrChannel() throws Exception {
        Leftovers before = Leftovers.before();
        long used = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            run(seed, before);
            if (seed == 2) {
                used = usedMemory();
            }
        }
        assertThat(usedMemory() - used).as("bytes of memory more than after two seeds").isLessThan(MOST_GROWTH);
        before.assertNoThreads();
        assertThat(closings).as("circuits that random cells have ended").isGreaterThan(SEEDS * ROUNDS / 4);
    }

    private void run(int seed, Leftovers before) throws Exception {
        Garbler garbler = new Garbler(new Random(seed));
        try (WirePath path = new WirePath(garbler)) {
            Built witness = null;
            for (int round = 0; round < ROUNDS; round++) {
                String where = "seed " + seed + ", round " + round;
                // One of its own for each round: how many actions a circuit lives through is a matter of time.
                Random random = new Random(seed << 16 | round);
                boolean harmless = round % HARMLESS == 0;
                if (witness == null || !witness.circuit().isOpen()) {
                    witness = path.directory(0);
                }
                Channel channel = path.channel(0);
                garbledHandshake(path, garbler, random, where);
                Built victim = path.build(1 + random.nextInt(3));
                attack(victim, random, harmless, where);
                awaitDealtWith(channel, witness, where);
                check(victim, harmless, where);
                assertThat(surprises).as(where).isEmpty();
            }
            assertThat(before.newThreads()).as("threads while channels are open").isNotEmpty();
        }
    }

    /** What the witness gets comes behind all the random cells; without it, they have ended the channel. */
    private static void awaitDealtWith(Channel channel, Built witness, String where) throws Exception {
        try {
            witness.assertCarries();
        } catch (TorException e) {
            assertThat(e.kind()).as(where + ": " + e.getMessage()).isIn(RELAYS_FAULT);
            witness.awaitClosed();
            assertThat(channel.isOpen()).as(where + ": the channel is open without its circuits").isFalse();
        }
    }

    private static void garbledHandshake(WirePath path, Garbler garbler, Random random, String where) throws Exception {
        garbler.garbles = true;
        try {
            path.create(path.target(0, random.nextBoolean()), 0, WirePath.soon());
            fail(where + ": a garbled handshake was taken");
        } catch (TorException e) {
            assertThat(e.kind()).as(where).isEqualTo(ErrorKind.PROTOCOL);
        } finally {
            garbler.garbles = false;
        }
        path.relay(0).nextCircuit().awaitDestroyed();
    }

    private void attack(Built victim, Random random, boolean harmless, String where) throws Exception {
        List<Thread> users = new ArrayList<>();
        users.add(use(() -> victim.stream().input().readAllBytes()));
        users.add(use(() -> {
            for (int i = 0; i < 40; i++) {
                victim.stream().output().write(new byte[1000]);
                LockSupport.parkNanos(500_000);
            }
        }));
        users.add(use(() -> victim.circuit().resolve("example.com", WirePath.soon())));
        try {
            for (int i = random.nextInt(MOST_ACTIONS); i >= 0 && victim.circuit().isOpen(); i--) {
                if (harmless) {
                    actHarmlessly(victim, random);
                } else {
                    act(victim, random);
                }
            }
        } catch (IOException e) {
            // The client has hung up, or the relay has.
        }
        if (random.nextBoolean() && victim.circuit().isOpen()) {
            victim.stream().close();
        }
        for (Thread user : users) {
            awaitEnd(user, victim, where);
        }
    }

    private interface Use {
        void run() throws IOException;
    }

    /** Uses the circuit until it fails, which it may do with no other exception than ours. */
    private Thread use(Use what) {
        return Thread.ofVirtual().name("fuzz-user").start(() -> {
            try {
                what.run();
            } catch (TorException e) {
                // ended
            } catch (IOException | RuntimeException | Error e) {
                surprises.add(e);
            }
        });
    }

    /** A user whom the relay's cells have not ended gets there when the client closes the circuit. */
    private void awaitEnd(Thread user, Built victim, String where) throws InterruptedException {
        if (!user.join(Duration.ofMillis(20))) {
            victim.circuit().close();
            assertThat(user.join(Duration.ofSeconds(20))).as(where + ": a user of a closed circuit came to an end").isTrue();
        }
    }

    private void check(Built victim, boolean harmless, String where) {
        TorException reason = victim.circuit().closeReason();
        if (reason == null || reason.kind() == ErrorKind.CLOSED) {
            victim.circuit().close();
        } else {
            closings++;
            assertThat(harmless).as(where + ": " + reason.getMessage() + ", after nothing that harms").isFalse();
            assertThat(reason.kind()).as(where + ": " + reason.getMessage()).isIn(RELAYS_FAULT);
        }
    }

    private static void act(Built victim, Random random) throws IOException {
        RelayCircuit relay = victim.relays().get(random.nextInt(victim.relays().size()));
        RelayLink link = victim.guard().link();
        int circuitId = victim.guard().id();
        switch (random.nextInt(40)) {
            case 0 -> relay.sendUnverifiable(RelayMessage.DATA, streamId(victim, random), bytes(random, 20));
            case 1 -> relay.send(command(random), streamId(victim, random), random.nextInt(0x1_0000), bytes(random, 30));
            case 2 -> link.sendRaw(cell(random.nextInt(256), circuitId, random));
            case 3 -> link.sendRaw(cell(random.nextInt(256), random.nextBoolean() ? 0 : random.nextInt(), random));
            case 4 -> victim.guard().destroy(random.nextInt(256));
            case 5 -> misbehaveAtLast(link, random);
            case 6, 7, 8, 9, 10, 11 -> link.sendRaw(cell(
                    random.nextBoolean() ? Cell.VPADDING : Cell.PADDING, random.nextBoolean() ? 0 : circuitId, random));
            case 12, 13, 14, 15 -> link.sendRaw(cell(Cell.RELAY, random.nextInt(0x1000), random));
            default -> relay.send(command(random), streamId(victim, random), bytes(random, random.nextInt(499)));
        }
    }

    /** Padding, cells for circuits that are not ours, and messages that clients don't know. */
    private static void actHarmlessly(Built victim, Random random) throws IOException {
        RelayCircuit relay = victim.relays().get(random.nextInt(victim.relays().size()));
        RelayLink link = victim.guard().link();
        switch (random.nextInt(4)) {
            case 0 -> link.sendRaw(cell(Cell.VPADDING, random.nextBoolean() ? 0 : victim.guard().id(), random));
            case 1 -> link.sendRaw(cell(Cell.PADDING, 0, random));
            case 2 -> link.sendRaw(cell(Cell.RELAY, 1 + random.nextInt(0x1000), random));
            default -> relay.send(
                    random.nextBoolean() ? RelayMessage.DROP : 200 + random.nextInt(56),
                    streamId(victim, random), bytes(random, random.nextInt(499)));
        }
    }

    private static void misbehaveAtLast(RelayLink link, Random random) throws IOException {
        if (random.nextInt(3) == 0) {
            link.close();
        } else {
            link.sendRaw(bytes(random, random.nextInt(3000)));
            link.close();
        }
    }

    private static byte[] cell(int command, int circuitId, Random random) {
        return Cell.isVariable(command)
                ? new ByteWriter().u32(circuitId).bytes(RelayLink.variable(0, command, bytes(random, random.nextInt(700)))).toByteArray()
                : RelayLink.fixed(circuitId, command, bytes(random, Cell.BODY));
    }

    private static int command(Random random) {
        return random.nextInt(8) == 0 ? random.nextInt(256) : COMMANDS[random.nextInt(COMMANDS.length)];
    }

    private static int streamId(Built victim, Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextInt(0x1_0000);
            case 1 -> 0;
            default -> victim.streamId();
        };
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static long usedMemory() throws InterruptedException {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(50);
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }
}
