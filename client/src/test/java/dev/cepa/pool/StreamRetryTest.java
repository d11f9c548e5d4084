package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.EndReason;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StreamRetryTest {
    @Test
    void whatAnExitSaysOfItselfIsTriedElsewhereAndWhatItSaysOfTheDestinationIsNot() {
        Set<EndReason> again = EnumSet.of(
                EndReason.EXITPOLICY, EndReason.RESOLVEFAILED, EndReason.MISC, EndReason.NOROUTE, EndReason.HIBERNATING,
                EndReason.RESOURCELIMIT);
        for (EndReason reason : EndReason.values()) {
            TorException ended = new StreamException(reason.kind(), reason.code(), "ended");
            assertThat(StreamRetry.isWorthwhile(ended, 0)).as("%s", reason).isEqualTo(again.contains(reason));
            assertThat(StreamRetry.isWorthwhile(ended, 2)).as("a fourth time").isFalse();
        }
    }

    @Test
    void aCircuitThatBreaksOrAnExitThatIsSilentIsReplaced() {
        for (ErrorKind kind : EnumSet.of(ErrorKind.CIRCUIT_FAILED, ErrorKind.TIMEOUT, ErrorKind.RELAY_UNREACHABLE)) {
            assertThat(StreamRetry.isWorthwhile(new TorException(kind, "x"), 1)).isTrue();
        }
        for (ErrorKind kind : EnumSet.of(ErrorKind.CLOSED, ErrorKind.BAD_REQUEST, ErrorKind.CONFIG, ErrorKind.INTERNAL)) {
            assertThat(StreamRetry.isWorthwhile(new TorException(kind, "x"), 0)).isFalse();
        }
    }

    @Test
    void onlyAnExitThatIsSilentOrTakesNoStreamsIsNoGoodForOthers() {
        for (EndReason reason : EndReason.values()) {
            assertThat(StreamRetry.isCircuitsFault(new StreamException(reason.kind(), reason.code(), "ended")))
                    .as("%s", reason)
                    .isEqualTo(reason == EndReason.HIBERNATING || reason == EndReason.RESOURCELIMIT);
        }
        for (ErrorKind kind : ErrorKind.values()) {
            assertThat(StreamRetry.isCircuitsFault(new TorException(kind, "x"))).isEqualTo(kind == ErrorKind.TIMEOUT);
        }
    }

    @Test
    void exitsHaveTenTenAndFifteenSecondsOrWhatTheUserSays() {
        assertThat(StreamRetry.answerTime(0, null)).isEqualTo(Duration.ofSeconds(10));
        assertThat(StreamRetry.answerTime(1, null)).isEqualTo(Duration.ofSeconds(10));
        assertThat(StreamRetry.answerTime(2, null)).isEqualTo(Duration.ofSeconds(15));
        assertThat(StreamRetry.answerTime(2, Duration.ofSeconds(3))).isEqualTo(Duration.ofSeconds(3));
    }
}
