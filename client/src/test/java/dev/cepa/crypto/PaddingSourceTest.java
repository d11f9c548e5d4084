package dev.cepa.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PaddingSourceTest {
    private final PaddingSource source = new PaddingSource(new SecureRandom());

    @Test
    void fillsWhatItShouldAndNothingElse() {
        byte[] bytes = new byte[100];
        source.fill(bytes, 10, 80);
        assertThat(Arrays.copyOf(bytes, 10)).containsOnly(0);
        assertThat(Arrays.copyOfRange(bytes, 90, 100)).containsOnly(0);
        assertThat(Arrays.copyOfRange(bytes, 10, 90)).isNotEqualTo(new byte[80]);
    }

    @Test
    void neverFillsTheSameTwice() {
        byte[] first = new byte[32];
        byte[] second = new byte[32];
        byte[] other = new byte[32];
        source.fill(first, 0, 32);
        source.fill(second, 0, 32);
        new PaddingSource(new SecureRandom()).fill(other, 0, 32);
        assertThat(first).isNotEqualTo(second).isNotEqualTo(other);
    }
}
