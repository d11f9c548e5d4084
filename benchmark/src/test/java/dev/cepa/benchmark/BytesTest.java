package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BytesTest {
    @Test
    void amountsHaveTheirUnit() {
        assertThat(Bytes.format(0)).isEqualTo("0 B");
        assertThat(Bytes.format(1023)).isEqualTo("1023 B");
        assertThat(Bytes.format(1024)).isEqualTo("1.0 KiB");
        assertThat(Bytes.format(1536)).isEqualTo("1.5 KiB");
        assertThat(Bytes.format(50L << 20)).isEqualTo("50.0 MiB");
        assertThat(Bytes.format((1 << 20) - 1)).isEqualTo("1.0 MiB");
        assertThat(Bytes.format(5L << 30)).isEqualTo("5.0 GiB");
        assertThat(Bytes.format(-2048)).isEqualTo("-2.0 KiB");
        assertThat(Bytes.format(Long.MAX_VALUE)).isEqualTo("8.0 EiB");
        assertThat(Bytes.format(Long.MIN_VALUE)).isEqualTo("-8.0 EiB");
    }

    @Test
    void numbersAndTimesHaveThreeDigits() {
        assertThat(Words.number(1234.5)).isEqualTo("1235");
        assertThat(Words.number(0.98765)).isEqualTo("0.988");
        assertThat(Words.number(5000)).isEqualTo("5000");
        assertThat(Words.number(Double.NaN)).isEqualTo("not known");
        assertThat(Words.duration(Duration.ofNanos(850_000))).isEqualTo("850 µs");
        assertThat(Words.duration(Duration.ofMillis(12))).isEqualTo("12 ms");
        assertThat(Words.duration(Duration.ofMillis(4560))).isEqualTo("4.56 s");
        assertThat(Words.duration(Duration.ofSeconds(125))).isEqualTo("2 m 5 s");
        assertThat(Words.amount(2048, "bytes/s")).isEqualTo("2.0 KiB/s");
    }
}
