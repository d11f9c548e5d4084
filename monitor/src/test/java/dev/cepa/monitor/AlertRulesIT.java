package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alert rules as Prometheus's own program plays them. */
class AlertRulesIT {
    private static final String FINE =
            """
              - interval: 1m
                input_series:
                  - {series: 'up{job="cepa"}', values: '1x30'}
                  - {series: 'cepa_bootstrap_ratio', values: '1x30'}
                  - {series: 'cepa_circuits_open{purpose="general"}', values: '3x30'}
                  - {series: 'cepa_circuits_open{purpose="directory"}', values: '0x30'}
                  - {series: 'cepa_dormant', values: '0x30'}
                  - {series: 'cepa_guards{state="up"}', values: '2x30'}
                  - {series: 'cepa_guards{state="down"}', values: '1x30'}
                  - {series: 'cepa_directory_consensus_expiry_timestamp_seconds', values: '7200x30'}
                  - {series: 'cepa_circuits_failed_total{reason="timeout"}', values: '0+1x30'}
                  - {series: 'cepa_circuits_attempted_total{purpose="general"}', values: '0+10x30'}
                  - {series: 'cepa_clock_skew_seconds', values: '0x30'}
                  - {series: 'tor_hs_intro_established{onion="x"}', values: '3x30'}
                  - {series: 'process_resident_memory_bytes{job="cepa"}', values: '40000000x30'}
                  - {series: 'cepa_queue_memory_freed_bytes_total', values: '5x30'}
                promql_expr_test:
                  - expr: 'count by (alertname) (ALERTS)'
                    eval_time: 30m
                    exp_samples: []
            """;

    private static final String BAD =
            """
              - interval: 1m
                input_series:
                  - {series: 'up{job="cepa"}', values: '0x130'}
                  - {series: 'cepa_bootstrap_ratio', values: '0.5x130'}
                  - {series: 'cepa_circuits_open{purpose="general"}', values: '0x130'}
                  - {series: 'cepa_circuits_open{purpose="directory"}', values: '2x130'}
                  - {series: 'cepa_dormant', values: '0x130'}
                  - {series: 'cepa_guards{state="up"}', values: '0x130'}
                  - {series: 'cepa_guards{state="down"}', values: '3x130'}
                  - {series: 'cepa_directory_consensus_expiry_timestamp_seconds', values: '60x130'}
                  - {series: 'cepa_circuits_failed_total{reason="timeout"}', values: '0+9x130'}
                  - {series: 'cepa_circuits_attempted_total{purpose="general"}', values: '0+10x130'}
                  - {series: 'cepa_clock_skew_seconds', values: '-300x130'}
                  - {series: 'tor_hs_intro_established{onion="x"}', values: '0x130'}
                  - {series: 'process_resident_memory_bytes{job="cepa"}', values: '200000000x130'}
                  - {series: 'cepa_queue_memory_freed_bytes_total', values: '0+1000x130'}
                promql_expr_test:
                  - expr: 'count by (alertname) (ALERTS{alertstate="firing"})'
                    eval_time: 2h
                    exp_samples:
            """;

    @TempDir
    private Path folder;

    @Test
    void eachRuleFiresWhenItShouldAndNoneWhenAllIsWell() throws Exception {
        Tools.require("promtool");
        Path rules = Path.of("../docs/monitoring/alerts.yml").toAbsolutePath().normalize();
        List<String> names = Files.readString(rules).lines().filter(line -> line.contains("- alert: "))
                .map(line -> line.substring(line.indexOf(": ") + 2)).toList();
        assertThat(names).hasSizeGreaterThan(9);
        StringBuilder test = new StringBuilder("rule_files: ['" + rules + "']\nevaluation_interval: 1m\ntests:\n").append(FINE).append(BAD);
        for (String name : names) {
            test.append("          - {labels: '{alertname=\"").append(name).append("\"}', value: 1}\n");
        }
        Path file = Files.writeString(folder.resolve("test.yml"), test);
        Tools.Ran ran = Tools.run(null, List.of("promtool", "test", "rules", file.toString()));
        assertThat(ran.status()).as(ran.output()).isZero();
    }
}
