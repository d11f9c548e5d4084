package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.TimeZone;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(new TorLogger("x", new LogOutput(
            InstantSource.fixed(Instant.EPOCH), TimeZone.getTimeZone("UTC"), written, new ByteArrayOutputStream())));

    private String written() {
        return written.toString(StandardCharsets.UTF_8);
    }

    private static TorEvent circuitThatEnded(@Nullable TorException reason) {
        return new TorEvent.CircuitStatus(1, TorEvent.CircuitStatus.Status.FAILED, "GENERAL", List.of(), reason, null);
    }

    @Test
    void warnsAboutRelaysThatBreakTheProtocolOnlyIfTold() {
        log.onEvent(circuitThatEnded(new ProtocolException("a CREATED2 of 3 bytes")));
        assertThat(written()).isEmpty();
        log.setProtocolWarnings(true);
        log.onEvent(circuitThatEnded(new ProtocolException("a CREATED2 of 3 bytes")));
        assertThat(written()).endsWith("[warn] A relay broke the protocol: a CREATED2 of 3 bytes\n").hasLineCount(1);
        log.setProtocolWarnings(false);
        log.onEvent(circuitThatEnded(new ProtocolException("a CREATED2 of 3 bytes")));
        assertThat(written()).hasLineCount(1);
    }

    @Test
    void saysThatTheClockIsWrongAndThatItIsRightAgain() {
        log.onEvent(new TorEvent.ClockSkew(Duration.ofSeconds(-7505), "$AAAA"));
        assertThat(written()).contains("[warn] Our clock is 125 minutes, 5 seconds behind compared to the time of $AAAA.");
        log.onEvent(new TorEvent.ClockSkew(Duration.ZERO, "$BBBB"));
        assertThat(written()).hasLineCount(2).endsWith("[notice] Our clock agrees with the time of $BBBB again.\n");
    }

    @Test
    void doesNotTakeAnOrdinaryFailureForABreachOfTheProtocol() {
        log.setProtocolWarnings(true);
        log.onEvent(circuitThatEnded(new TorException(ErrorKind.TIMEOUT, "too slow")));
        log.onEvent(circuitThatEnded(null));
        assertThat(written()).isEmpty();
    }
}
