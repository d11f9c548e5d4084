package dev.cepa.benchmark;

import java.nio.file.Path;

/** A program for {@link StopIT}: the command with one benchmark that is done at once and one that never is. */
final class StoppedRun {
    private StoppedRun() {}

    public static void main(String[] args) throws Exception {
        Benchmark endless = Given.benchmark("Endless", Benchmark.Category.BULK, (context, self) -> {
            while (true) {
                context.check();
                Thread.sleep(1000);
            }
        });
        Suite suite = Given.suite(Given.latencies("Done", 5000), endless, Given.latencies("Never Begun", 5000));
        BenchmarkTool tool = new BenchmarkTool(suite, NetworkUnderTest.ofTorrc(Path.of(args[0])));
        System.exit(tool.run(System.out, System.err, "--json", args[1]));
    }
}
