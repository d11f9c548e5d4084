package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenFilesTest {
    @ParameterizedTest
    @CsvSource({
        "'Max processes 5 5\nMax open files            20000                524288               files\n', 20000",
        "'Max open files            unlimited            unlimited            files', 2147483647",
        "'Max open files            99999999999          99999999999          files', 2147483647",
        "'Max processes             20000                20000                processes', -1",
        "'Max open files', -1",
        "'', -1",
    })
    void readsTheLimitInForce(String limits, int expected) {
        assertThat(OpenFiles.limit(limits)).isEqualTo(expected);
    }

    @Test
    void readsItsOwnLimit() {
        boolean told = Files.exists(Path.of("/proc/self/limits"));
        assertThat(OpenFiles.limit()).satisfies(n -> assertThat(n > 0).isEqualTo(told));
    }

    @Test
    void connLimitIsTheLeastThatMustBePossible() {
        assertThatCode(() -> OpenFiles.require(1000, 1000)).doesNotThrowAnyException();
        assertThatCode(() -> OpenFiles.require(1000, OpenFiles.UNKNOWN)).doesNotThrowAnyException();
        assertThatThrownBy(() -> OpenFiles.require(1001, 1000))
                .hasMessageContaining("We need 1001 file descriptors available, and we're limited to 1000")
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG));
        assertThatThrownBy(() -> OpenFiles.require(0, 1000)).hasMessageContaining("ConnLimit must be greater than 0");
    }

    @ParameterizedTest
    @CsvSource({
        "1024, 960, 1073741824", "1048576, 4096, 25165824", "-1, 4096, 25165824", "20, 4, 25165824",
        "1048576, 65000, 1073741824"
    })
    void aPortServesWhatDescriptorsAndHeapAllow(int limit, int expected, long heap) {
        assertThat(OpenFiles.connections(limit, heap)).isEqualTo(expected);
    }
}
