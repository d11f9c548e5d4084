package dev.cepa.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class MemorySnapshotTest {
    @Test
    void readsWhatTheKernelWrites() throws Exception {
        String rollup = """
                00400000-7ffd5e1f6000 ---p 00000000 00:00 0                              [rollup]
                Rss:               48216 kB
                Pss:               31002 kB
                Pss_Anon:          20000 kB
                Shared_Clean:      17216 kB
                Anonymous:         30100 kB
                """;
        assertThat(MemorySnapshot.ofRollup(rollup))
                .isEqualTo(new MemorySnapshot(-1, -1, 48216 * 1024, 30100 * 1024, 31002 * 1024));
        assertThat(MemorySnapshot.ofStatus("Name:\tcepa\nVmRSS:\t   4000 kB\nRssAnon:\t   3000 kB\n"))
                .isEqualTo(new MemorySnapshot(-1, -1, 4000 * 1024, 3000 * 1024, -1));
        assertThatThrownBy(() -> MemorySnapshot.ofRollup("")).isInstanceOf(IOException.class);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void tellsOfThisProcessAndRefusesOneThatIsNotThere() throws Exception {
        MemorySnapshot own = MemorySnapshot.take();
        assertThat(own.heap()).isPositive();
        assertThat(own.resident()).isGreaterThan(own.anonymous()).isGreaterThan(own.heap());
        assertThat(own.proportional()).isPositive().isLessThanOrEqualTo(own.resident());
        assertThatThrownBy(() -> MemorySnapshot.ofProcess(Integer.MAX_VALUE)).isInstanceOf(IOException.class);
    }

    @Test
    void countsWhatVirtualThreadsAllocate() throws Exception {
        long before = MemorySnapshot.allocatedBytes();
        byte[][] kept = new byte[1][];
        Thread.ofVirtual().start(() -> kept[0] = new byte[8 << 20]).join();
        assertThat(kept[0]).hasSize(8 << 20);
        assertThat(MemorySnapshot.allocatedBytes() - before).isGreaterThanOrEqualTo(8 << 20);
    }
}
