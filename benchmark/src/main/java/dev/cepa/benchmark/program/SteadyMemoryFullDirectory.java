package dev.cepa.benchmark.program;

import dev.cepa.benchmark.directory.DirectoryGenerator;
import dev.cepa.benchmark.process.ClientProgram;
import dev.cepa.testnet.TestNetwork;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * {@link SteadyMemory} with a directory as large as the public network's. It can be had for a private network only, whose
 * authorities sign it. A client that gave it up for the network's own would be measured with the wrong one, so that is
 * checked at the end.
 */
public final class SteadyMemoryFullDirectory extends SteadyMemory {
    private static final int RELAYS = 9000;

    /** For the command. */
    public SteadyMemoryFullDirectory() {
        this(null);
    }

    SteadyMemoryFullDirectory(@Nullable ClientProgram program) {
        super("Memory Usage with 9,000 Relays", program);
    }

    @Override
    void prepare(Run run, Path dataDirectory) throws IOException {
        TestNetwork network = run.context().network().testNetwork();
        if (network == null) {
            throw new IOException("a directory of 9,000 relays can be made for a network that this tool has started only");
        }
        DirectoryGenerator.write(network, RELAYS, dataDirectory);
    }

    @Override
    void verify(Path dataDirectory) throws IOException {
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
