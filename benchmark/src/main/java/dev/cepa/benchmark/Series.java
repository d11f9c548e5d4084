package dev.cepa.benchmark;

import java.util.List;

/**
 * A curve for the report's charts, such as throughput over the number of streams. Immutable.
 *
 * @param name its title
 * @param xName what goes to the right, with its unit
 * @param yName what goes up, with its unit
 * @param points in the order of x
 */
public record Series(String name, String xName, String yName, List<Point> points) {
    /** One point. */
    public record Point(double x, double y) {}

    public Series {
        points = List.copyOf(points);
    }
}
