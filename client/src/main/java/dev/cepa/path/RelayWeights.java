package dev.cepa.path;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Weights of a snapshot's relays in one position, as running sums, so that a weighted draw is one binary search.
 * Immutable; 8 bytes a relay.
 */
final class RelayWeights {
    private final double[] sums;

    /** @param weights the weight of each relay, at least 0; becomes this object's own */
    RelayWeights(double[] weights) {
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i];
            weights[i] = sum;
        }
        this.sums = weights;
    }

    double total() {
        return sums.length == 0 ? 0 : sums[sums.length - 1];
    }

    double weight(int relay) {
        return relay == 0 ? sums[0] : sums[relay] - sums[relay - 1];
    }

    /** A relay with the probability of its share of the total, which must be above 0. */
    int draw(RandomGenerator random) {
        // The first relay whose sum is above the point; nextDouble() < 1, but its product may round up to the total.
        double point = Math.min(random.nextDouble() * total(), Math.nextDown(total()));
        int found = Arrays.binarySearch(sums, point);
        int relay = found < 0 ? -found - 1 : found + 1;
        while (sums[relay] <= point) {
            relay++;
        }
        return relay;
    }
}
