package dev.cepa.benchmark;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of {@code cepa benchmark}: flags with one dash or two, a value after {@code =} or as the next argument.
 * Immutable.
 *
 * @param categories what to run
 * @param iterations how much of its work each benchmark does: circuits, requests or streams; 0 for its own number
 * @param turns how often each program does its part; 0 for the benchmark's own number
 * @param maxRegression how much worse than the baseline a figure may be, as a fraction
 * @param targets targets to be replaced, by metric
 */
record CommandLine(
        Action action,
        Set<Benchmark.Category> categories,
        boolean quick,
        Duration timeout,
        int iterations,
        int turns,
        @Nullable Path json,
        @Nullable Path csv,
        @Nullable Path html,
        @Nullable Path baseline,
        double maxRegression,
        List<String> rivals,
        @Nullable Path torrc,
        String logLevel,
        Map<String, Double> targets) {
    /** What is to be done. */
    enum Action {
        RUN,
        HELP,
        VERSION
    }

    static final String USAGE = """
            usage: cepa benchmark [flags]

            Measures the client on a private network of real Tor relays that it starts. Flags take one dash or two.

              -circuit -latency -churn -ways -memory -streams -start -bulk -onion
                                                       run benchmarks of these categories (default: all)
              -all                                     run all; with -memory=false all but those
              --quick                                  a short form that shows that everything works
              --timeout 10m                            for the whole run (default: 1h)
              --iterations N                           so many circuits, requests or streams in one benchmark
              --turns N                                so many turns for each program (default: 1; with --vs 3; starts 5)
              --json FILE, --csv FILE, --html FILE     write the results
              --baseline FILE                          compare with the JSON of an earlier run
              --max-regression 20%                     how much worse a figure may be (default: 20%)
              --target METRIC=NUMBER                   replace a target, for example "Circuit Build/p95 latency=100"
              --vs PROGRAM                             do the same work with another one too: tor, a path, or monitored
              --torrc FILE                             use the network that FILE names instead of a private one
              --log-level err|warn|notice|info|debug   of the client in this process (default: warn)
              --version, --help

            Exit status: 0 all passed, 1 a target was missed, a benchmark failed or a figure got worse, 2 could not run.
            """;

    private static final Duration DEFAULT_TIMEOUT = Duration.ofHours(1);
    private static final double DEFAULT_REGRESSION = 0.2;
    private static final List<String> SWITCHES = List.of("all", "quick", "help", "h", "version");
    private static final List<String> VALUES = List.of("timeout", "iterations", "turns", "json", "csv", "html", "baseline",
            "max-regression", "target", "vs", "torrc", "log-level");
    private static final List<String> LEVELS = List.of("err", "warn", "notice", "info", "debug");

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException that says what is wrong, and for an unknown flag which known one is nearest
     */
    static CommandLine parse(String... args) {
        Map<String, List<String>> values = new HashMap<>();
        Map<String, Boolean> switches = new HashMap<>();
        for (int i = 0; i < args.length; i++) {
            String arg = args[i];
            String bare = arg.startsWith("--") ? arg.substring(2) : arg.startsWith("-") ? arg.substring(1) : "";
            int equals = bare.indexOf('=');
            String name = equals < 0 ? bare : bare.substring(0, equals);
            if (isSwitch(name)) {
                switches.put(name, equals < 0 || bool(name, bare.substring(equals + 1)));
            } else if (VALUES.contains(name)) {
                if (equals < 0 && i + 1 == args.length) {
                    throw new IllegalArgumentException("--" + name + " wants a value");
                }
                String value = equals < 0 ? args[++i] : bare.substring(equals + 1);
                if (value.isEmpty()) {
                    throw new IllegalArgumentException("--" + name + " wants a value");
                }
                values.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
            } else {
                throw unknown(arg, name);
            }
        }
        return new CommandLine(
                switches.getOrDefault("help", false) || switches.getOrDefault("h", false)
                        ? Action.HELP
                        : switches.getOrDefault("version", false) ? Action.VERSION : Action.RUN,
                categories(switches),
                switches.getOrDefault("quick", false),
                values.containsKey("timeout") ? duration(last(values, "timeout")) : DEFAULT_TIMEOUT,
                count(values, "iterations"),
                count(values, "turns"),
                path(values, "json"),
                path(values, "csv"),
                path(values, "html"),
                path(values, "baseline"),
                values.containsKey("max-regression") ? fraction(last(values, "max-regression")) : DEFAULT_REGRESSION,
                List.copyOf(values.getOrDefault("vs", List.of())),
                path(values, "torrc"),
                values.containsKey("log-level") ? level(last(values, "log-level")) : "warn",
                targets(values.getOrDefault("target", List.of())));
    }

    private static boolean isSwitch(String name) {
        return SWITCHES.contains(name) || categoryOf(name) != null;
    }

    private static Benchmark.@Nullable Category categoryOf(String name) {
        for (Benchmark.Category category : Benchmark.Category.values()) {
            if (category.word().equals(name)) {
                return category;
            }
        }
        return null;
    }

    /** Those that were named; all if none was, or if all were asked for; without those that were ruled out. */
    private static Set<Benchmark.Category> categories(Map<String, Boolean> switches) {
        Set<Benchmark.Category> named = EnumSet.noneOf(Benchmark.Category.class);
        Set<Benchmark.Category> ruledOut = EnumSet.noneOf(Benchmark.Category.class);
        for (Map.Entry<String, Boolean> each : switches.entrySet()) {
            Benchmark.Category category = categoryOf(each.getKey());
            if (category != null) {
                (each.getValue() ? named : ruledOut).add(category);
            }
        }
        if (named.isEmpty() || switches.getOrDefault("all", false)) {
            named = EnumSet.allOf(Benchmark.Category.class);
        }
        named.removeAll(ruledOut);
        if (named.isEmpty()) {
            throw new IllegalArgumentException("all categories are ruled out");
        }
        return named;
    }

    private static IllegalArgumentException unknown(String arg, String name) {
        List<String> known = new ArrayList<>(SWITCHES);
        known.addAll(VALUES);
        for (Benchmark.Category category : Benchmark.Category.values()) {
            known.add(category.word());
        }
        String nearest = "";
        int least = Integer.MAX_VALUE;
        String given = name.isEmpty() ? arg : name;
        for (String candidate : known) {
            int distance = distance(given.toLowerCase(Locale.ROOT), candidate);
            if (candidate.length() > 1 && distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        return new IllegalArgumentException("unknown flag " + arg + "; did you mean --" + nearest + "?");
    }

    /** How many letters must be added, left out or replaced to make one word of another (Levenshtein). */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }

    private static String last(Map<String, List<String>> values, String name) {
        return values.getOrDefault(name, List.of()).getLast();
    }

    private static @Nullable Path path(Map<String, List<String>> values, String name) {
        return values.containsKey(name) ? Path.of(last(values, name)) : null;
    }

    private static boolean bool(String name, String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "true", "1", "t" -> true;
            case "false", "0", "f" -> false;
            default -> throw new IllegalArgumentException("-" + name + "=" + value + " is neither true nor false");
        };
    }

    private static int count(Map<String, List<String>> values, String name) {
        if (!values.containsKey(name)) {
            return 0;
        }
        String text = last(values, name);
        try {
            int count = Integer.parseInt(text);
            if (count >= 1) {
                return count;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IllegalArgumentException("--" + name + " wants a whole number from 1 on, not " + text);
    }

    /** A duration such as {@code 10m}, {@code 1h30m}, {@code 90s} or {@code 500ms}. */
    static Duration duration(String text) {
        long millis = 0;
        int at = 0;
        boolean good = !text.isEmpty();
        while (good && at < text.length()) {
            int digits = at;
            while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
                digits++;
            }
            int unit = digits;
            while (unit < text.length() && !Character.isDigit(text.charAt(unit))) {
                unit++;
            }
            long factor = switch (text.substring(digits, unit)) {
                case "h" -> 3_600_000;
                case "m" -> 60_000;
                case "s" -> 1000;
                case "ms" -> 1;
                default -> 0;
            };
            good = factor > 0 && digits > at && digits - at <= 9;
            if (good) {
                millis += Long.parseLong(text.substring(at, digits)) * factor;
            }
            at = unit;
        }
        if (!good || millis == 0) {
            throw new IllegalArgumentException("\"" + text + "\" is no duration such as 10m, 1h30m, 90s or 500ms");
        }
        return Duration.ofMillis(millis);
    }

    private static double fraction(String text) {
        double percent = number(text.endsWith("%") ? text.substring(0, text.length() - 1) : text);
        if (!(percent >= 0 && percent <= 10_000)) {
            throw new IllegalArgumentException("--max-regression wants a percentage such as 20%, not " + text);
        }
        return percent / 100;
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private static String level(String text) {
        String level = text.toLowerCase(Locale.ROOT);
        if (!LEVELS.contains(level)) {
            throw new IllegalArgumentException("--log-level is one of " + String.join(", ", LEVELS) + ", not " + text);
        }
        return level;
    }

    private static Map<String, Double> targets(List<String> texts) {
        Map<String, Double> targets = new HashMap<>();
        for (String text : texts) {
            int equals = text.lastIndexOf('=');
            double value = equals < 1 ? Double.NaN : number(text.substring(equals + 1));
            if (Double.isNaN(value)) {
                throw new IllegalArgumentException("--target wants METRIC=NUMBER, not " + text);
            }
            targets.put(text.substring(0, equals), value);
        }
        return targets;
    }
}
