package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ColdPagesTest {
    private static final String FIELDS = """
            Size:                 64 kB
            Rss:                  64 kB
            Anonymous:            %d kB
            VmFlags: rd mr mw me
            """;

    @Test
    void takesFilesThatCannotBeWritten() throws IOException {
        assertThat(clean("7f0000000000-7f0000010000 r-xp 00000000 08:01 12 /usr/lib/libjvm.so", 0))
                .containsExactly(new ColdPages.Mapping(0x7f0000000000L, 0x7f0000010000L));
    }

    @Test
    void leavesWhatHasChangedPages() throws IOException {
        assertThat(clean("7f0000000000-7f0000010000 r--p 00000000 08:01 12 /usr/lib/libjvm.so", 4)).isEmpty();
    }

    @Test
    void leavesWhatCanBeWritten() throws IOException {
        assertThat(clean("7f0000000000-7f0000010000 rw-p 00000000 08:01 12 /usr/lib/libjvm.so", 0)).isEmpty();
    }

    @Test
    void leavesWhatIsNoFile() throws IOException {
        assertThat(clean("7f0000000000-7f0000010000 r--p 00000000 00:00 0", 0)).isEmpty();
        assertThat(clean("7f0000000000-7f0000010000 r-xp 00000000 00:00 0 [vdso]", 0)).isEmpty();
    }

    @Test
    void leavesFilesThatMayBeUnmapped() throws IOException {
        assertThat(clean("7f0000000000-7f0000010000 r--s 00000000 00:05 9 /dev/zero", 0)).isEmpty();
        assertThat(clean("7f0000000000-7f0000010000 r--p 00000000 08:01 12 /usr/lib/libzip.so", 0)).isEmpty();
        assertThat(clean("7f0000000000-7f0000010000 r--p 00000000 08:01 12 /lib/libjvm.so (deleted)", 0)).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aJvmGoesOnWithoutThem() throws IOException {
        ColdPages pages = ColdPages.find();
        assertThat(pages).isNotNull();
        assertThat(pages.release()).isPositive();
        assertThat(pages.release()).as("once more").isPositive();
        assertThat(String.join(",", List.of("still", "here"))).isEqualTo("still,here");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aPageThatComesBackBringsFewOthers() throws IOException {
        ColdPages.find();
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            assertThat(maps.filter(line -> line.endsWith("/libjvm.so")).count()).as("pieces").isGreaterThan(100);
        }
    }

    private static List<ColdPages.Mapping> clean(String header, int anonymous) throws IOException {
        return ColdPages.clean(new BufferedReader(new StringReader(header + "\n" + FIELDS.formatted(anonymous))));
    }
}
