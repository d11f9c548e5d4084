package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IntroMemoryTest {
    private Instant now = Instant.parse("2026-11-24T00:00:00Z");
    private final IntroMemory memory = new IntroMemory(() -> now, new Random(1));
    private List<IntroPoint> points;

    @BeforeEach
    void makePoints() throws Exception {
        points = List.of(DescriptorTest.introPoint(0), DescriptorTest.introPoint(1), DescriptorTest.introPoint(2));
    }

    @Test
    void triesThemInAllOrders() {
        Set<List<IntroPoint>> orders = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            orders.add(memory.usable(points));
        }
        assertThat(orders).hasSize(6);
    }

    @Test
    void oneThatRefusedIsLeftOutForTenSecondsThenTriedLastAndForgottenAfterTwoMinutes() {
        memory.failed(points.get(1));
        assertThat(memory.usable(points)).hasSize(2).doesNotContain(points.get(1));
        now = now.plus(IntroMemory.PAUSE.minusSeconds(1));
        assertThat(memory.usable(points)).hasSize(2);
        now = now.plusSeconds(1);
        assertThat(memory.usable(points)).hasSize(3).last().isEqualTo(points.get(1));
        now = now.plus(IntroMemory.MEMORY);
        assertThat(Stream.generate(() -> memory.usable(points).getLast()).limit(200))
                .contains(points.get(0), points.get(2));
    }

    @Test
    void oneThatRefusesAgainAndAgainIsTriedLessAndLess() {
        long pause = IntroMemory.PAUSE.toSeconds();
        for (int times = 1; times <= 4; times++, pause *= 2) {
            memory.failed(points.get(0));
            now = now.plusSeconds(pause - 1);
            assertThat(memory.usable(points)).hasSize(2);
            now = now.plusSeconds(1);
            assertThat(memory.usable(points)).hasSize(3);
        }
    }

    @Test
    void oneThatCouldNotBeReachedIsTriedLast() {
        for (int i = 1; i < IntroMemory.UNREACHABLE; i++) {
            memory.unreachable(points.get(0));
            assertThat(memory.usable(points)).hasSize(3).last().isEqualTo(points.get(0));
        }
        memory.unreachable(points.get(0));
        assertThat(memory.usable(points)).hasSize(2);
        now = now.plus(IntroMemory.PAUSE);
        assertThat(memory.usable(points)).hasSize(3).last().isEqualTo(points.get(0));
    }

    @Test
    void forgetsWhenToldTo() {
        points.forEach(memory::failed);
        assertThat(memory.usable(points)).isEmpty();
        memory.clear();
        assertThat(memory.usable(points)).hasSize(3);
    }

    @Test
    void remembersNoMoreThanItsBound() {
        memory.failed(points.get(0));
        for (int i = 0; i < 500; i++) {
            byte[] key = new byte[32];
            key[0] = (byte) i;
            key[1] = (byte) (i >> 8);
            memory.failed(new IntroPoint(List.of(), key, key, key));
            now = now.plus(Duration.ofMillis(10));
        }
        assertThat(memory.usable(points)).hasSize(3);
    }
}
