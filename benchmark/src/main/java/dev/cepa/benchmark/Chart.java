package dev.cepa.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;

/** Draws a curve as SVG. Colours come from the page's style. */
final class Chart {
    private static final int WIDTH = 560;
    private static final int HEIGHT = 260;
    private static final int LEFT = 64;
    private static final int RIGHT = 16;
    private static final int TOP = 14;
    private static final int BOTTOM = 46;
    private static final int Y_TICKS = 5;
    private static final double[] PERCENTILES = {0, 50, 75, 90, 95, 99, 99.9};

    private Chart() {}

    /** Latency by percentile; the axis stretches towards 100, where it matters. */
    static String latencies(Latencies latencies) {
        List<Series.Point> points = new ArrayList<>();
        for (Latencies.Point point : latencies.distribution()) {
            points.add(new Series.Point(point.percentile(), Words.millis(point.value())));
        }
        double last = Math.max(99, 100 * (1 - 1.0 / Math.max(1, latencies.count())));
        List<Series.Point> shown = new ArrayList<>();
        for (Series.Point point : points) {
            // Beyond what so few values can tell, every percentile is the largest value.
            if (point.x() < last) {
                shown.add(point);
            }
        }
        shown.add(new Series.Point(last, Words.millis(latencies.max())));
        List<Double> ticks = new ArrayList<>();
        for (double percentile : PERCENTILES) {
            if (percentile <= last) {
                ticks.add(percentile);
            }
        }
        return draw("Latency by percentile", "percentile", "ms", shown, ticks, Chart::stretch, Chart::plain, false);
    }

    private static double stretch(double percentile) {
        return -Math.log10(1 - Math.min(percentile, 99.999) / 100);
    }

    /** A scaling chart or any other curve; with dots where there are few points. */
    static String series(Series series) {
        List<Double> ticks = new ArrayList<>();
        int step = Math.max(1, series.points().size() / 8);
        for (int i = 0; i < series.points().size(); i += step) {
            ticks.add(series.points().get(i).x());
        }
        DoubleUnaryOperator scale = isWide(series.points()) ? Math::log10 : DoubleUnaryOperator.identity();
        return draw(series.name(), series.xName(), series.yName(), series.points(), ticks, scale, Chart::plain,
                series.points().size() <= 24);
    }

    /** Whether a few points lie so far apart, as 10 to 1000 streams do, that a logarithmic axis shows them better. */
    private static boolean isWide(List<Series.Point> points) {
        return points.size() > 1
                && points.size() <= 12
                && points.getFirst().x() > 0
                && points.getLast().x() >= 20 * points.getFirst().x();
    }

    private static String draw(String title, String xName, String yName, List<Series.Point> points, List<Double> xTicks,
            DoubleUnaryOperator scale, DoubleFunction<String> label, boolean dots) {
        if (points.isEmpty()) {
            return "";
        }
        double xLow = Double.MAX_VALUE;
        double xHigh = -Double.MAX_VALUE;
        double top = 0;
        for (Series.Point point : points) {
            xLow = Math.min(xLow, scale.applyAsDouble(point.x()));
            xHigh = Math.max(xHigh, scale.applyAsDouble(point.x()));
            top = Math.max(top, Double.isFinite(point.y()) ? point.y() : 0);
        }
        double step = step(top / Y_TICKS);
        double yHigh = step * Math.max(1, Math.ceil(top / step));
        double xSpan = xHigh > xLow ? xHigh - xLow : 1;
        StringBuilder out = new StringBuilder(4096);
        out.append("<svg viewBox=\"0 0 ").append(WIDTH).append(' ').append(HEIGHT).append("\" role=\"img\" aria-label=\"")
                .append(HtmlReport.escape(title)).append("\">\n");
        for (double y = 0; y <= yHigh + step / 2; y += step) {
            String at = coordinate(y(y, yHigh));
            out.append("<line class=\"grid\" x1=\"").append(LEFT).append("\" x2=\"").append(WIDTH - RIGHT).append("\" y1=\"")
                    .append(at).append("\" y2=\"").append(at).append("\"/>");
            text(out, LEFT - 8, y(y, yHigh) + 4, "end", label.apply(y));
        }
        double lastLabel = -1000;
        for (double tick : xTicks) {
            double x = x(scale.applyAsDouble(tick), xLow, xSpan);
            out.append("<line class=\"grid\" x1=\"").append(coordinate(x)).append("\" x2=\"").append(coordinate(x))
                    .append("\" y1=\"").append(TOP).append("\" y2=\"").append(HEIGHT - BOTTOM).append("\"/>");
            if (x - lastLabel >= 28) {
                text(out, x, HEIGHT - BOTTOM + 18, "middle", label.apply(tick));
                lastLabel = x;
            }
        }
        text(out, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6, "middle", xName);
        out.append("<text transform=\"translate(14,").append((TOP + HEIGHT - BOTTOM) / 2)
                .append(") rotate(-90)\" text-anchor=\"middle\">").append(HtmlReport.escape(yName)).append("</text>\n");
        curve(out, points, scale, xLow, xSpan, yHigh, dots, label);
        return out.append("</svg>\n").toString();
    }

    private static void curve(StringBuilder out, List<Series.Point> points, DoubleUnaryOperator scale, double xLow,
            double xSpan, double yHigh, boolean dots, DoubleFunction<String> label) {
        out.append("<polyline class=\"curve\" points=\"");
        for (Series.Point point : points) {
            if (Double.isFinite(point.y())) {
                out.append(coordinate(x(scale.applyAsDouble(point.x()), xLow, xSpan))).append(',')
                        .append(coordinate(y(point.y(), yHigh))).append(' ');
            }
        }
        out.append("\"/>\n");
        for (Series.Point point : points) {
            if (dots && Double.isFinite(point.y())) {
                out.append("<circle class=\"dot\" r=\"3.5\" cx=\"")
                        .append(coordinate(x(scale.applyAsDouble(point.x()), xLow, xSpan))).append("\" cy=\"")
                        .append(coordinate(y(point.y(), yHigh))).append("\"><title>").append(label.apply(point.x()))
                        .append(": ").append(label.apply(point.y())).append("</title></circle>\n");
            }
        }
    }

    private static void text(StringBuilder out, double x, double y, String anchor, String text) {
        out.append("<text x=\"").append(coordinate(x)).append("\" y=\"").append(coordinate(y)).append("\" text-anchor=\"")
                .append(anchor).append("\">").append(HtmlReport.escape(text)).append("</text>\n");
    }

    private static double x(double scaled, double low, double span) {
        return LEFT + (scaled - low) / span * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double value, double high) {
        return HEIGHT - BOTTOM - value / high * (HEIGHT - TOP - BOTTOM);
    }

    /** The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below. */
    static double step(double least) {
        if (!(least > 0) || !Double.isFinite(least)) {
            return 1;
        }
        double power = Math.pow(10, Math.floor(Math.log10(least)));
        for (double factor : new double[] {1, 2, 2.5, 5}) {
            if (factor * power >= least) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static String plain(double value) {
        return Words.number(value);
    }

    private static String coordinate(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
