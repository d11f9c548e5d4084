package dev.cepa.benchmark;

import dev.cepa.TorConfig;
import dev.cepa.TorConfigBuilder;
import dev.cepa.error.TorException;
import dev.cepa.testnet.TestNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The network that benchmarks run on: a private one, or the one that a torrc file names. Immutable. */
public final class NetworkUnderTest {
    private final List<String> torrc;
    private final @Nullable TestNetwork testNetwork;
    private final String description;

    private NetworkUnderTest(List<String> torrc, @Nullable TestNetwork testNetwork, String description) {
        this.torrc = List.copyOf(torrc);
        this.testNetwork = testNetwork;
        this.description = description;
    }

    /** A private network, which stays its starter's to close. */
    public static NetworkUnderTest of(TestNetwork network) {
        return new NetworkUnderTest(
                network.clientTorrc(), network, "private network of " + network.relays().size() + " real relays");
    }

    /** What a torrc file names; an empty file names the public network. */
    public static NetworkUnderTest ofTorrc(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            String bare = line.strip();
            if (!bare.isEmpty() && !bare.startsWith("#")) {
                lines.add(bare);
            }
        }
        return new NetworkUnderTest(lines, null, "network of " + file);
    }

    /** The torrc lines by which any tor-compatible client joins this network, without a SOCKS port or data directory. */
    public List<String> clientTorrc() {
        return torrc;
    }

    /** The private network itself; null if a torrc file named the network. */
    public @Nullable TestNetwork testNetwork() {
        return testNetwork;
    }

    /** In words, for reports. */
    public String description() {
        return description;
    }

    /**
     * Settings for a client of the library on this network that keeps nothing on disk. Of a torrc file it takes what names
     * the network and the relays to use; the rest is for programs.
     */
    public TorConfigBuilder clientConfig() throws TorException {
        TorConfigBuilder config = TorConfig.builder().inMemory();
        for (String line : torrc) {
            int space = 0;
            while (space < line.length() && !Character.isWhitespace(line.charAt(space))) {
                space++;
            }
            String value = line.substring(space).strip();
            switch (line.substring(0, space).toLowerCase(Locale.ROOT)) {
                case "testingtornetwork" -> config.testingNetwork(value.equals("1"));
                case "dirauthority", "dirserver" -> config.directoryAuthority(value);
                case "fallbackdir" -> config.fallbackDirectory(value);
                case "entrynodes" -> config.entryNodes(value);
                case "exitnodes" -> config.exitNodes(value);
                case "excludenodes" -> config.excludeNodes(value);
                case "excludeexitnodes" -> config.excludeExitNodes(value);
                default -> {}
            }
        }
        return config;
    }
}
