package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ConnectBackoffTest {
    private static final long SECOND = 1_000_000_000L;
    private static final TorException CAUSE = new TorException(ErrorKind.RELAY_UNREACHABLE, "it burns");

    private final RsaId relay = relay(1);
    private final ConnectBackoff backoff = new ConnectBackoff(new Random(1));

    @Test
    void leavesRelayAloneTwiceAsLongAfterEachFailureUpToAMinute() {
        long now = 0;
        double[] waits = {1, 2, 4, 8, 16, 32, 60, 60, 60};
        for (double wait : waits) {
            backoff.failed(relay, now, CAUSE, false);
            long waited = waitAfter(now);
            assertThat(waited).isBetween((long) (wait * 0.5 * SECOND), (long) (wait * 1.5 * SECOND));
            now += waited;
        }
    }

    @Test
    void saysWhatWentWrong() {
        backoff.failed(relay, 0, CAUSE, false);
        assertThatThrownBy(() -> backoff.failIfTooEarly(relay, "$" + relay, 1, 0))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.RELAY_UNREACHABLE))
                .hasMessageContaining("it burns");
    }

    @Test
    void startsAnewAfterSuccessOrTenQuietMinutes() {
        backoff.failed(relay, 0, CAUSE, false);
        backoff.failed(relay, 0, CAUSE, false);
        backoff.failed(relay, 0, CAUSE, false);
        backoff.succeeded(relay);
        assertThatCode(() -> backoff.failIfTooEarly(relay, "$" + relay, 1, 0)).doesNotThrowAnyException();
        backoff.failed(relay, 0, CAUSE, false);
        backoff.failed(relay, 0, CAUSE, false);
        backoff.failed(relay, 1000 * SECOND, CAUSE, false);
        assertThat(waitAfter(1000 * SECOND)).isLessThan(2 * SECOND);
    }

    @Test
    void failuresWhileNothingComesFromTheNetworkDontAddUpAndAreForgottenWhenSomethingComes() {
        long now = 0;
        for (int i = 0; i < 10; i++) {
            backoff.failed(relay, now, CAUSE, true);
            long waited = waitAfter(now);
            assertThat(waited).isBetween(SECOND / 2, 3 * SECOND / 2);
            now += waited;
        }
        long failed = now;
        backoff.failed(relay, failed, CAUSE, true);
        assertThatThrownBy(() -> backoff.failIfTooEarly(relay, "$" + relay, failed + 2, failed)).isInstanceOf(TorException.class);
        assertThatCode(() -> backoff.failIfTooEarly(relay, "$" + relay, failed + 2, failed + 1)).doesNotThrowAnyException();
    }

    @Test
    void aFailureOfTheRelayAloneIsNotForgottenWhenSomethingComes() {
        backoff.failed(relay, 0, CAUSE, false);
        assertThatThrownBy(() -> backoff.failIfTooEarly(relay, "$" + relay, 2, 1)).isInstanceOf(TorException.class);
    }

    @Test
    void othersAreNotAffected() {
        backoff.failed(relay, 0, CAUSE, false);
        assertThatCode(() -> backoff.failIfTooEarly(relay(2), "$" + relay(2), 1, 0)).doesNotThrowAnyException();
    }

    @Test
    void remembersNoMoreThanAThousand() {
        for (int i = 0; i < 5_000; i++) {
            backoff.failed(relay(i), 0, CAUSE, false);
        }
        assertThat(backoff.size()).isLessThanOrEqualTo(1_000);
        assertThatThrownBy(() -> backoff.failIfTooEarly(relay(4_999), "$" + relay(4_999), 1, 0)).isInstanceOf(TorException.class);
    }

    private long waitAfter(long now) {
        long step = SECOND / 100;
        for (long at = now; ; at += step) {
            try {
                backoff.failIfTooEarly(relay, "$" + relay, at, 0);
                return at - now;
            } catch (TorException e) {
                // not yet
            }
        }
    }

    private static RsaId relay(int number) {
        return RsaId.of(ByteBuffer.allocate(20).putInt(number).array());
    }
}
