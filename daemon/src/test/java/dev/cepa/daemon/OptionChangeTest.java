package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Options changed while the program runs. What is expected here is what C tor has answered to a controller. */
class OptionChangeTest {
    private static Settings read(String torrc) throws TorException {
        TorrcReader reader = new TorrcReader();
        reader.readText(torrc, "torrc");
        Settings settings = new Settings(OptionTable.load());
        settings.apply(reader.lines(), false);
        return settings;
    }

    /** Of {@code Key=value} and {@code Key}. */
    private static Settings change(Settings before, boolean toDefaults, String... lines) throws TorException {
        List<ConfigLine> assigned = new ArrayList<>();
        for (String line : lines) {
            int mark = line.indexOf('=');
            assigned.add(new ConfigLine(
                    mark < 0 ? line : line.substring(0, mark), mark < 0 ? "" : line.substring(mark + 1),
                    ConfigLine.Mode.SET, "controller", 0));
        }
        Settings after = before.copy(Findings.untilFirstError());
        after.replace(assigned, toDefaults);
        return after;
    }

    private static List<String> values(Settings settings, String option) {
        return settings.lines(option).stream().map(line -> line.key() + "=" + line.value()).toList();
    }

    @Test
    void listsAreReplacedAsAWhole() throws Exception {
        Settings before = read("SocksPort 1\nSocksPort 2\nLog notice stdout\n");
        Settings after = change(before, false, "SocksPort=3", "SocksPort=4");
        assertThat(values(after, "SocksPort")).containsExactly("SocksPort=3", "SocksPort=4");
        assertThat(values(after, "Log")).containsExactly("Log=notice stdout");
        assertThat(values(before, "SocksPort")).as("the old ones stay").containsExactly("SocksPort=1", "SocksPort=2");
        assertThat(values(change(after, false, "SocksPort"), "SocksPort")).isEmpty();
        assertThat(values(change(after, true, "SocksPort"), "SocksPort")).isEmpty();
    }

    @Test
    void aServiceIsReplacedWithAllThatBelongsToIt() throws Exception {
        Settings before = read("HiddenServiceDir /a\nHiddenServicePort 80\nHiddenServiceDir /b\nHiddenServicePort 81\n");
        Settings after = change(before, false, "HiddenServiceDir=/c", "HiddenServicePort=82");
        assertThat(values(after, "HiddenServiceOptions")).containsExactly("HiddenServiceDir=/c", "HiddenServicePort=82");
    }

    @Test
    void anOptionWithoutAValueIsNothingOrItsDefault() throws Exception {
        Settings before = read("MaxCircuitDirtiness 700\nLongLivedPorts 80\nContactInfo x\nSafeLogging relay\n");
        Settings emptied = change(before, false, "MaxCircuitDirtiness", "LongLivedPorts", "ContactInfo");
        assertThat(emptied.number("MaxCircuitDirtiness")).isZero();
        assertThat(emptied.items("LongLivedPorts")).isEmpty();
        assertThat(emptied.text("ContactInfo")).isEmpty();
        Settings reset = change(emptied, true, "MaxCircuitDirtiness", "LongLivedPorts", "SafeLogging");
        assertThat(reset.number("MaxCircuitDirtiness")).isEqualTo(600);
        assertThat(reset.items("LongLivedPorts")).hasSize(12);
        assertThat(reset.text("SafeLogging")).isEqualTo("1");
        assertThat(change(before, true, "MaxCircuitDirtiness=800").number("MaxCircuitDirtiness"))
                .as("RESETCONF with a value sets it").isEqualTo(800);
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        Settings before = read("");
        assertThatThrownBy(() -> change(before, false, "SocksTimeout=5", "Bogus=1"))
                .isInstanceOf(Settings.UnknownOptionException.class).hasMessage("Unknown option 'Bogus'.  Failing.");
        assertThatThrownBy(() -> change(before, false, "SocksTimeout=x"))
                .isInstanceOf(TorException.class).isNotInstanceOf(Settings.UnknownOptionException.class)
                .hasMessageContaining("Could not parse SocksTimeout: ");
        assertThat(before.fixedChange(change(before, false, "DataDirectory=/x"))).isEqualTo("DataDirectory");
        assertThat(before.fixedChange(change(before, false, "SocksPort=1"))).isNull();
    }

    @Test
    void knowsAbbreviationsAndOldNames() throws Exception {
        assertThat(change(read(""), false, "maxcircuitdirtin=800").number("MaxCircuitDirtiness")).isEqualTo(800);
    }
}
