package dev.cepa.daemon.control;

import dev.cepa.error.TorException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file that says where controllers come in ({@code ControlPortWriteToFile}). Guarded by its owner's lock. */
final class PortFile {
    private static final Logger LOG = LoggerFactory.getLogger(PortFile.class);

    private final ControlHost host;
    private @Nullable Path written;

    PortFile(ControlHost host) {
        this.host = host;
    }

    /** Writes these addresses, if there is to be such a file. That it can't be written is no reason not to go on. */
    void write(List<SocketAddress> addresses) {
        String name = host.options().text("ControlPortWriteToFile");
        if (name.isEmpty()) {
            return;
        }
        StringBuilder lines = new StringBuilder();
        for (SocketAddress address : addresses) {
            boolean unix = address instanceof UnixDomainSocketAddress;
            lines.append(unix ? "UNIX_PORT=" : "PORT=").append(ControlListener.text(address)).append('\n');
        }
        try {
            Path file = host.path(name);
            PrivateFile.write(
                    file, lines.toString().getBytes(StandardCharsets.UTF_8), host.options().flag("ControlPortFileGroupReadable"));
            written = file;
        } catch (TorException e) {
            LOG.warn("Writing {} failed: {}", name, e.getMessage());
        } catch (IOException e) {
            LOG.warn("Writing {} failed: {}", name, e.toString());
        }
    }

    /** Removes it. */
    void close() {
        Path file = written;
        if (file != null) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                LOG.debug("{} could not be removed: {}", file, e.getMessage());
            }
        }
    }
}
