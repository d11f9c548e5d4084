package dev.cepa.onion;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of client keys as C tor keeps it ({@code ClientOnionAuthDir}): files {@code *.auth_private}, each with the line
 * {@code <56 characters>:descriptor:x25519:<base32 key>}.
 */
public final class ClientAuthFolder {
    private static final Logger LOG = LoggerFactory.getLogger(ClientAuthFolder.class);
    private static final String SUFFIX = ".auth_private";
    private static final int MAX_BYTES = 4096;

    private ClientAuthFolder() {}

    /**
     * Reads all of them. A file that is malformed, or of a service that had one, is left out with a warning.
     *
     * @throws TorException of kind STORAGE if the folder can't be read
     */
    public static Map<OnionAddress, ClientAuthKey> read(Path folder) throws TorException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            for (Path file : all) {
                if (file.toString().endsWith(SUFFIX) && Files.isRegularFile(file)) {
                    files.add(file);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new TorException(ErrorKind.STORAGE, "the folder of onion client keys, " + folder + ", can't be read", e);
        }
        files.sort(null);
        Map<OnionAddress, ClientAuthKey> keys = new HashMap<>();
        for (Path file : files) {
            try {
                readInto(keys, file);
            } catch (TorException e) {
                LOG.warn("The onion client key in {} is left out: {}", file.getFileName(), e.getMessage());
            } catch (IOException e) {
                LOG.warn("The onion client key in {} can't be read.", file.getFileName());
            }
        }
        return keys;
    }

    private static void readInto(Map<OnionAddress, ClientAuthKey> keys, Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new TorException(ErrorKind.CONFIG, "the file is too large");
        }
        String line = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        int colon = line.indexOf(':');
        if (colon < 0 || !line.startsWith("descriptor:x25519:", colon + 1)) {
            throw new TorException(ErrorKind.CONFIG, "it is not <address>:descriptor:x25519:<key>");
        }
        OnionAddress address = OnionAddress.parseLabel(line.substring(0, colon));
        if (keys.putIfAbsent(address, ClientAuthKey.parse(line.substring(colon + 1))) != null) {
            throw new TorException(ErrorKind.CONFIG, "another file has a key for the same service");
        }
    }
}
