package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.TorException;
import dev.cepa.proxy.ListenerKind;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class TorrcFuzz {
    private static final OptionTable TABLE = OptionTable.load();

    /** Pieces of what the reader looks for, in any order. */
    @Provide
    Arbitrary<String> torrcs() {
        Arbitrary<String> piece = Arbitraries.oneOf(
                Arbitraries.of(
                        "SocksPort ", "Log ", "notice", "stdout", "\\", "\n", "#", "\"", "\\x41", " ", "9050", "auto", "file",
                        "ExitNodes ", "+", "/", "DataDirectory", "10 minutes", "SocksTimeout ", "IsolateDestPort", "[::1]:80",
                        "[circ,~dir]", "\r\n", "ControlPort ", "ControlSocket ", "unix:/x", "WorldWritable", "\\\r\n", "\\101", "BandwidthRate "),
                Arbitraries.strings().ofMaxLength(5));
        return piece.list().ofMaxSize(30).map(pieces -> String.join("", pieces));
    }

    /** Lines of known options, with values of all types, right and wrong. */
    @Provide
    Arbitrary<String> lines() {
        List<String> names = new ArrayList<>(TABLE.settable().stream().map(Option::name).toList());
        names.addAll(List.of("EntryNode", "socksport", "EnforceDist", "AllowDotExit", "SockPort"));
        Arbitrary<String> value = Arbitraries.oneOf(
                Arbitraries.of(
                        "", "0", "1", "auto", "-1", "+3", "5 ", "2 hours", "1.5 MB", "10 KBytes", "a, b", "{de},a", "\"a\\\"b\" # c",
                        "unix:/tmp/x", "127.0.0.1:80", "reject *:*", "0.5", "1e9999", "99999999999999999999", "notice stdout",
                        "\\\n 7", "a \\\n# c\n b"),
                Arbitraries.strings().ofMaxLength(8));
        Arbitrary<String> line = Combinators.combine(
                        Arbitraries.of("", "+", "/", "  "), Arbitraries.of(names), value)
                .as((sign, name, text) -> sign + name + " " + text + "\n");
        return line.list().ofMaxSize(8).map(all -> String.join("", all));
    }

    private static Settings read(String text, Findings findings) throws TorException {
        TorrcReader reader = new TorrcReader();
        reader.readText(text.replace("%include", ""), "torrc");
        Settings settings = new Settings(TABLE, findings);
        settings.apply(reader.lines(), false);
        return settings;
    }

    @Property(tries = 1000)
    void anyTextIsReadOrRefusedWithAPlace(@ForAll("torrcs") String text) {
        List<String> warnings = new ArrayList<>();
        try {
            Settings settings = read(text, Findings.untilFirstError());
            new ListenerLines(settings, warnings).ports(ListenerKind.SOCKS);
            ControlLines.readAll(settings, warnings);
            for (ConfigLine line : settings.lines("Log")) {
                LogTarget.parse(line);
            }
            settings.dump(false);
        } catch (ConfigException e) {
            assertThat(e.getMessage()).startsWith("torrc:");
            assertThat(e.line()).isBetween(1, 1 + (int) text.chars().filter(c -> c == '\n').count());
            assertThat(e.column()).isBetween(1, 2 + 4 * text.length());
        } catch (TorException e) {
            throw new AssertionError("an error without a place", e);
        }
    }

    @Property(tries = 1000)
    void anyLinesAreJudgedInFull(@ForAll("lines") String text) throws TorException {
        Findings findings = Findings.ofEverything();
        try {
            Settings settings = read(text, findings);
            OptionChecks.run(settings, findings);
            Support.check(settings, findings);
            LogStyle.of(settings);
        } catch (ConfigException e) {
            assertThat(e).hasMessageContaining("Error while parsing configuration");
        }
        for (TorException e : findings.errors()) {
            assertThat(e.getMessage()).isNotBlank();
            if (e instanceof ConfigException c) {
                assertThat(c.advice()).endsWith(".");
            }
        }
    }

    /** Once blanks at the ends of values are gone, which quotes alone would keep. */
    @Property(tries = 500)
    void whatIsDumpedIsReadBackAsTheSame(@ForAll("lines") String text) throws TorException {
        String first;
        try {
            first = read(text, Findings.ofEverything()).dump(false);
        } catch (ConfigException e) {
            return;
        }
        String second = read(first, Findings.untilFirstError()).dump(false);
        assertThat(read(second, Findings.untilFirstError()).dump(false)).isEqualTo(second);
    }

    @Property(tries = 300)
    void linesMayEndAsOnWindows(@ForAll("lines") String text) throws TorException {
        String dump;
        try {
            dump = read(text, Findings.ofEverything()).dump(false);
        } catch (ConfigException e) {
            return;
        }
        if (text.indexOf('\r') < 0) {
            assertThat(read(text.replace("\n", "\r\n"), Findings.ofEverything()).dump(false)).isEqualTo(dump);
        }
    }
}
