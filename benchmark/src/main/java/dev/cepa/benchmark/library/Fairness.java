package dev.cepa.benchmark.library;

/**
 * How evenly something was shared out. Immutable.
 *
 * @param index Jain's index of fairness: 1 if all got the same, 1/n if one of n got everything; 0 if nobody got anything
 */
record Fairness(double index, double sum, double least, double most, long starved) {

    /** Of these shares, none of them negative. */
    static Fairness of(double[] shares) {
        double sum = 0;
        double squares = 0;
        double least = shares.length == 0 ? 0 : Double.MAX_VALUE;
        double most = 0;
        long starved = 0;
        for (double share : shares) {
            sum += share;
            squares += share * share;
            least = Math.min(least, share);
            most = Math.max(most, share);
            starved += share > 0 ? 0 : 1;
        }
        return new Fairness(squares == 0 ? 0 : sum * sum / (shares.length * squares), sum, least, most, starved);
    }

    /** The smallest share as a part of the largest. */
    double leastToMost() {
        return most == 0 ? 0 : least / most;
    }
}
