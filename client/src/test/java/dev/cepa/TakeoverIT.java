package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.event.TorEvent;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.TestNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A data directory that C tor and Cepa use in turn. */
@Timeout(180)
class TakeoverIT {
    private static final String UNKNOWN = "FutureThing 42 of a version to come";
    private static TestNetwork network;

    @BeforeAll
    static void start() throws IOException {
        // Consensuses that stay fresh for as long as the tests run, so that nobody has a reason to fetch another.
        network = TestNetwork.builder().votingInterval(Duration.ofMinutes(5)).start(Duration.ofMinutes(3));
    }

    @AfterAll
    static void stop() {
        network.close();
    }

    @Test
    void takesOverWhatCTorLeftWithoutADownload() throws Exception {
        Node tor = network.startClient("taken", Duration.ofSeconds(60));
        tor.stop();
        Path data = tor.folder();
        Path state = data.resolve("state");
        assertThat(data).isDirectoryContaining("glob:**/cached-microdesc-consensus");
        Files.writeString(state, UNKNOWN + "\n", StandardOpenOption.APPEND);
        List<String> guards = guards(state);
        List<String> confirmed = confirmed(state);
        assertThat(guards).isNotEmpty();
        assertThat(confirmed).isNotEmpty();

        List<TorEvent> events = new CopyOnWriteArrayList<>();
        try (TorClient client = TorClient.start(config(data), events::add)) {
            client.awaitReady(Duration.ofSeconds(30));
        }
        assertNothingWasFetched(events);
        assertThat(guards(state)).as("sampled guards in their order").isEqualTo(guards);
        assertThat(confirmed(state)).as("guards in use").startsWith(confirmed.toArray(String[]::new));
        assertThat(Files.readAllLines(state)).contains(UNKNOWN);
    }

    @Test
    void cTorTakesOverWhatCepaLeftWithoutADownload() throws Exception {
        Path data = network.folder().resolve("given");
        TorClient.connect(config(data)).close();
        Path state = data.resolve("state");
        Files.writeString(state, UNKNOWN + "\n", StandardOpenOption.APPEND);
        List<String> guards = guards(state);
        List<String> confirmed = confirmed(state);
        assertThat(guards).isNotEmpty();
        assertThat(confirmed).isNotEmpty();
        assertThat(Files.readAllLines(state)).filteredOn(line -> line.startsWith("Guard "))
                .as("words that all are key=value, or C tor would not know them")
                .allMatch(line -> List.of(line.substring(6).split(" ", -1)).stream().allMatch(word -> word.contains("=")));

        Node tor = network.startClient("given", Duration.ofSeconds(60), "Log info file $DIR/info.log");
        tor.stop();
        String notice = Files.readString(tor.logFile());
        assertThat(notice).contains("Bootstrapped 100%").doesNotContain("requesting_status", "requesting_descriptors");
        assertThat(Files.readString(data.resolve("info.log")))
                .contains("Reloaded microdescriptor cache. Found " + network.relays().size() + " descriptors")
                .doesNotContain("Requesting consensus", "Launching microdescriptor download");
        assertThat(guards(state)).containsAll(guards);
        assertThat(confirmed(state)).startsWith(confirmed.toArray(String[]::new));
        assertThat(Files.readAllLines(state)).contains(UNKNOWN);

        List<TorEvent> events = new CopyOnWriteArrayList<>();
        List<String> theirs = guards(state);
        try (TorClient client = TorClient.start(config(data), events::add)) {
            client.awaitReady(Duration.ofSeconds(30));
        }
        assertNothingWasFetched(events);
        assertThat(guards(state)).isEqualTo(theirs);
    }

    private static void assertNothingWasFetched(List<TorEvent> events) {
        assertThat(events).noneMatch(event -> event instanceof TorEvent.Warning w && w.message().contains("cached"));
        // The phases of asking for documents and loading them, and the circuits of one hop by which that is done.
        assertThat(events).noneMatch(event -> event instanceof TorEvent.Bootstrap b && b.percent() > 0 && b.percent() < 75);
        assertThat(events).noneMatch(event -> event instanceof TorEvent.CircuitStatus c && c.path().size() == 1
                && c.status() == TorEvent.CircuitStatus.Status.BUILT);
    }

    private static TorConfig config(Path data) throws IOException {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true).dataDirectory(data);
        Networks.addAuthorities(config, network);
        return config.build();
    }

    /** The fingerprints of the sampled guards, in the order of the file. */
    private static List<String> guards(Path state) throws IOException {
        List<String> found = new ArrayList<>();
        for (String line : Files.readAllLines(state)) {
            if (line.startsWith("Guard in=default ")) {
                found.add(word(line, "rsa_id="));
            }
        }
        return found;
    }

    /** The fingerprints of the guards that were used, the most wanted first. */
    private static List<String> confirmed(Path state) throws IOException {
        List<String> found = new ArrayList<>();
        for (int index = 0; ; index++) {
            String wanted = " confirmed_idx=" + index;
            String line = Files.readAllLines(state).stream()
                    .filter(l -> (l + " ").contains(wanted + " "))
                    .findFirst()
                    .orElse(null);
            if (line == null) {
                return found;
            }
            found.add(word(line, "rsa_id="));
        }
    }

    private static String word(String line, String key) {
        int at = line.indexOf(key) + key.length();
        int end = line.indexOf(' ', at);
        return line.substring(at, end < 0 ? line.length() : end);
    }
}
