package dev.cepa.benchmark.program;

import dev.cepa.benchmark.process.ClientProgram;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** {@link SteadyMemory} with a directory as large as the public network's, which can be had for a private network only. */
public final class SteadyMemoryFullDirectory extends SteadyMemory {
    /** For the command. */
    public SteadyMemoryFullDirectory() {
        this(null);
    }

    SteadyMemoryFullDirectory(@Nullable ClientProgram program) {
        super("Memory Usage with 9,000 Relays", program);
    }

    @Override
    void prepare(Run run, Path dataDirectory) throws IOException {
        FullDirectory.write(run, dataDirectory);
    }

    @Override
    void verify(Path dataDirectory) throws IOException {
        FullDirectory.verify(dataDirectory);
    }
}
