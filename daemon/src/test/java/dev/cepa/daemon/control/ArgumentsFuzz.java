package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.daemon.control.Arguments.Keyword;
import dev.cepa.daemon.control.Arguments.Quotes;
import dev.cepa.daemon.control.Arguments.Syntax;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ArgumentsFuzz {
    @Provide
    Arbitrary<String> lines() {
        Arbitrary<String> piece = Arbitraries.oneOf(
                Arbitraries.of("\"", "\\", "=", " ", "\t", "Key", "=\"", "\\x4", "\\x41", "\\7", "\\777", "\\n", "é", "\0", "'"),
                Arbitraries.strings().ofMaxLength(4));
        return piece.list().ofMaxSize(20).map(pieces -> String.join("", pieces));
    }

    @Property(tries = 2000)
    void anyLineIsTakenApartOrRefused(@ForAll("lines") String line, @ForAll boolean keys, @ForAll Quotes quotes) {
        Syntax syntax = Syntax.keywords(1).withWords(0, 1).with(quotes);
        syntax = keys ? syntax.omittingKeys() : syntax.omittingValues();
        try {
            Arguments arguments = Arguments.parse(line, syntax);
            assertThat(arguments.words()).hasSizeLessThanOrEqualTo(1);
            for (Keyword keyword : arguments.keywords()) {
                assertThat(keyword.key().isEmpty()).isIn(false, keys);
                if (quotes != Quotes.PLAIN) {
                    assertThat(keyword.text()).doesNotContain("\0");
                }
            }
        } catch (Refusal e) {
            assertThat(e.code()).isEqualTo(512);
        }
    }

    @Property(tries = 1000)
    void whatIsWrittenInQuotesIsReadAgain(@ForAll String text) {
        String written = Quoted.of(text);
        assertThat(written).matches("[\\x20-\\x7e]*");
        Quoted.Found found = Quoted.read(written + " x", 0);
        boolean zero = text.indexOf(0) >= 0;
        assertThat(found == null).isEqualTo(zero);
        if (found != null) {
            // What is no text in Unicode can't be written in UTF-8.
            assertThat(found.text()).isEqualTo(new String(
                    text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
            assertThat(found.end()).isEqualTo(written.length());
        }
    }
}
