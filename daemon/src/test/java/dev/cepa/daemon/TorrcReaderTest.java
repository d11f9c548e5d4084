package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorrcReaderTest {
    @Test
    void refusesZeroBytes() {
        TorrcReader reader = new TorrcReader();
        assertThatThrownBy(() -> reader.readText("SafeSocks 1\n  ContactInfo \0\n", "torrc"))
                .hasMessage("torrc:2: Error while parsing configuration: a zero byte")
                .extracting(e -> ((ConfigException) e).column())
                .isEqualTo(15);
    }

    @Test
    void readsLinesThatEndAsOnWindows() throws Exception {
        TorrcReader reader = new TorrcReader();
        reader.readText("ContactInfo a \\\r\n b\r\nNickname \"c\"\r\n", "torrc");
        assertThat(reader.lines()).extracting(ConfigLine::value).containsExactly("a  b", "c");
    }

    @TempDir
    private Path folder;

    private static List<String> read(String text) throws TorException {
        TorrcReader reader = new TorrcReader();
        reader.readText(text, "torrc");
        return reader.lines().stream().map(l -> l.line() + " " + l.mode() + " " + l.key() + "=" + l.value()).toList();
    }

    @Test
    void readsKeysValuesAndComments() throws Exception {
        assertThat(read("""
                # a comment
                SocksPort 9050   # another
                 Nickname\ta b \t
                NoValue
                NoValueEither#comment
                Quoted "a # b"  # comment
                Log notice file C:\\tor\\log
                """))
                .containsExactly(
                        "2 SET SocksPort=9050",
                        "3 SET Nickname=a b",
                        "4 SET NoValue=",
                        "5 SET NoValueEither=",
                        "6 SET Quoted=a # b",
                        "7 SET Log=notice file C:\\tor\\log");
        assertThat(read("")).isEmpty();
        assertThat(read("A 1")).containsExactly("1 SET A=1");
        assertThat(read("\ufeffA 1\r\nB 2\r\n")).containsExactly("1 SET A=1", "2 SET B=2");
    }

    @Test
    void readsEscapesInQuotes() throws Exception {
        assertThat(read("A \"\\n\\t\\r\\\\\\\"\\'\\x41\\x7e\\101\\7x\"")).containsExactly("1 SET A=\n\t\r\\\"'A~A\u0007x");
        assertThat(read("A \"\\xc3\\xa9\"")).containsExactly("1 SET A=\u00e9");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"A \"open", "A \"x\\q\"", "A \"\\x4\"", "A \"\\400\"", "A \"x\" y", "A \"x\n\"", "A \"\\"})
    void refusesBadQuotes(String line) {
        assertThatThrownBy(() -> read("B 1\n" + line))
                .isInstanceOf(TorException.class)
                .hasMessageStartingWith("torrc:2: ");
    }

    @Test
    void joinsContinuedLines() throws Exception {
        assertThat(read("ExitNodes a,\\\n  b,\\\n# in between\nc\nNext \\\n1\n"))
                .containsExactly("1 SET ExitNodes=a,  b,c", "5 SET Next=1");
        // As in Tor, a comment behind a continued value takes the end of the line with it.
        assertThat(read("A x,\\\ny # comment\nz\nB 1")).containsExactly("1 SET A=x,y z", "4 SET B=1");
        assertThat(read("A x \\\n y \\\nB 1")).containsExactly("1 SET A=x  y B 1");
    }

    @Test
    void readsAppendingAndClearing() throws Exception {
        assertThat(read("+ExitPolicy a\n/ExitPolicy b\n")).containsExactly("1 APPEND ExitPolicy=a", "2 CLEAR ExitPolicy=");
    }

    @Test
    void includesFilesFoldersAndPatterns() throws Exception {
        Path parts = Files.createDirectory(folder.resolve("parts"));
        Files.writeString(parts.resolve("20-b"), "B 2\n");
        Files.writeString(parts.resolve("10-a"), "A 1\nbad\n");
        Files.writeString(parts.resolve(".hidden"), "Hidden 1\n");
        Files.createDirectory(parts.resolve("30-folder"));
        Files.writeString(folder.resolve("one.conf"), "One 1\n%include " + parts + "\n");
        Files.writeString(folder.resolve("two.conf"), "Two 1\n");
        TorrcReader reader = new TorrcReader();
        reader.readText("First 1\n%include \"" + folder + "/*.conf\"\nLast 1\n", "torrc");
        assertThat(reader.lines()).extracting(ConfigLine::key).containsExactly("First", "One", "A", "bad", "B", "Two", "Last");
        assertThat(reader.lines().get(3).place()).isEqualTo(parts.resolve("10-a") + ":2");
        assertThat(reader.lines().get(6).place()).isEqualTo("torrc:3");
        reader.readText("%include " + folder + "/none*\n", "torrc");
        assertThatThrownBy(() -> reader.readText("\n%include " + folder + "/none\n", "torrc"))
                .isInstanceOf(TorException.class)
                .hasMessageContaining("torrc:2: ")
                .hasMessageContaining("No such file");
    }

    @Test
    void boundsIncludingItself() throws Exception {
        Path self = folder.resolve("self");
        Files.writeString(self, "%include " + self + "\n");
        assertThatThrownBy(() -> new TorrcReader().readFile(self)).hasMessageContaining("31 nested %includes");
    }

    @Test
    void saysWhichFileIsMissing() {
        assertThatThrownBy(() -> new TorrcReader().readFile(folder.resolve("torrc")))
                .hasMessage("Unable to open configuration file \"" + folder.resolve("torrc") + "\": No such file or directory");
    }
}
