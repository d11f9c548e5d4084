package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.TorException;
import dev.cepa.proxy.ListenerKind;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class TorrcFuzz {
    private static final OptionTable TABLE = OptionTable.load();

    @Provide
    Arbitrary<String> torrcs() {
        Arbitrary<String> piece = Arbitraries.oneOf(
                Arbitraries.of(
                        "SocksPort ", "Log ", "notice", "stdout", "\\", "\n", "#", "\"", "\\x41", " ", "9050", "auto", "file",
                        "ExitNodes ", "+", "/", "DataDirectory", "10 minutes", "SocksTimeout ", "IsolateDestPort", "[::1]:80"),
                Arbitraries.strings().ofMaxLength(5));
        return piece.list().ofMaxSize(30).map(pieces -> String.join("", pieces));
    }

    @Property(tries = 1000)
    void anyTextIsReadOrRefusedWithAPlace(@ForAll("torrcs") String text) {
        TorrcReader reader = new TorrcReader();
        List<String> warnings = new ArrayList<>();
        try {
            reader.readText(text.replace("%include", ""), "torrc");
            Settings settings = new Settings(TABLE);
            settings.apply(reader.lines(), false);
            new ListenerLines(settings, warnings).ports(ListenerKind.SOCKS);
            for (ConfigLine line : settings.lines("Log")) {
                LogTarget.parse(line);
            }
            settings.dump(false);
        } catch (TorException e) {
            assertThat(e.getMessage()).startsWith("torrc:");
        }
    }
}
