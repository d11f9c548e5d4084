package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.pool.IsolationKey;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class AnswerCacheTest {
    private static final IsolationKey ONE = IsolationKey.group(1);
    private static final IsolationKey OTHER = IsolationKey.group(2);

    private Instant now = Instant.EPOCH;
    private final AnswerCache cache = new AnswerCache(() -> now);

    private static List<Answer> answers(long ttl) {
        return List.of(new Answer.Address(Objects.requireNonNull(HostText.parseAddress("192.0.2.1")), ttl));
    }

    @Test
    void isForTheSameIsolationAlone() {
        cache.keep(ONE, "a.example", answers(60));
        assertThat(cache.find(ONE, "a.example")).isEqualTo(answers(60));
        assertThat(cache.find(OTHER, "a.example")).isNull();
        assertThat(cache.find(ONE, "b.example")).isNull();
    }

    @Test
    void answersAgeAndExpire() {
        cache.keep(ONE, "a.example", answers(60));
        now = now.plusSeconds(20);
        assertThat(cache.find(ONE, "a.example")).isEqualTo(answers(40));
        now = now.plusSeconds(40);
        assertThat(cache.find(ONE, "a.example")).isNull();
    }

    @Test
    void keepsNothingForLongerThanHalfAnHour() {
        cache.keep(ONE, "a.example", answers(1_000_000));
        now = now.plusSeconds(1799);
        assertThat(cache.find(ONE, "a.example")).isNotNull();
        now = now.plusSeconds(1);
        assertThat(cache.find(ONE, "a.example")).isNull();
    }

    @Test
    void forgetsWhatWasKeptWhenTheClockGoesBack() {
        now = now.plusSeconds(100);
        cache.keep(ONE, "a.example", answers(60));
        now = now.minusSeconds(1);
        assertThat(cache.find(ONE, "a.example")).isNull();
    }

    @Test
    void isBoundedAndForgetsTheLongestUnused() {
        cache.keep(ONE, "first.example", answers(60));
        cache.keep(ONE, "second.example", answers(60));
        for (int i = 0; i < 998; i++) {
            cache.keep(ONE, i + ".example", answers(60));
        }
        assertThat(cache.find(ONE, "first.example")).isNotNull();
        cache.keep(ONE, "one.more", answers(60));
        assertThat(cache.find(ONE, "second.example")).isNull();
        assertThat(cache.find(ONE, "first.example")).isNotNull();
        cache.clear();
        assertThat(cache.find(ONE, "first.example")).isNull();
    }
}
