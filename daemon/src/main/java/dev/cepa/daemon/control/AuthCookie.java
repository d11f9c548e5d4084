package dev.cepa.daemon.control;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The secret that whoever may read a file can come in with. Thread-safe; owns the file. */
final class AuthCookie {
    private static final Logger LOG = LoggerFactory.getLogger(AuthCookie.class);
    /** How long it is. */
    static final int BYTES = 32;

    private final ControlHost host;
    private final SecureRandom random;
    /** Null unless it is in its file. Written under this. */
    private volatile byte @Nullable [] value;
    /** Where it has been written. Guarded by this. */
    private @Nullable Path written;

    AuthCookie(ControlHost host, SecureRandom random) {
        this.host = host;
        this.random = random;
    }

    /** Whether there is to be one. */
    boolean isUsed() {
        return host.options().flag("CookieAuthentication");
    }

    /** Its bytes, not to be changed; null if there is none. */
    byte @Nullable [] value() {
        return value;
    }

    /**
     * Makes it and writes it, if there is to be one and there is none; forgets it if there is to be none.
     *
     * @throws TorException of kind CONFIG if it can't be written
     */
    synchronized void prepare() throws TorException {
        if (!isUsed()) {
            value = null;
            return;
        }
        Path file = file();
        if (file == null) {
            throw new TorException(ErrorKind.CONFIG, "CookieAuthentication needs a DataDirectory, or a CookieAuthFile.");
        }
        byte[] known = value;
        if (known != null && file.equals(written) && Files.exists(file)) {
            return;
        }
        byte[] fresh = known == null ? new byte[BYTES] : known;
        if (known == null) {
            random.nextBytes(fresh);
        }
        try {
            boolean group = host.options().flag("CookieAuthFileGroupReadable") && !host.options().text("CookieAuthFile").isEmpty();
            PrivateFile.write(file, fresh, group);
        } catch (IOException e) {
            throw new TorException(ErrorKind.CONFIG, "Error writing auth cookie to " + file + ": " + e, e);
        }
        LOG.debug("Generated auth cookie file in {}.", file);
        value = fresh;
        written = file;
    }

    /** Where it is to be; null if there is no place for it. */
    @Nullable Path file() throws TorException {
        String name = host.options().text("CookieAuthFile");
        if (!name.isEmpty()) {
            return host.path(name);
        }
        Path folder = host.dataDirectory();
        return folder == null ? null : folder.resolve("control_auth_cookie").toAbsolutePath();
    }

    /** Removes its file. */
    synchronized void close() {
        Path file = written;
        if (file != null) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                LOG.debug("The cookie's file could not be removed: {}", e.getMessage());
            }
        }
    }
}
