package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.benchmark.Benchmark.Category;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CommandLineTest {
    @Test
    void withoutFlagsEverythingRuns() {
        CommandLine line = CommandLine.parse();
        assertThat(line.categories()).containsExactly(Category.values());
        assertThat(line.action()).isEqualTo(CommandLine.Action.RUN);
        assertThat(line.maxRegression()).isEqualTo(0.2);
        assertThat(line.logLevel()).isEqualTo("warn");
        assertThat(line.iterations()).isZero();
    }

    @Test
    void categoriesAreNamedOrRuledOutWithOneDashOrTwo() {
        assertThat(CommandLine.parse("-circuit", "--streams").categories()).containsExactly(Category.CIRCUIT, Category.STREAMS);
        assertThat(CommandLine.parse("-memory=false").categories()).doesNotContain(Category.MEMORY).hasSize(Category.values().length - 1);
        assertThat(CommandLine.parse("-all", "-memory=false").categories()).doesNotContain(Category.MEMORY).hasSize(Category.values().length - 1);
        assertThat(CommandLine.parse("-all", "-bulk").categories()).hasSize(Category.values().length);
        assertThat(CommandLine.parse("-bulk=true").categories()).containsExactly(Category.BULK);
        assertThat(CommandLine.parse("-all=false", "-start").categories()).containsExactly(Category.START);
        assertThatThrownBy(() -> CommandLine.parse("-memory=perhaps")).hasMessageContaining("neither true nor false");
        assertThatThrownBy(() -> CommandLine.parse(
                "-circuit=false", "-latency=false", "-churn=false", "-ways=false", "-memory=false", "-streams=false", "-start=false",
                "-bulk=false", "-onion=false"))
                .hasMessageContaining("ruled out");
    }

    @Test
    void valuesStandAfterEqualsOrNext() {
        CommandLine line = CommandLine.parse("--timeout", "10m", "-iterations=5", "-turns", "2", "--json", "a.json", "--csv=a.csv", "--html",
                "a=b.html", "--baseline", "old.json", "--max-regression", "15%", "--vs", "tor", "--vs=/bin/x", "--torrc", "t",
                "--log-level", "INFO", "--quick", "--target", "Circuit Build/p95 latency=0.5");
        assertThat(line.timeout()).isEqualTo(Duration.ofMinutes(10));
        assertThat(line.iterations()).isEqualTo(5);
        assertThat(line.turns()).isEqualTo(2);
        assertThat(line.json()).isEqualTo(Path.of("a.json"));
        assertThat(line.csv()).isEqualTo(Path.of("a.csv"));
        assertThat(line.html()).isEqualTo(Path.of("a=b.html"));
        assertThat(line.baseline()).isEqualTo(Path.of("old.json"));
        assertThat(line.maxRegression()).isEqualTo(0.15);
        assertThat(line.rivals()).containsExactly("tor", "/bin/x");
        assertThat(line.torrc()).isEqualTo(Path.of("t"));
        assertThat(line.logLevel()).isEqualTo("info");
        assertThat(line.quick()).isTrue();
        assertThat(line.targets()).isEqualTo(Map.of("Circuit Build/p95 latency", 0.5));
    }

    @Test
    void unknownFlagsNameTheNearestKnownOne() {
        assertThatThrownBy(() -> CommandLine.parse("--circiut"))
                .hasMessage("unknown flag --circiut; did you mean --circuit?");
        assertThatThrownBy(() -> CommandLine.parse("-Jason", "f")).hasMessageContaining("did you mean --json?");
        assertThatThrownBy(() -> CommandLine.parse("bulk")).hasMessageContaining("did you mean --bulk?");
        assertThatThrownBy(() -> CommandLine.parse("--max-regresion=5")).hasMessageContaining("--max-regression?");
        assertThatThrownBy(() -> CommandLine.parse("-")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CommandLine.parse("")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void badValuesAreRefused() {
        for (String bad : new String[] {"--timeout=10", "--timeout=m", "--timeout=0s", "--timeout=-1m", "--timeout=1d",
            "--iterations=0", "--turns=0", "--iterations=x", "--max-regression=-1%", "--max-regression=x", "--log-level=loud", "--json=",
            "--target=p95", "--target==5", "--target=a=b"}) {
            assertThatThrownBy(() -> CommandLine.parse(bad)).as(bad).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> CommandLine.parse("--json")).hasMessageContaining("wants a value");
    }

    @Test
    void durationsAreReadAsPeopleWriteThem() {
        assertThat(CommandLine.duration("1h30m")).isEqualTo(Duration.ofMinutes(90));
        assertThat(CommandLine.duration("90s")).isEqualTo(Duration.ofSeconds(90));
        assertThat(CommandLine.duration("500ms")).isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void helpAndVersionGoBeforeAll() {
        assertThat(CommandLine.parse("--help", "-all").action()).isEqualTo(CommandLine.Action.HELP);
        assertThat(CommandLine.parse("-h").action()).isEqualTo(CommandLine.Action.HELP);
        assertThat(CommandLine.parse("--version").action()).isEqualTo(CommandLine.Action.VERSION);
    }

    @Test
    void distancesAreLevenshteins() {
        assertThat(CommandLine.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(CommandLine.distance("", "abc")).isEqualTo(3);
        assertThat(CommandLine.distance("abc", "abc")).isZero();
    }
}
