package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigToolTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return new ConfigTool().run(new PrintWriter(out), new PrintWriter(err), args);
    }

    private String check(int status, String torrc, String... more) throws Exception {
        Path file = Files.writeString(folder.resolve("torrc"), torrc);
        String[] args = new String[2 + more.length];
        args[0] = "check";
        args[1] = file.toString();
        System.arraycopy(more, 0, args, 2, more.length);
        assertThat(run(args)).isEqualTo(status);
        return out.toString().replace(folder.toString() + "/", "");
    }

    @Test
    void saysEverythingThatIsWrongWithPlaceAndRemedy() throws Exception {
        String said = check(1, """
                SockPort 9050
                SocksTimeout 2 fortnights
                  EntryNodes a
                UseEntryGuards 0
                ExitNodes {zz
                HiddenServicePort 80
                Log loud stdout
                Nickname me
                MaxCircuitDirtiness 1
                """);
        assertThat(said).isEqualTo("""
                torrc:1:1: error: Unknown option 'SockPort'.  Failing. Did you mean 'SocksPort'?
                    Write SocksPort, if that is what you mean.
                torrc:2:14: error: Could not parse SocksTimeout: Provided value is malformed or out of bounds: \
                Unknown unit in 2 fortnights
                    Write a time, such as 30 seconds, 10 minutes, 2 hours or 1 week.
                torrc:3:14: error: If EntryNodes is set, UseEntryGuards must be enabled. \
                (EntryNodes: torrc:3, UseEntryGuards: torrc:4)
                    Remove UseEntryGuards 0, or EntryNodes.
                """ + said.substring(said.indexOf("torrc:5:11: error: ExitNodes: ")));
        assertThat(said).contains("torrc:6:19: error: ", "torrc:7:5: error: Couldn't parse log levels",
                "torrc: warning: MaxCircuitDirtiness option is too short",
                "torrc: notice: These options have no effect here, as they are for relays or tests or make no difference to Cepa: Nickname.\n",
                "torrc is not valid: ");
    }

    @Test
    void saysThatAFileIsValid() throws Exception {
        assertThat(check(0, "SocksPort 9050\n")).isEqualTo("torrc is valid: no errors, no warnings.\n");
    }

    @Test
    void writesJsonForPrograms() throws Exception {
        String said = check(1, "Safe\"Socks 1\nAllowDotExit 1\n", "--json");
        JsonReader.check(said);
        assertThat(said).isEqualTo("{\"file\":\"torrc\",\"valid\":false,\"errors\":1,\"warnings\":1,\"problems\":["
                + "{\"severity\":\"error\",\"file\":\"torrc\",\"line\":1,\"column\":1,\"message\":"
                + "\"Unknown option 'Safe\\\"Socks'.  Failing. Did you mean 'SafeSocks'?\","
                + "\"remedy\":\"Write SafeSocks, if that is what you mean.\"},"
                + "{\"severity\":\"warning\",\"file\":\"torrc\",\"line\":2,\"message\":"
                + "\"Skipping obsolete configuration option \\\"AllowDotExit\\\".\"}]}\n");
    }

    @Test
    void saysThatAFileIsMissing() {
        assertThat(run("check", folder.resolve("none").toString())).isEqualTo(1);
        assertThat(out.toString()).contains("Unable to open configuration file", "is not valid: 1 error, no warnings.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"minimal", "desktop", "server", "onion"})
    void printsSamplesThatAreValid(String kind) throws Exception {
        assertThat(run("sample", kind)).isZero();
        String sample = out.toString();
        out.getBuffer().setLength(0);
        assertThat(check(0, sample)).endsWith("is valid: no errors, no warnings.\n");
        for (String line : sample.split("\n")) {
            assertThat(line).hasSizeLessThanOrEqualTo(120);
        }
    }

    /** What is commented out in them can be uncommented, if it is not what Cepa can't do yet. */
    @ParameterizedTest
    @ValueSource(strings = {"minimal", "desktop", "server", "onion"})
    void printsSamplesWhoseOtherLinesAreValidToo(String kind) throws Exception {
        assertThat(run("sample", kind)).isZero();
        String sample = out.toString().replace("\n#%include", "\n## ").replaceAll("\n#(?!#)", "\n");
        out.getBuffer().setLength(0);
        assertThat(check(0, sample)).endsWith("is valid: no errors, no warnings.\n");
    }

    @Test
    void printsASchemaOfAllOptions() {
        assertThat(run("schema")).isZero();
        JsonReader.check(out.toString());
        String schema = out.toString();
        for (Option option : OptionTable.load().settable()) {
            String property = "\"" + option.name() + "\":{";
            assertThat(schema.indexOf(property)).as(option.name()).isPositive().isEqualTo(schema.lastIndexOf(property));
        }
    }

    /** If this fails, run {@code ./cepa config reference > docs/configuration.md}. */
    @Test
    void printsTheReferenceInTheRepository() throws Exception {
        assertThat(run("reference")).isZero();
        assertThat(Path.of("../docs/configuration.md")).hasContent(out.toString());
    }

    @ParameterizedTest
    @CsvSource({"''", "nothing", "check", "check a b", "sample mimimal", "schema x", "sample ../torrc-options"})
    void explainsItself(String args) {
        assertThat(run(args.split(" "))).isEqualTo(2);
        assertThat(err.toString()).startsWith("usage: cepa config check FILE");
    }
}
