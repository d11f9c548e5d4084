package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.daemon.control.CommandReader.Raw;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CommandReaderTest {
    private static CommandReader reading(String text) {
        return new CommandReader(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static Raw next(CommandReader reader) throws IOException {
        Raw raw = reader.next(CommandReader.LONGEST);
        assertThat(raw).isNotNull();
        return raw;
    }

    @Test
    void takesLinesWhateverEndsThem() throws Exception {
        CommandReader reader = reading("getinfo  version\r\nQUIT\n\r\nlast");
        assertThat(next(reader)).isEqualTo(new Raw("GETINFO", "getinfo", "version", "version", ""));
        assertThat(next(reader)).isEqualTo(new Raw("QUIT", "QUIT", "", "", ""));
        assertThat(next(reader)).isEqualTo(new Raw("", "", "", "", ""));
        assertThat(reader.next(100)).as("a line without an end").isNull();
    }

    @Test
    void takesBodiesWithDotsOnceMore() throws Exception {
        CommandReader reader = reading("+POST x=1 \r\n..a\r\n.b\n\r\n...\n.\r\nQUIT\r\n");
        assertThat(next(reader)).isEqualTo(new Raw("+POST", "+POST", "x=1 ", "x=1 ", ".a\nb\n\n..\n"));
        assertThat(next(reader).keyword()).isEqualTo("QUIT");
    }

    @Test
    void endsWithTheStreamInTheMidstOfABody() throws Exception {
        assertThat(reading("+POST\r\na\r\n").next(100)).isNull();
    }

    @Test
    void keepsBytesOfPasswords() throws Exception {
        Raw raw = next(reading("AUTHENTICATE \"ü\"\r\n"));
        assertThat(raw.line()).isEqualTo("\"ü\"");
        assertThat(raw.rawLine()).isEqualTo("\"Ã¼\"");
    }

    @Test
    void isNotFilledByALineWithoutAnEnd() throws Exception {
        String longLine = "GETINFO " + "x".repeat(5000);
        assertThat(next(reading(longLine + "\n")).line()).hasSize(5000);
        assertThatThrownBy(() -> reading(longLine + "\n").next(5000)).isInstanceOf(CommandReader.TooLongException.class);
        assertThatThrownBy(() -> reading("+A\n" + "x\n".repeat(5000) + ".\n").next(5000))
                .isInstanceOf(CommandReader.TooLongException.class);
    }
}
