package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RsaId;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CountryLookupTest {
    private static final RsaId SOMEBODY = RsaId.ofHex("1111111111111111111111111111111111111111");

    @TempDir
    private Path folder;

    private CountryLookup lookup;

    @BeforeEach
    void write() throws Exception {
        StringBuilder ranges = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            ranges.append((10L << 24) + (i << 8)).append(',').append((10L << 24) + (i << 8) + 255).append(",A").append((char) ('A' + i))
                    .append('\n');
        }
        Path file = folder.resolve("geoip");
        Files.writeString(file, ranges);
        lookup = new CountryLookup(new CountryFiles(file, null, CountryFiles.ExcludeUnknown.AUTO));
    }

    private static boolean isIn(RelaySet set, int number) throws Exception {
        InetAddress address = InetAddress.getByAddress(new byte[] {10, 0, (byte) number, 7});
        return set.contains(SOMEBODY, "somebody", List.of(new InetSocketAddress(address, 9001)));
    }

    @Test
    void looksUpOneAfterTheOther() throws Exception {
        RelaySet first = lookup.locate(RelaySet.parse("{aa}"));
        RelaySet second = lookup.locate(RelaySet.parse("{AC},{aa}"));
        assertThat(isIn(first, 0) && !isIn(first, 2) && isIn(second, 0) && isIn(second, 2) && !isIn(second, 1)).isTrue();
        assertThatThrownBy(() -> lookup.locate(RelaySet.parse("{zz}"))).isInstanceOf(TorException.class).hasMessageContaining("zz");
        assertThat(isIn(lookup.locate(RelaySet.parse("{ad}")), 3)).as("what was asked in vain does no harm").isTrue();
        assertThat(lookup.locate(RelaySet.parse("nickname"))).hasToString("nickname");
    }

    @Test
    void looksUpForManyAtOnce() throws Exception {
        ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            int number = i % 20;
            boolean none = i == 21;
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    RelaySet set = lookup.locate(RelaySet.parse(none ? "{zz}" : "{a" + (char) ('a' + number) + "}"));
                    if (!isIn(set, number) || isIn(set, (number + 1) % 20)) {
                        wrong.add("country " + number);
                    }
                } catch (TorException e) {
                    if (!none) {
                        wrong.add(e.toString());
                    }
                } catch (Exception e) {
                    wrong.add(e.toString());
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).isEmpty();
    }
}
