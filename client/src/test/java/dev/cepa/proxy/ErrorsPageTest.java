package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** docs/errors.md says what the program does. */
class ErrorsPageTest {
    private static final Path PAGE = Path.of("../docs/errors.md");

    @ParameterizedTest
    @EnumSource(ErrorKind.class)
    void hasEachErrorAsItIs(ErrorKind kind) throws Exception {
        String row = "| `" + kind.label() + "` | `" + kind.category().name().toLowerCase(Locale.ROOT) + "` | `"
                + kind.severity().name().toLowerCase(Locale.ROOT) + "` | "
                + SocksReply.statusOf(new TorException(kind, "x"), false) + " | ";
        assertThat(Files.readAllLines(PAGE)).filteredOn(line -> line.startsWith(row))
                .singleElement().asString()
                .endsWith(" | " + kind.remedy() + " |")
                .hasSizeGreaterThan(row.length() + kind.remedy().length() + 20);
    }

    @ParameterizedTest
    @EnumSource(ErrorKind.Category.class)
    void explainsEachCategory(ErrorKind.Category category) throws Exception {
        assertThat(Files.readString(PAGE)).contains("`" + category.name().toLowerCase(Locale.ROOT) + "`");
    }
}
