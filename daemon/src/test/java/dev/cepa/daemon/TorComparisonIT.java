package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Cepa makes of a torrc, beside what the real tor of this machine makes of it. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class TorComparisonIT {
    private static final int FILES = 150;
    private static final String[] TIMES = {
        "10", "10 minutes", "1.5 hours", "2 h", "5minutes", "1 week", "3 DAYS", "60 SECONDS", "1e3", "+50", "50 ", "0x10",
        ".5 minutes", "50.", "1 fortnight", "99999999999", "2147483648", "1 minute 3", "10,20", "007", "\\\n 10 minutes", ""
    };
    private static final String[] SIZES = {
        "10 KBytes", "1MB", "1.5 gb", "3 kbit", "5 m", "1 k", "10 kilobytes", "99999999 TB", "1 Mbits", "-1", "1 kb ", "4  mb", "5 B"
    };
    private static final String[] TEXTS = {
        "foo", "\"foo bar\"", "\"a\\\"b\"", "\"a\\x41\\102\\n\"", "a\\\nb", "a # c", "\"a\" # c", "a#c", "\"a\\qb\"",
        "\"\"", "a  ", "\ta", "\"\\\\\"", "\"\\400\"", "\"\\x4\"", "a\"b\"", "\"a\"b", "a \\\n  b \\\n c", "", "\u00e9",
        "a \\\n# comment\n b", "x\r", "a \\\r\n b"
    };
    private static final String[] NUMBERS = {"1", "0", "-1", "+3", "007", "3x", "2147483647", "2147483648", "1.0", "0x1", "\\\n 4"};
    private static final String[] FLAGS = {"0", "1", "2", "yes", "auto", "AUTO", ""};
    private static final String[] LISTS = {"a,b", "a, b", ",a,,b,", "\"a,b\"", "a,b ", "", "{de},x"};

    private static final Object[][] OPTIONS = {
        {"ContactInfo", TEXTS}, {"Address", TEXTS}, {"SocksTimeout", TIMES}, {"NewCircuitPeriod", TIMES},
        {"TrackHostExitsExpire", TIMES}, {"MaxMemInQueues", SIZES}, {"MaxHSDirCacheBytes", SIZES}, {"NumCPUs", NUMBERS},
        {"NumEntryGuards", NUMBERS}, {"PathBiasCircThreshold", NUMBERS}, {"SafeSocks", FLAGS}, {"UseMicrodescriptors", FLAGS},
        {"ConnectionPadding", FLAGS}, {"AutomapHostsSuffixes", LISTS}, {"TrackHostExits", LISTS}, {"socksport", new String[] {"0"}}
    };

    @TempDir
    private static Path folder;

    @BeforeAll
    static void needsTor() throws Exception {
        try {
            assumeTrue(tor("--version").ok);
        } catch (IOException e) {
            assumeTrue(false, "there is no tor here");
        }
    }

    private record Answer(boolean ok, String text) {}

    private static Answer tor(String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of("tor"));
        command.addAll(List.of(args));
        Path out = folder.resolve("out");
        Process tor = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
        return new Answer(tor.waitFor() == 0, Files.readString(out));
    }

    /** {@code --dump-config short} of the real one, with a folder of its own for data. */
    private static Answer torDump(String how, Path torrc) throws Exception {
        Answer answer = tor("-f", torrc.toString(), "--dump-config", how, "--DataDirectory", folder.resolve("data").toString());
        StringBuilder lines = new StringBuilder();
        for (String line : answer.text.split("\n")) {
            if (!line.isEmpty() && !line.startsWith("DataDirectory ")) {
                lines.append(line).append('\n');
            }
        }
        return new Answer(answer.ok, lines.toString());
    }

    private static Answer dump(boolean all, Path torrc) {
        try {
            Configuration configuration = Configuration.read(CommandLine.parse("-f", torrc.toString()), "");
            return new Answer(true, configuration.settings().dump(all));
        } catch (TorException e) {
            return new Answer(false, String.valueOf(e.getMessage()));
        }
    }

    private static <T> T one(T[] of, Random random) {
        return of[random.nextInt(of.length)];
    }

    private static String randomTorrc(Random random) {
        StringBuilder text = new StringBuilder();
        for (int lines = 1 + random.nextInt(5); lines > 0; lines--) {
            Object[] option = one(OPTIONS, random);
            text.append(one(new String[] {"", "", "", "", "+", "/", "  ", "\t"}, random))
                    .append(option[0])
                    .append(one(new String[] {" ", " ", "  ", "\t"}, random))
                    .append(one((String[]) option[1], random))
                    .append(one(new String[] {"\n", "\n", "\r\n", " \n", "\n\n", "\n# c\n", "\n#c\\\n"}, random));
        }
        return text.toString();
    }

    @Test
    void readsFilesAsTorDoes() throws Exception {
        Random random = new Random(20);
        for (int i = 0; i < FILES; i++) {
            String text = randomTorrc(random);
            Path torrc = Files.writeString(folder.resolve("torrc"), text, StandardCharsets.UTF_8);
            Answer theirs = torDump("short", torrc);
            Answer ours = dump(false, torrc);
            assertThat(ours.ok).as("%s%nis said of%n%s", ours.text, text).isEqualTo(theirs.ok);
            if (theirs.ok) {
                assertThat(ours.text).as(text).isEqualTo(theirs.text);
            }
        }
    }

    @Test
    void hasTheSameOptionsWithTheSameDefaults() throws Exception {
        StringBuilder names = new StringBuilder();
        for (Option option : OptionTable.load().settable()) {
            names.append(option.isOwn() ? "" : option.name() + "\n");
        }
        assertThat(names.toString()).isEqualTo(tor("--list-torrc-options").text);
        Path torrc = Files.writeString(folder.resolve("torrc"), "SocksPort 0\n");
        assertThat(dump(true, torrc).text).isEqualTo(torDump("full", torrc).text);
    }

    /** The words that tor uses are part of what Cepa says, which adds the places. */
    @ParameterizedTest
    @ValueSource(strings = {
        "UseBridges 1", "BandwidthRate 2 MB\nBandwidthBurst 1 MB", "EntryNodes a\nUseEntryGuards 0",
        "NumEntryGuards 3\nNumPrimaryGuards 2", "FetchDirInfoExtraEarly 1", "ConnLimit 0", "MaxClientCircuitsPending 0",
        "FirewallPorts a", "CircuitsAvailableTimeout 2 days", "DormantClientTimeout 5 minutes", "KeepalivePeriod 0",
        "TestingClientDownloadInitialDelay 5", "ClientDNSRejectInternalAddresses 0", "PathBiasNoticeRate 2",
        "HashedControlPassword foo", "ControlSocketsGroupWritable 1", "Bogus 1", "SocksTimeout 2 fortnights", "SafeSocks yes",
        "TokenBucketRefillInterval 2 seconds", "__OwningControllerProcess abc", "Socks5ProxyUsername a",
        "HiddenServiceSingleHopMode 1", "ConstrainedSockets 1\nConstrainedSockSize 100"
    })
    void refusesWhatTorRefusesInItsWords(String text) throws Exception {
        Path torrc = Files.writeString(folder.resolve("torrc"), text + "\n");
        Answer theirs = tor("-f", torrc.toString(), "--verify-config", "--DataDirectory", folder.resolve("data").toString());
        assertThat(theirs.ok).isFalse();
        String marker = "Failed to parse/validate config: ";
        int at = theirs.text.indexOf(marker) + marker.length();
        String words = theirs.text.substring(at, theirs.text.indexOf('\n', at));
        Answer ours = dump(false, torrc);
        assertThat(ours.ok).isFalse();
        assertThat(ours.text).contains(torrc + ":").contains(words.strip());
    }
}
