package dev.cepa.benchmark;

import java.io.PrintWriter;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.spi.ToolProvider;

/** The command {@code cepa benchmark}. Found by ServiceLoader. */
public final class BenchmarkTool implements ToolProvider {
    /** For ServiceLoader. */
    public BenchmarkTool() {}

    @Override
    public String name() {
        return "benchmark";
    }

    @Override
    public Optional<String> description() {
        return Optional.of("measures the client on real relays");
    }

    @Override
    public int run(PrintWriter out, PrintWriter err, String... args) {
        Suite.Builder suite = Suite.builder("Cepa");
        for (Benchmark benchmark : ServiceLoader.load(Benchmark.class, Benchmark.class.getClassLoader())) {
            suite.add(benchmark);
        }
        Report report = suite.build().run(BenchmarkContext.builder().build());
        Summary.print(report, out);
        return report.success() ? 0 : 1;
    }
}
