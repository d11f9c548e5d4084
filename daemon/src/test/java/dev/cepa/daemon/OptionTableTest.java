package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionTableTest {
    private final OptionTable table = OptionTable.load();

    @Test
    void knowsEveryOptionOfTor() {
        assertThat(table.settable())
                .filteredOn(option -> !option.isOwn())
                .hasSize(372)
                .extracting(Option::name)
                .contains("SocksPort", "__SocksPort", "UseBridges");
        for (Option option : table.settable()) {
            if (!option.defaultValue().isEmpty()) {
                assertThat(option.name().equals("__OwningControllerFD") ? null : option.type().problem(option.defaultValue()))
                        .as(option.name())
                        .isNull();
                assertThat(option.type().problem(option.testingDefault())).as(option.name()).isNull();
            }
        }
    }

    @Test
    void saysWhatEachOptionOfAClientDoes() {
        OptionTable whole = OptionTable.loadWithEffects();
        assertThat(whole.settable()).isEqualTo(table.settable());
        for (Option option : whole.settable()) {
            assertThat(table.effect(option)).isEmpty();
            if (option.isUsed()) {
                assertThat(whole.effect(option)).as(option.name()).matches("[^\t]{10,115}\\.");
            }
        }
        assertThat(whole.nearest("SocksPot")).isEqualTo("SocksPort");
    }

    @Test
    void findsNamesInAnyCase() {
        assertThat(table.find("socksport")).isNotNull().extracting(Option::name).isEqualTo("SocksPort");
        assertThat(table.find("SocksPor")).isNull();
        assertThat(table.find("")).isNull();
        assertThat(table.find("SocksPort\t")).isNull();
        assertThat(table.find("=EntryNode")).isNull();
        assertThat(table.findAbbreviated("EnforceDist")).isNotNull().extracting(Option::name).isEqualTo("EnforceDistinctSubnets");
        assertThat(table.find("AllowDotExit")).isNotNull().extracting(Option::need).isEqualTo(Option.Need.OBSOLETE);
    }

    @Test
    void expandsOldNames() {
        List<String> warnings = new ArrayList<>();
        assertThat(table.expand("entrynode", false, warnings)).isEqualTo("EntryNodes");
        assertThat(table.expand("DirServer", false, warnings)).isEqualTo("DirAuthority");
        assertThat(table.expand("l", true, warnings)).isEqualTo("Log");
        assertThat(table.expand("l", false, warnings)).isEqualTo("l");
        assertThat(warnings).isEmpty();
        assertThat(table.expand("MaxConn", false, warnings)).isEqualTo("ConnLimit");
        assertThat(warnings).singleElement().asString().contains("'MaxConn' is deprecated; use 'ConnLimit' instead");
    }

    @ParameterizedTest
    @CsvSource({
        "SockPort,SocksPort", "socksprot,SocksPort", "DataDirectroy,DataDirectory", "ExitNode,ExitNodes", "EntryNods,EntryNodes",
        "SafeLoging,SafeLogging"
    })
    void suggestsTheNearestName(String typed, String meant) {
        assertThat(table.nearest(typed)).isEqualTo(meant);
    }

    @Test
    void suggestsNothingForSomethingElse() {
        assertThat(table.nearest("Quux")).isNull();
        assertThat(table.nearest("CompletelyDifferentThing")).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "DATA_SIZE,20 KB,20480", "DATA_SIZE,20480,20480", "DATA_SIZE,1.5 MB,1572864", "DATA_SIZE,8 kbits,1024", "DATA_SIZE,1gb,1073741824",
        "SECONDS,10 minutes,600", "SECONDS,1 week,604800", "SECONDS,1.5 hours,5400", "SECONDS,5,5", "FIRST_SECONDS,'30, 60',30", "SECONDS,' 30 minutes',1800", "INTEGER,+07,7",
        "MILLISECONDS,1 second,1000", "MILLISECONDS,100 msec,100", "BOOLEAN_OR_AUTO,AUTO,auto", "BOOLEAN,1,1", "INTEGER,10,10",
        "SIGNED_INTEGER,-5,-5", "FLOAT,0.5,0.500000", "FLOAT,-1.0,-1.000000", "COMMA_LIST,'a , b,,c','a,b,c'"
    })
    void readsValues(OptionType type, String value, String canonical) {
        assertThat(type.problem(value)).isNull();
        assertThat(type.canonical(value)).isEqualTo(canonical);
    }

    @ParameterizedTest
    @CsvSource({
        "DATA_SIZE,abc", "DATA_SIZE,20 XB", "DATA_SIZE,-1", "DATA_SIZE,9999999 TB", "DATA_SIZE,.", "SECONDS,10 fortnights", "SECONDS,''",
        "SECONDS,100000 days", "MILLISECONDS,1 month", "BOOLEAN,2", "BOOLEAN,yes", "BOOLEAN_OR_AUTO,maybe", "INTEGER,-1", "INTEGER,1x",
        "INTEGER,3000000000", "SIGNED_INTEGER,x", "FLOAT,1.2.3", "FLOAT,'1 '", "FLOAT,1f", "FLOAT,NaN", "SECONDS,'30, 60'", "VIRTUAL,1"
    })
    void refusesValues(OptionType type, String value) {
        assertThat(type.problem(value)).isNotEmpty();
    }
}
