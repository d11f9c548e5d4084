package dev.cepa.onion;

import dev.cepa.crypto.Primitives;
import dev.cepa.directory.DataDirectory;
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
    private static final String PREFIX = ":descriptor:x25519:";
    private static final String FILE_MODE = "rw-------";
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

    /**
     * Keeps a key for good, as C tor does: in a file of the service's name, whatever was in it before.
     *
     * @param folder made if there is none
     * @throws TorException of kind STORAGE if it can't be written, or the folder is open to others
     */
    public static void write(Path folder, OnionAddress address, ClientAuthKey key) throws TorException {
        DataDirectory.prepareCache(folder);
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        byte[] secret = key.secret();
        byte[] line =
                (address.label() + PREFIX + Base32.encode(secret)).getBytes(StandardCharsets.US_ASCII);
        try {
            ServiceFolder.write(
                    folder.resolve(address.label() + SUFFIX), new byte[0], line, ServiceFolder.attributes(posix, FILE_MODE));
        } catch (IOException e) {
            throw new TorException(ErrorKind.STORAGE, "a key can't be written to the folder of onion client keys", e);
        } finally {
            Primitives.wipe(secret);
            Primitives.wipe(line);
        }
    }

    /**
     * Removes the file of a service's key, whatever its name is.
     *
     * @return whether there was one
     * @throws TorException of kind STORAGE if the folder can't be read, or the file not removed
     */
    public static boolean remove(Path folder, OnionAddress address) throws TorException {
        boolean removed = false;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            for (Path file : all) {
                if (file.toString().endsWith(SUFFIX) && Files.isRegularFile(file) && isOf(file, address)) {
                    Files.delete(file);
                    removed = true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new TorException(ErrorKind.STORAGE, "a key in the folder of onion client keys can't be removed", e);
        }
        return removed;
    }

    private static boolean isOf(Path file, OnionAddress address) {
        try {
            Map<OnionAddress, ClientAuthKey> found = new HashMap<>();
            readInto(found, file);
            return found.containsKey(address);
        } catch (IOException e) {
            return false; // malformed, or not for us to read
        }
    }

    private static void readInto(Map<OnionAddress, ClientAuthKey> keys, Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new TorException(ErrorKind.CONFIG, "the file is too large");
        }
        String line = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        int colon = line.indexOf(':');
        if (colon < 0 || !line.startsWith(PREFIX, colon)) {
            throw new TorException(ErrorKind.CONFIG, "it is not <address>:descriptor:x25519:<key>");
        }
        OnionAddress address = OnionAddress.parseLabel(line.substring(0, colon));
        if (keys.putIfAbsent(address, ClientAuthKey.parse(line.substring(colon + 1))) != null) {
            throw new TorException(ErrorKind.CONFIG, "another file has a key for the same service");
        }
    }
}
