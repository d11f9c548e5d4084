package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class SuiteTest {
    @Test
    void anEmptySuitePrintsASummary() {
        StringWriter text = new StringWriter();
        Summary.print(Suite.builder("empty").build().run(BenchmarkContext.builder().build()), new PrintWriter(text));
        assertThat(text.toString()).contains("FINAL RESULTS: 0 PASSED, 0 FAILED (out of 0 total)");
    }
}
