package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ProtocolException;
import org.junit.jupiter.api.Test;

class StreamPaceTest {
    private static final long SECOND = 1_000_000_000L;

    private final StreamPace pace = new StreamPace(new CongestionSettings.Streams(1000, 10_000, 5000));
    private long now = 7;

    @Test
    void sendsAsFastAsItCanUntilItIsStopped() throws ProtocolException {
        pace.sent(10_000);
        assertThat(pace.nanosToWait(now)).isZero();
        pace.stop();
        assertThat(pace.nanosToWait(now)).isEqualTo(StreamPace.STOPPED);
        pace.go(0, now);
        assertThat(pace.nanosToWait(now)).isZero();
    }

    @Test
    void keepsToTheSpeedThatItIsTold() throws ProtocolException {
        pace.sent(10_000);
        pace.go(100, now);
        long sent = 0;
        long begin = now;
        while (sent < 1_000_000) {
            long wait = pace.nanosToWait(now);
            if (wait == 0) {
                pace.sent(498);
                sent += 498;
            } else {
                now += wait;
            }
        }
        assertThat((now - begin) / (double) SECOND).isBetween(9.8, 10.0);
    }

    @Test
    void timeWithoutAnythingToSendIsNotMadeUpFor() throws ProtocolException {
        pace.sent(10_000);
        pace.go(100, now);
        now += 3600 * SECOND;
        int sent = 0;
        while (pace.nanosToWait(now) == 0) {
            pace.sent(498);
            sent += 498;
        }
        assertThat(sent).isLessThan(11_000);
    }

    @Test
    void isNotStoppedBeforeTheFarEndCanHaveTooMuch() {
        pace.sent(9999);
        assertThatThrownBy(pace::stop).isInstanceOf(ProtocolException.class);
    }

    @Test
    void isNotStoppedTwiceNorMoreOftenThanWhatWasSentExplains() throws ProtocolException {
        pace.sent(20_000);
        pace.stop();
        assertThatThrownBy(pace::stop).isInstanceOf(ProtocolException.class);
        pace.go(0, now);
        assertThatThrownBy(pace::stop).as("a third").isInstanceOf(ProtocolException.class);
    }

    @Test
    void isToldASpeedNoMoreOftenThanWhatWasSentExplains() throws ProtocolException {
        pace.sent(9999);
        pace.go(5, now);
        assertThatThrownBy(() -> pace.go(6, now)).isInstanceOf(ProtocolException.class);
    }
}
