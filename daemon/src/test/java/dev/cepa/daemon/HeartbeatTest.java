package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeartbeatTest {
    private static long period(String torrc) throws Exception {
        TorrcReader reader = new TorrcReader();
        reader.readText(torrc, "torrc");
        Settings settings = new Settings(OptionTable.load());
        settings.apply(reader.lines(), false);
        return Heartbeat.period(settings);
    }

    @ParameterizedTest
    @CsvSource({"0,0:00 hours", "59,0:00 hours", "300,0:05 hours", "21900,6:05 hours", "86400,1 day 0:00 hours",
        "1048200,12 days 3:10 hours"})
    void saysTheUptimeAsTorDoes(long seconds, String text) {
        assertThat(Heartbeat.uptime(seconds)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0,0 kB", "1048575,1023 kB", "1048576,1.00 MB", "1101004,1.05 MB", "1073741824,1.00 GB", "107911053312,100.50 GB"})
    void saysBytesAsTorDoes(long bytes, String text) {
        assertThat(Heartbeat.bytes(bytes)).isEqualTo(text);
    }

    @Test
    void comesEverySixHoursUnlessTold() throws Exception {
        assertThat(period("")).isEqualTo(Duration.ofHours(6).toNanos());
        assertThat(period("HeartbeatPeriod 1 minute\n")).isEqualTo(Duration.ofMinutes(30).toNanos());
        assertThat(period("HeartbeatPeriod 1 minute\nTestingTorNetwork 1\n")).isEqualTo(Duration.ofMinutes(1).toNanos());
        assertThat(period("HeartbeatPeriod 0\n")).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void isDueOncePeriodHasPassed() {
        Heartbeat heartbeat = new Heartbeat(Long.MAX_VALUE - 5);
        assertThat(heartbeat.nanosLeft(10, Long.MAX_VALUE - 5)).isEqualTo(10);
        assertThat(heartbeat.nanosLeft(10, Long.MAX_VALUE)).isEqualTo(5);
        assertThat(heartbeat.nanosLeft(10, Long.MIN_VALUE + 4)).isZero();
        assertThat(heartbeat.nanosLeft(Long.MAX_VALUE, 0)).isEqualTo(Long.MAX_VALUE);
    }
}
