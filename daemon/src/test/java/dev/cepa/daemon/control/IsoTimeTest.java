package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class IsoTimeTest {
    @Test
    void writesTimesInBothForms() {
        Instant time = Instant.parse("2026-01-02T03:04:05.000067891Z");
        assertThat(IsoTime.seconds(time)).isEqualTo("2026-01-02 03:04:05");
        assertThat(IsoTime.seconds(time, ZoneOffset.ofHours(2), 'T')).isEqualTo("2026-01-02T05:04:05");
        assertThat(IsoTime.micros(time)).isEqualTo("2026-01-02T03:04:05.000067");
    }
}
