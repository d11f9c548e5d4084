package dev.cepa.benchmark.program;

import dev.cepa.benchmark.directory.DirectoryGenerator;
import dev.cepa.testnet.TestNetwork;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A directory as large as the public network's, for a private network, whose authorities sign it. A client that gave it
 * up for the network's own would be measured with the wrong one, so that is to be checked at the end. Stateless.
 */
final class FullDirectory {
    private static final int RELAYS = 9000;

    private FullDirectory() {}

    /** Puts it into a new data directory. */
    static void write(Run run, Path dataDirectory) throws IOException {
        DirectoryGenerator.write(network(run), RELAYS, dataDirectory);
    }

    /** The network that can have one. */
    static TestNetwork network(Run run) throws IOException {
        TestNetwork network = run.context().network().testNetwork();
        if (network == null) {
            throw new IOException("a directory of 9,000 relays can be made for a network that this tool has started only");
        }
        return network;
    }

    /** Throws unless the client still has it. */
    static void verify(Path dataDirectory) throws IOException {
        String consensus =
                Files.readString(dataDirectory.resolve("cached-microdesc-consensus"), StandardCharsets.ISO_8859_1);
        int relays = 0;
        for (int at = consensus.indexOf("\nr "); at >= 0; at = consensus.indexOf("\nr ", at + 1)) {
            relays++;
        }
        if (relays != RELAYS) {
            throw new IOException("the client has replaced the directory of 9,000 relays by one of " + relays);
        }
    }
}
