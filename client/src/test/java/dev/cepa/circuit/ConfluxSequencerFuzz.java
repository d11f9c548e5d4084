package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.RelayMessage;
import dev.cepa.channel.QueueMemory;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What an exit sends over legs that are as fast as they like, in its order or not at all. */
class ConfluxSequencerFuzz {
    private final QueueMemory memory = new QueueMemory(new TorEvents());

    /** Sends as an exit does, and keeps what is under way on each leg. */
    private static final class Exit {
        private final List<ArrayDeque<Object>> wires = new ArrayList<>();
        private final long[] sent;
        private final boolean[] lost;
        private int current;
        private int messages;

        Exit(int legs) {
            sent = new long[legs];
            lost = new boolean[legs];
            for (int i = 0; i < legs; i++) {
                wires.add(new ArrayDeque<>());
            }
        }

        void send(int leg) {
            if (leg != current) {
                wires.get(leg).add(sent[current] - sent[leg]);
                sent[leg] = sent[current];
                current = leg;
            }
            sent[leg]++;
            wires.get(leg).add(messages++);
        }
    }

    /** What came out; each message's body says its number, in as many bytes as its number mod 499. */
    private final class Delivery implements ConfluxSequencer.Receiver {
        int count;

        @Override
        public void received(int command, int streamId, byte[] buf, int at, int length) {
            assertThat(command).isEqualTo(command(count));
            assertThat(streamId).isEqualTo(count & 0xffff);
            assertThat(length).isEqualTo(count % 499);
            for (int i = at; i < at + length; i++) {
                assertThat(buf[i]).isEqualTo((byte) (count + i - at));
            }
            count++;
        }
    }

    private static int command(int message) {
        return message % 7 == 0 ? RelayMessage.CONNECTED : RelayMessage.DATA;
    }

    private static void feed(ConfluxSequencer sequencer, ConfluxSequencer.Leg leg, Object what, Delivery delivery)
            throws TorException {
        if (what instanceof Long relative) {
            sequencer.switched(leg, relative);
        } else {
            int number = (Integer) what;
            byte[] body = new byte[3 + number % 499];
            for (int i = 3; i < body.length; i++) {
                body[i] = (byte) (number + i - 3);
            }
            sequencer.received(leg, command(number), number & 0xffff, body, 3, number % 499, delivery);
        }
    }

    private static List<ConfluxSequencer.Leg> addLegs(ConfluxSequencer sequencer, int count) {
        List<ConfluxSequencer.Leg> legs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            legs.add(sequencer.addLeg());
        }
        return legs;
    }

    @Property(tries = 10_000)
    void whatComesOverSeveralLegsIsGivenOutInTheOrderInWhichItWasSent(
            @ForAll @IntRange(min = 2, max = 3) int count, @ForAll long seed) throws TorException {
        Random random = new Random(seed);
        ConfluxSequencer sequencer = new ConfluxSequencer(memory, Integer.MAX_VALUE);
        List<ConfluxSequencer.Leg> legs = addLegs(sequencer, count);
        Exit exit = new Exit(count);
        Delivery delivery = new Delivery();
        int total = random.nextInt(120);
        int stickiness = 1 + random.nextInt(20);
        while (exit.messages < total || exit.wires.stream().anyMatch(wire -> !wire.isEmpty())) {
            if (exit.messages < total && random.nextBoolean()) {
                exit.send(random.nextInt(stickiness) == 0 ? random.nextInt(count) : exit.current);
            } else {
                int leg = random.nextInt(count);
                for (int n = random.nextInt(10); n >= 0 && !exit.wires.get(leg).isEmpty(); n--) {
                    feed(sequencer, legs.get(leg), exit.wires.get(leg).remove(), delivery);
                }
            }
        }
        assertThat(delivery.count).isEqualTo(total);
        assertThat(sequencer.delivered()).isEqualTo(total);
        assertThat(sequencer.queuedBytes()).isZero();
        assertThat(sequencer.waitingSince()).isNull();
        assertThat(memory.used()).isZero();
    }

    @Property(tries = 10_000)
    void whenALegIsLostEverythingStillComesOrTheSetEnds(
            @ForAll @IntRange(min = 2, max = 3) int count, @ForAll long seed) throws TorException {
        Random random = new Random(seed);
        ConfluxSequencer sequencer = new ConfluxSequencer(memory, Integer.MAX_VALUE);
        List<ConfluxSequencer.Leg> legs = addLegs(sequencer, count);
        Exit exit = new Exit(count);
        Delivery delivery = new Delivery();
        int total = 1 + random.nextInt(60);
        int lostAt = random.nextInt(total);
        boolean ended = false;
        try {
            while (!ended && (exit.messages < total || exit.wires.stream().anyMatch(wire -> !wire.isEmpty()))) {
                if (exit.messages == lostAt && !exit.lost[0]) {
                    exit.lost[0] = true;
                    exit.wires.getFirst().clear();
                    ended = !sequencer.lost(legs.getFirst());
                } else if (exit.messages < total && random.nextBoolean()) {
                    int leg = random.nextInt(4) == 0 ? random.nextInt(count) : exit.current;
                    if (!exit.lost[leg]) {
                        exit.send(leg);
                    } else if (exit.current == leg) {
                        exit.send(leg == 0 ? 1 : 0);
                    }
                } else {
                    int leg = random.nextInt(count);
                    if (!exit.wires.get(leg).isEmpty()) {
                        feed(sequencer, legs.get(leg), exit.wires.get(leg).remove(), delivery);
                    }
                }
            }
        } catch (ProtocolException e) {
            ended = true;
        }
        if (ended) {
            assertThat(delivery.count).isLessThanOrEqualTo(total);
        } else {
            assertThat(delivery.count).isEqualTo(total);
        }
        sequencer.close();
        assertThat(memory.used()).isZero();
    }

    @Property
    void whateverNumbersAnExitMakesUpNothingIsGivenOutTwiceOrKeptForNothing(
            @ForAll @IntRange(min = 1, max = 3) int count, @ForAll long seed) {
        Random random = new Random(seed);
        ConfluxSequencer sequencer = new ConfluxSequencer(memory, 20_000);
        List<ConfluxSequencer.Leg> legs = addLegs(sequencer, count);
        long[] given = {0};
        try {
            for (int i = 0; i < 200; i++) {
                ConfluxSequencer.Leg leg = legs.get(random.nextInt(count));
                if (random.nextInt(4) == 0) {
                    sequencer.switched(leg, random.nextInt(8) == 0 ? random.nextLong(0xffff_ffffL) : random.nextInt(5));
                } else {
                    sequencer.received(
                            leg, RelayMessage.DATA, 1, new byte[498], 0, 498, (command, id, buf, at, length) -> given[0]++);
                }
                assertThat(given[0]).isEqualTo(sequencer.delivered());
                assertThat(sequencer.queuedBytes()).isLessThanOrEqualTo(20_000);
            }
        } catch (TorException e) {
            assertThat(given[0]).isLessThanOrEqualTo(sequencer.delivered());
        }
        sequencer.close();
        assertThat(memory.used()).isZero();
    }
}
