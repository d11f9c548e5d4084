package dev.cepa.onion;

import dev.cepa.crypto.X25519;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The clients that may find a service, as C tor keeps them: a folder {@code authorized_clients} of files {@code *.auth},
 * each with the line {@code descriptor:x25519:<base32 public key>}.
 */
public final class AuthorizedClients {
    private static final Logger LOG = LoggerFactory.getLogger(AuthorizedClients.class);
    private static final String SUFFIX = ".auth";
    private static final String PREFIX = "descriptor:x25519:";
    private static final int MAX_BYTES = 4096;

    private AuthorizedClients() {}

    /**
     * A client's public key of 32 bytes; the key alone, without what stands before it, will do.
     *
     * @throws TorException of kind CONFIG
     */
    public static byte[] parse(String text) throws TorException {
        String line = text.strip();
        byte[] key = Base32.decode(line.startsWith(PREFIX) ? line.substring(PREFIX.length()) : line, X25519.LENGTH);
        if (key == null) {
            throw new TorException(
                    ErrorKind.CONFIG, "an onion service's client is " + PREFIX + " and 52 characters of base32");
        }
        return key;
    }

    /**
     * Reads all of them. A file that is malformed is left out with a warning: its client will not find the service.
     *
     * @param folder need not exist
     * @throws TorException of kind STORAGE if the folder can't be read; of kind CONFIG if it has files for clients, and none
     *     can be used: a service for some must not become one for all
     */
    static List<byte[]> read(Path folder) throws TorException {
        List<Path> files = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            for (Path file : all) {
                if (file.toString().endsWith(SUFFIX) && Files.isRegularFile(file)) {
                    files.add(file);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new TorException(ErrorKind.STORAGE, "the folder of authorised clients, " + folder + ", can't be read", e);
        }
        files.sort(null);
        List<byte[]> keys = new ArrayList<>();
        for (Path file : files) {
            try {
                if (Files.size(file) > MAX_BYTES) {
                    throw new TorException(ErrorKind.CONFIG, "the file is too large");
                }
                keys.add(parse(Files.readString(file, StandardCharsets.ISO_8859_1)));
            } catch (TorException e) {
                LOG.warn("The authorised client in {} is left out: {}", file.getFileName(), e.getMessage());
            } catch (IOException e) {
                LOG.warn("The authorised client in {} can't be read.", file.getFileName());
            }
        }
        if (keys.isEmpty() && !files.isEmpty()) {
            throw new TorException(ErrorKind.CONFIG, "no file in " + folder + " names an authorised client");
        }
        return keys;
    }
}
