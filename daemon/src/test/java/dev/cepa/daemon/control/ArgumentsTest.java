package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.daemon.control.Arguments.Keyword;
import dev.cepa.daemon.control.Arguments.Quotes;
import dev.cepa.daemon.control.Arguments.Syntax;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is expected here is what C tor has answered to the same lines. */
class ArgumentsTest {
    private static final Syntax SETTINGS = Syntax.keywords(0).with(Quotes.C).omittingValues();

    private static List<Keyword> settings(String line) throws Refusal {
        return Arguments.parse(line, SETTINGS).keywords();
    }

    @Test
    void takesSettingsApart() throws Exception {
        assertThat(settings("")).isEmpty();
        assertThat(settings("SocksPort")).containsExactly(new Keyword("SocksPort", null));
        assertThat(settings("SocksPort=")).containsExactly(new Keyword("SocksPort", ""));
        assertThat(settings("SocksPort=9050  Log=\"notice stdout\" ExitNodes={de},{fr}")).containsExactly(
                new Keyword("SocksPort", "9050"), new Keyword("Log", "notice stdout"), new Keyword("ExitNodes", "{de},{fr}"));
        assertThat(settings("ContactInfo=\"a \\\"b\\\" \\\\ \\x41\\102\\n\"")).containsExactly(
                new Keyword("ContactInfo", "a \"b\" \\ AB\n"));
        assertThat(settings("ContactInfo=\"Z\\303\\274rich\"")).containsExactly(new Keyword("ContactInfo", "Zürich"));
        assertThat(settings("Bridge=\"a=b\" X=a=b")).containsExactly(new Keyword("Bridge", "a=b"), new Keyword("X", "a=b"));
    }

    @Test
    void refusesWhatIsNotWellFormed() {
        for (String line : List.of("Nickname=\"x", "=3", "\"a\"", "A=\"\\q\"", "A=\"\\400\"", "A=\"\\x0\"", "A=\"a\\0b\"", "A\"=1")) {
            assertThatThrownBy(() -> settings(line)).as(line).isInstanceOf(Refusal.class)
                    .hasMessage("Cannot parse keyword argument(s)");
        }
    }

    @Test
    void countsWords() throws Exception {
        assertThat(Arguments.parse("  HUP ", Syntax.words(1, 1)).words()).containsExactly("HUP");
        assertThatThrownBy(() -> Arguments.parse("", Syntax.words(1, 1))).hasMessage("Need at least 1 argument(s)");
        assertThatThrownBy(() -> Arguments.parse("A B", Syntax.words(1, 1)))
                .hasMessage("Cannot accept more than 1 argument(s)");
        assertThat(Arguments.words(" a  b\tc d\r")).containsExactly("a", "b\tc", "d");
    }

    @Test
    void takesKeywordsAfterWords() throws Exception {
        Syntax syntax = Syntax.keywords(1, "Flags", "Port").omittingValues();
        Arguments parsed = Arguments.parse("NEW:BEST Flags=Detach,DiscardPK Port=80 PORT=81,8080 flags", syntax);
        assertThat(parsed.word(0)).isEqualTo("NEW:BEST");
        assertThat(parsed.values("port")).containsExactly("80", "81,8080");
        assertThat(Arguments.items(parsed.value("flags"))).containsExactly("Detach", "DiscardPK");
        assertThat(parsed.hasFlag("Flags")).isTrue();
        assertThat(parsed.hasFlag("Port")).isFalse();
        assertThatThrownBy(() -> Arguments.parse("x Prt=1", syntax)).hasMessage("Unrecognized keyword argument \"Prt\"");
        assertThatThrownBy(() -> Arguments.parse("x Port=\"1\"", syntax)).hasMessage("Cannot parse keyword argument(s)");
    }

    @Test
    void takesPasswordsAsTheyAre() throws Exception {
        Syntax syntax = Syntax.keywords(0).with(Quotes.PLAIN).omittingKeys();
        assertThat(Arguments.parse("\"a\\\"b\\\\ \\n\"", syntax).keywords()).containsExactly(new Keyword("", "a\"b\\ n"));
        assertThat(Arguments.parse("00ff", syntax).keywords()).containsExactly(new Keyword("", "00ff"));
        assertThat(Arguments.parse("a b", syntax).keywords()).hasSize(2);
        assertThatThrownBy(() -> Arguments.parse("\"a", syntax)).isInstanceOf(Refusal.class);
    }
}
