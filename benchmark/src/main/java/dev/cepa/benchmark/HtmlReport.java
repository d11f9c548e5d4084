package dev.cepa.benchmark;

import java.util.List;

/** A report as one page that needs nothing else: no script, no font, no picture from anywhere. Light and dark. */
final class HtmlReport {
    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>Cepa benchmark</title>
            <style>
            :root { color-scheme: light dark; --page: #fbfaf8; --card: #ffffff; --ink: #23211e; --dim: #6d675f;
              --line: #e2ded7; --curve: #7a4fb5; --good: #1d7a45; --bad: #b3261e; }
            @media (prefers-color-scheme: dark) { :root { --page: #191817; --card: #232120; --ink: #ece8e1; --dim: #a49c91;
              --line: #3b3835; --curve: #b995ee; --good: #6fcf97; --bad: #ff8a80; } }
            body { margin: 0 auto; max-width: 70rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--ink);
              font: 16px/1.5 system-ui, sans-serif; }
            h1 { font-size: 1.6rem; margin: 0; }
            h2 { font-size: 1.2rem; margin: 0; }
            .dim { color: var(--dim); }
            .final { font-size: 1.15rem; font-weight: 600; margin: 1rem 0 1.5rem; }
            .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.25rem 1.25rem;
              margin-top: 1.25rem; }
            .top { display: flex; justify-content: space-between; gap: 1rem; align-items: baseline; flex-wrap: wrap; }
            .good { color: var(--good); } .bad { color: var(--bad); }
            .state { font-weight: 600; white-space: nowrap; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
            th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); }
            th { font-weight: 600; color: var(--dim); border-top: 0; }
            td.n, th.n { text-align: right; white-space: nowrap; }
            .facts { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: .6rem 0 1rem; }
            .facts b { font-weight: 600; }
            .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 1rem;
              margin-top: 1rem; }
            figure { margin: 0; } figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .25rem; }
            svg { width: 100%; height: auto; display: block; }
            svg text { fill: var(--dim); font: 11px system-ui, sans-serif; }
            svg .grid { stroke: var(--line); stroke-width: 1; }
            svg .curve { fill: none; stroke: var(--curve); stroke-width: 2; stroke-linejoin: round; }
            svg .dot { fill: var(--curve); }
            a { color: inherit; }
            </style>
            </head>
            <body>
            """;

    private HtmlReport() {}

    static String page(Report report, List<Baseline.Comparison> comparisons) {
        StringBuilder out = new StringBuilder(64 * 1024).append(HEAD);
        Environment at = report.environment();
        out.append("<h1>Cepa benchmark</h1>\n<div class=\"dim\">");
        out.append(escape("Cepa " + at.version() + " on a " + at.network() + ". " + report.started().toString().substring(0, 16).replace('T', ' ')
                + " UTC, " + Words.duration(report.duration()) + ". " + at.processors() + " processors, " + at.os() + " "
                + at.architecture() + ", " + at.java() + "."));
        if (at.quick()) {
            out.append(" A quick run: it shows that everything works, its figures mean little.");
        }
        out.append("</div>\n<div class=\"final ").append(report.success() ? "good" : "bad").append("\">FINAL RESULTS: ")
                .append(report.passed()).append(" PASSED, ").append(report.failed()).append(" FAILED (out of ")
                .append(report.total()).append(" total)</div>\n");
        overview(report, out);
        comparison(comparisons, out);
        for (int i = 0; i < report.results().size(); i++) {
            card(report.results().get(i), i, out);
        }
        return out.append("</body>\n</html>\n").toString();
    }

    private static void overview(Report report, StringBuilder out) {
        out.append("<div class=\"wide\"><table>\n<tr><th>Benchmark</th><th>Status</th><th class=\"n\">Operations</th>"
                + "<th class=\"n\">p50</th><th class=\"n\">p95</th><th class=\"n\">p99</th><th class=\"n\">max</th>"
                + "<th class=\"n\">Memory in use</th></tr>\n");
        for (int i = 0; i < report.results().size(); i++) {
            Result result = report.results().get(i);
            Latencies latency = result.latency();
            out.append("<tr><td><a href=\"#b").append(i).append("\">").append(escape(result.name())).append("</a></td><td>");
            state(result.success(), out);
            out.append("</td>");
            cell(Long.toString(result.operations()), out);
            cell(latency == null ? "" : Words.duration(latency.p50()), out);
            cell(latency == null ? "" : Words.duration(latency.p95()), out);
            cell(latency == null ? "" : Words.duration(latency.p99()), out);
            cell(latency == null ? "" : Words.duration(latency.max()), out);
            cell(result.memoryInUse() == MemorySnapshot.UNKNOWN ? "" : Bytes.format(result.memoryInUse()), out);
            out.append("</tr>\n");
        }
        for (String name : report.notRun()) {
            out.append("<tr><td>").append(escape(name)).append("</td><td class=\"dim\" colspan=\"7\">not run</td></tr>\n");
        }
        out.append("</table></div>\n");
    }

    private static void comparison(List<Baseline.Comparison> comparisons, StringBuilder out) {
        if (comparisons.isEmpty()) {
            return;
        }
        out.append("<div class=\"card\"><h2>Against the baseline</h2>\n<div class=\"wide\"><table>\n<tr><th>Benchmark</th>"
                + "<th>Figure</th><th class=\"n\">Then</th><th class=\"n\">Now</th><th></th></tr>\n");
        for (Baseline.Comparison each : comparisons) {
            out.append("<tr><td>").append(escape(each.benchmark())).append("</td><td>").append(escape(each.figure()))
                    .append("</td>");
            cell(Words.amount(each.before(), each.unit()), out);
            cell(Words.amount(each.actual(), each.unit()), out);
            out.append(each.regression() ? "<td class=\"bad\">✗ worse</td></tr>\n" : "<td></td></tr>\n");
        }
        out.append("</table></div></div>\n");
    }

    private static void card(Result result, int index, StringBuilder out) {
        out.append("<div class=\"card\" id=\"b").append(index).append("\">\n<div class=\"top\"><h2>")
                .append(escape(result.name())).append("</h2>");
        state(result.success(), out);
        out.append("</div>\n");
        if (result.error() != null) {
            out.append("<p class=\"bad\">").append(escape(result.error())).append("</p>\n");
        }
        out.append("<div class=\"facts\">");
        fact("Duration", Words.duration(result.duration()), out);
        fact("Operations", result.operations() + " (" + Words.number(result.operationsPerSecond()) + " a second)", out);
        fact("In use", Words.memory(result.memoryInUse()), out);
        if (result.memoryAllocated() != MemorySnapshot.UNKNOWN) {
            fact("Allocated", Bytes.format(result.memoryAllocated()), out);
        }
        out.append("</div>\n");
        if (!result.metrics().isEmpty()) {
            out.append("<div class=\"wide\"><table>\n<tr><th>Metric</th><th class=\"n\">Actual</th><th class=\"n\">Target</th>"
                    + "<th></th></tr>\n");
            for (Metric metric : result.metrics()) {
                String target = Words.target(metric);
                out.append("<tr><td>").append(escape(metric.name())).append("</td>");
                cell(Words.amount(metric.actual(), metric.unit()), out);
                cell(target == null ? "" : target, out);
                out.append("<td>");
                if (target != null) {
                    out.append(metric.isMet() ? "<span class=\"good\">✓</span>" : "<span class=\"bad\">✗</span>");
                }
                out.append("</td></tr>\n");
            }
            out.append("</table></div>\n");
        }
        charts(result, out);
        out.append("</div>\n");
    }

    private static void charts(Result result, StringBuilder out) {
        Latencies latency = result.latency();
        if (latency == null && result.series().isEmpty()) {
            return;
        }
        out.append("<div class=\"charts\">\n");
        if (latency != null && latency.count() > 1) {
            out.append("<figure><figcaption>Latency by percentile</figcaption>").append(Chart.latencies(latency))
                    .append("</figure>\n");
        }
        for (Series series : result.series()) {
            out.append("<figure><figcaption>").append(escape(series.name())).append("</figcaption>")
                    .append(Chart.series(series)).append("</figure>\n");
        }
        out.append("</div>\n");
    }

    private static void state(boolean success, StringBuilder out) {
        out.append(success ? "<span class=\"state good\">✓ PASS</span>" : "<span class=\"state bad\">✗ FAIL</span>");
    }

    private static void fact(String name, String value, StringBuilder out) {
        out.append("<span><span class=\"dim\">").append(name).append("</span> <b>").append(escape(value)).append("</b></span>");
    }

    private static void cell(String text, StringBuilder out) {
        out.append("<td class=\"n\">").append(escape(text)).append("</td>");
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
