package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.TimeZone;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogOutputTest {
    private static final LogStyle TRUNCATING = new LogStyle(1, false, false, true, "");

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    private Instant now = Instant.parse("2026-11-24T03:41:17.749Z");
    private final InstantSource clock = () -> now;
    private final LogOutput output = new LogOutput(clock, TimeZone.getTimeZone("UTC"), stdout, stderr);

    private static LogTarget target(String value) throws TorException {
        return LogTarget.parse(new ConfigLine("Log", value, ConfigLine.Mode.SET, "torrc", 1));
    }

    private String written() {
        return stdout.toString(StandardCharsets.UTF_8);
    }

    @Test
    void writesLinesAsTorDoes() {
        TorLogger logger = new TorLogger("x", output);
        logger.info("Bootstrapped {}% (done): {}", 100, "Done");
        logger.warn("attention");
        logger.error("bad", new IllegalStateException("why"));
        logger.debug("not shown");
        assertThat(written())
                .isEqualTo("""
                        Nov 24 03:41:17.749 [notice] Bootstrapped 100% (done): Done
                        Nov 24 03:41:17.749 [warn] attention
                        Nov 24 03:41:17.749 [err] bad: java.lang.IllegalStateException: why
                        """);
        assertThat(logger.isDebugEnabled()).isFalse();
    }

    @Test
    void showsNoticesAndWorseToWhoeverWatchesWhereverTheyGo() throws Exception {
        List<String> shown = new ArrayList<>();
        output.configure(List.of(target("err stdout")), new LogStyle(1000, true, false, false, ""));
        TorLogger logger = new TorLogger("dev.cepa.circuit.X", output);
        logger.warn("before");
        LogOutput.Tail tail = (millis, severity, text) -> shown.add(millis + " " + severity.text() + " " + text);
        output.show(tail, Severity.range(Severity.NOTICE, Severity.ERR));
        output.configure(List.of(target("err stdout")), new LogStyle(1000, true, false, false, ""));
        logger.debug("too mild");
        logger.info("a notice\nof two lines\u0007");
        logger.error("bad");
        assertThat(shown).containsExactly(
                now.toEpochMilli() / 1000 * 1000 + " notice {CIRC} a notice\n    of two lines?",
                now.toEpochMilli() / 1000 * 1000 + " err {CIRC} bad");
        assertThat(written()).contains("bad").doesNotContain("notice");
        output.show(tail, 0);
        logger.info("after");
        assertThat(shown).hasSize(2);
        assertThat(logger.isInfoEnabled()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "1970-01-01T00:00:00Z,Jan 01 00:00:00.000", "2024-02-29T23:59:59.999Z,Feb 29 23:59:59.999",
        "2000-12-31T12:00:00.05Z,Dec 31 12:00:00.050", "2100-03-01T00:00:00Z,Mar 01 00:00:00.000"
    })
    void writesDates(String instant, String text) {
        now = Instant.parse(instant);
        output.write(Severity.NOTICE, "x", null);
        assertThat(written()).isEqualTo(text + " [notice] x\n");
    }

    @Test
    void writesLocalTimeAndRoundsItDown() throws Exception {
        LogOutput local = new LogOutput(clock, TimeZone.getTimeZone("Asia/Kolkata"), stdout, stderr);
        local.configure(List.of(LogTarget.DEFAULT), new LogStyle(1000, false, false, false, ""));
        local.write(Severity.NOTICE, "x", null);
        assertThat(written()).isEqualTo("Nov 24 09:11:17.000 [notice] x\n");
    }

    @Test
    void keepsControlCharactersOut() {
        output.write(Severity.NOTICE, "a\u001b[31m\rb\nNov 24 [err] forged", null);
        assertThat(written()).endsWith("[notice] a?[31m?b\n    Nov 24 [err] forged\n");
    }

    @Test
    void sortsSeveritiesIntoPlaces() throws Exception {
        Path file = folder.resolve("log");
        output.configure(
                List.of(target("debug-info file " + file), target("warn-err stderr"), target("notice-notice stdout")));
        for (Severity severity : Severity.values()) {
            output.write(severity, severity.text(), null);
        }
        assertThat(Files.readString(file)).contains("[info]", "[debug]").doesNotContain("[notice]", "[err]");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-r-----");
        assertThat(stderr.toString(StandardCharsets.UTF_8)).contains("[warn]", "[err]").doesNotContain("[notice]");
        assertThat(written()).contains("[notice]").doesNotContain("[warn]");
    }

    @Test
    void opensFilesAnewSoThatTheyCanBeMovedAway() throws Exception {
        Path file = folder.resolve("log");
        output.configure(List.of(target("notice file " + file)));
        output.write(Severity.NOTICE, "one", null);
        Files.move(file, folder.resolve("old"));
        output.configure(List.of(target("notice file " + file)), TRUNCATING);
        output.write(Severity.NOTICE, "two", null);
        assertThat(Files.readString(file)).contains("two").doesNotContain("one");
        assertThatThrownBy(() -> output.configure(List.of(target("notice file " + folder))))
                .isInstanceOf(TorException.class);
        output.write(Severity.NOTICE, "three", null);
        assertThat(Files.readString(file)).contains("three");
    }

    @Test
    void sortsDomainsIntoPlaces() throws Exception {
        LogTarget target = target("[circ,app]debug [~dir]info-notice warn stdout");
        int circ = LogDomains.of("CIRC");
        int dir = LogDomains.of("dir");
        assertThat(target.takes(Severity.DEBUG, circ)).isTrue();
        assertThat(target.takes(Severity.DEBUG, LogDomains.GENERAL)).isFalse();
        assertThat(target.takes(Severity.INFO, LogDomains.GENERAL)).isTrue();
        assertThat(target.takes(Severity.INFO, dir)).isFalse();
        assertThat(target.takes(Severity.WARN, dir)).isTrue();
        assertThat(target("[*]info stdout").domains()).isNull();
        output.configure(List.of(target));
        new TorLogger("dev.cepa.pool.CircuitPool", output).trace("of circuits");
        new TorLogger("dev.cepa.directory.DirectoryUpdater", output).debug("of directories");
        new TorLogger("dev.cepa.TorClient", output).trace("of all");
        assertThat(written()).contains("of circuits").doesNotContain("of directories").doesNotContain("of all");
    }

    @Test
    void saysTheDomainIfAsked() throws Exception {
        output.configure(List.of(LogTarget.DEFAULT), new LogStyle(1, true, false, false, ""));
        new TorLogger("dev.cepa.path.GuardManager", output).info("x");
        new TorLogger("org.example.Other", output).info("y");
        assertThat(written()).contains("[notice] {GUARD} x\n").contains("[notice] {GENERAL} y\n");
    }

    @Test
    void writesJsonForCollectors() throws Exception {
        output.configure(List.of(LogTarget.DEFAULT), new LogStyle(1000, true, true, false, ""));
        new TorLogger("dev.cepa.channel.Channel", output).warn("a \"b\"\n\u001b\ud800\\", new IllegalStateException("c"));
        assertThat(written()).isEqualTo("{\"time\":\"2026-11-24T03:41:17Z\",\"severity\":\"warn\",\"domain\":\"CHANNEL\","
                + "\"message\":\"a \\\"b\\\"\\n\\u001b\\ud800\\\\\",\"cause\":\"java.lang.IllegalStateException: c\"}\n");
    }

    @Test
    void writesTwoLogLinesIntoOneFile() throws Exception {
        Path file = folder.resolve("log");
        Files.writeString(file, "old\n");
        output.configure(List.of(target("notice-notice file " + file), target("warn file " + file)), TRUNCATING);
        output.write(Severity.NOTICE, "one", null);
        output.write(Severity.WARN, "two", null);
        output.write(Severity.NOTICE, "three", null);
        assertThat(Files.readAllLines(file)).hasSize(3).noneMatch(line -> line.startsWith("old"));
    }

    @Test
    void keepsWhatIsThereIfAnotherFileCantBeOpened() throws Exception {
        Path file = folder.resolve("log");
        Files.writeString(file, "old\n");
        assertThatThrownBy(() -> output.configure(List.of(target("notice file " + file), target("notice file " + folder)), TRUNCATING))
                .isInstanceOf(TorException.class);
        assertThat(file).hasContent("old");
    }

    @Test
    void showsDebugOnRequestUntilReconfigured() throws Exception {
        output.write(Severity.DEBUG, "hidden", null);
        output.showDebug();
        output.write(Severity.DEBUG, "shown", null);
        output.configure(List.of(LogTarget.DEFAULT));
        output.write(Severity.DEBUG, "hidden again", null);
        assertThat(written()).contains("shown").doesNotContain("hidden");
    }

    @ParameterizedTest
    @CsvSource({
        "notice stdout,STDOUT", "notice,STDOUT", "info stderr,STDERR", "notice-err file /tmp/x y,FILE", "NOTICE STDOUT,STDOUT",
        "'[handshake,~net] debug [*]info stdout',STDOUT", "'[net]info notice stderr',STDERR", "notice syslog,SYSLOG"
    })
    void readsLogLines(String value, LogTarget.Kind kind) throws Exception {
        assertThat(target(value).kind()).isEqualTo(kind);
    }

    @Test
    void readsSeverities() throws Exception {
        assertThat(target("notice").mask()).isEqualTo(0b111);
        assertThat(target("info-notice").mask()).isEqualTo(0b1100);
        assertThat(target("[net]debug warn").mask()).isEqualTo(0b11111);
        assertThat(target("notice file ~/x").file()).doesNotContain("~");
        assertThat(target("notice file /a b").file()).isEqualTo("/a b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stdout", "loud stdout", "notice info stdout", "notice file", "notice stdout x", "[net stdout", "err-notice", "[foo]notice stdout", "[net,]notice stdout", "[net] stdout"})
    void refusesBadLogLines(String value) {
        assertThatThrownBy(() -> target(value)).isInstanceOf(TorException.class).hasMessageStartingWith("torrc:1: ");
    }
}
