package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InfoTest {
    @Test
    void findsAWholeKeyBeforeABeginning() {
        Info info = new Info();
        info.addPrefix("ns/", "Some.", (key, request) -> "prefix");
        info.add("ns/all", "All.", (key, request) -> "exact");
        info.add("hidden", "", (key, request) -> "x");
        info.document("ns/x", "X.");
        assertThat(info.find("ns/all")).isNotSameAs(info.find("ns/id/x"));
        assertThat(info.find("ns/id/x")).isNotNull();
        assertThat(info.find("NS/all")).isNull();
        assertThat(info.names()).isEqualTo("ns/* -- Some.\nns/all -- All.\nns/x -- X.\n");
    }
}
