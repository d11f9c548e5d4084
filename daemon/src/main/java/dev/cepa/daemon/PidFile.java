package dev.cepa.daemon;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file that names this process while it runs. */
final class PidFile {
    private static final Logger LOG = LoggerFactory.getLogger(PidFile.class);

    private PidFile() {}

    static void write(Path file) throws TorException {
        try {
            String pid = ProcessHandle.current().pid() + "\n";
            Files.write(file, pid.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new TorException(ErrorKind.CONFIG, "Unable to write PIDFile \"" + file + "\": " + Reasons.of(e), e);
        }
    }

    static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("Couldn't unlink pid file {}: {}", file, Reasons.of(e));
        }
    }
}
