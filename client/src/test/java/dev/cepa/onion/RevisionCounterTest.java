package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.crypto.Hex;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RevisionCounterTest {
    private final RevisionCounter counter =
            new RevisionCounter(Hex.hex("19e05891d55232c08c2cad91d612fdb9cbd6691949a0742434a76c80bc6992fe"));

    /** C tor's. */
    @ParameterizedTest
    @CsvSource({
        "121132, 3971694514",
        "82283, 2695743564",
        "72661, 2381548866",
        "72941, 2390408421",
        "123122, 4036781069",
        "12154, 402067100",
        "121574, 3986197593",
        "11391, 376696838",
        "65845, 2161801517",
        "86301, 2828270975",
        "61284, 2013616892",
        "70505, 2313368870"
    })
    void countsAsCTorDoes(long seconds, long revision) {
        assertThat(counter.at(seconds)).isEqualTo(revision);
    }

    @Test
    void growsWithTheTimeAndStaysInItsBounds() {
        long before = 0;
        for (int seconds = 1; seconds < 20_000; seconds += 97) {
            assertThat(counter.at(seconds)).isGreaterThan(before);
            before = counter.at(seconds);
        }
        assertThat(counter.at(0)).isEqualTo(counter.at(1)).isPositive();
        assertThat(counter.at(Long.MAX_VALUE)).isEqualTo(counter.at(RevisionCounter.MAX_SECONDS));
    }
}
