package dev.cepa.benchmark.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class FairnessTest {
    @Test
    void equalSharesAreFairAndOneForAllIsNot() {
        assertThat(Fairness.of(new double[] {5, 5, 5, 5}).index()).isEqualTo(1);
        assertThat(Fairness.of(new double[] {8, 0, 0, 0})).isEqualTo(new Fairness(0.25, 8, 0, 8, 3));
        assertThat(Fairness.of(new double[] {1, 2, 3}).index()).isCloseTo(36.0 / 42, within(1e-12));
        assertThat(Fairness.of(new double[] {1, 4}).leastToMost()).isEqualTo(0.25);
    }

    @Test
    void nothingAtAllIsNotFair() {
        assertThat(Fairness.of(new double[] {0, 0}).index()).isZero();
        assertThat(Fairness.of(new double[0])).isEqualTo(new Fairness(0, 0, 0, 0, 0));
        assertThat(Fairness.of(new double[0]).leastToMost()).isZero();
    }
}
