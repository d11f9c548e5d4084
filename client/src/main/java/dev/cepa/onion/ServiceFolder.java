package dev.cepa.onion;

import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of an onion service as C tor keeps it ({@code HiddenServiceDir}), so that each takes over what the other has
 * made: {@code hs_ed25519_secret_key}, {@code hs_ed25519_public_key}, {@code hostname} and {@code authorized_clients}. In the
 * place of the secret key there may be {@code hs_ed25519_delegated_keys}, which C tor does not know.
 * Readable for its owner alone, unless a group is allowed to see what is in it.
 */
public final class ServiceFolder {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceFolder.class);
    private static final String SECRET_FILE = "hs_ed25519_secret_key";
    private static final String PUBLIC_FILE = "hs_ed25519_public_key";
    private static final String DELEGATED_FILE = "hs_ed25519_delegated_keys";
    private static final String HOSTNAME_FILE = "hostname";
    private static final String NON_ANONYMOUS_FILE = "onion_service_non_anonymous";
    private static final String CLIENTS_FOLDER = "authorized_clients";
    private static final int HEAD = 32;
    /** More than the most delegated keys have. */
    private static final int MAX_DELEGATED = 1 << 18;
    private static final byte[] SECRET_HEAD = head("== ed25519v1-secret: type0 ==");
    private static final byte[] PUBLIC_HEAD = head("== ed25519v1-public: type0 ==");
    private static final String FOLDER_MODE = "rwx------";
    private static final String FOLDER_MODE_FOR_GROUP = "rwxr-x---";
    private static final String FILE_MODE = "rw-------";
    private static final String FILE_MODE_FOR_GROUP = "rw-r-----";

    /**
     * What the folder is used for.
     *
     * @param groupReadable whether its group may see what is in it and read the host name; the keys it can't read
     * @param nonAnonymous whether its service does not hide where it is
     */
    public record Use(boolean groupReadable, boolean nonAnonymous) {
        /** Ours alone, for a service that is hidden. */
        public static final Use DEFAULT = new Use(false, false);
    }

    private final Path folder;
    private final ServiceIdentity identity;

    private ServiceFolder(Path folder, ServiceIdentity identity) {
        this.folder = folder;
        this.identity = identity;
    }

    private static byte[] head(String text) {
        return Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), HEAD);
    }

    /**
     * Opens the folder, and makes it and a new key if there are none.
     *
     * @throws TorException of kind STORAGE, which says what is wrong
     */
    public static ServiceFolder open(Path folder, Use use, SecureRandom random) throws TorException {
        try {
            ServiceFolder opened = openChecked(folder, use.groupReadable, random);
            opened.checkAnonymity(use.nonAnonymous);
            return opened;
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(ErrorKind.STORAGE, "the onion service's folder " + folder + " can't be used: " + e, e);
        }
    }

    private static ServiceFolder openChecked(Path folder, boolean groupReadable, SecureRandom random) throws IOException {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        String folderMode = groupReadable ? FOLDER_MODE_FOR_GROUP : FOLDER_MODE;
        if (!Files.exists(folder)) {
            Files.createDirectories(folder.toAbsolutePath().getParent());
            Files.createDirectory(folder, attributes(posix, folderMode));
        }
        if (posix) {
            checkOwner(folder);
            Set<PosixFilePermission> allowed = PosixFilePermissions.fromString(folderMode);
            if (!allowed.containsAll(Files.getPosixFilePermissions(folder))) {
                throw new TorException(
                        ErrorKind.STORAGE, "the onion service's folder " + folder + " is open to others; it must have mode "
                                + (groupReadable ? "750" : "700"));
            }
            Files.setPosixFilePermissions(folder, allowed);
        }
        Path secretFile = folder.resolve(SECRET_FILE);
        Path delegatedFile = folder.resolve(DELEGATED_FILE);
        ServiceIdentity identity;
        if (Files.exists(secretFile)) {
            checkSecretMode(secretFile, posix, groupReadable);
            identity = new MasterIdentity(readSecret(secretFile));
            checkPublic(folder.resolve(PUBLIC_FILE), identity.publicKey());
        } else if (Files.exists(delegatedFile)) {
            checkSecretMode(delegatedFile, posix, groupReadable);
            identity = DelegatedIdentity.of(() -> readDelegated(delegatedFile));
            checkPublic(folder.resolve(PUBLIC_FILE), identity.publicKey());
        } else if (Files.exists(folder.resolve(PUBLIC_FILE))) {
            throw new TorException(
                    ErrorKind.STORAGE, "the onion service's folder " + folder + " has a public key, and neither the secret key "
                            + SECRET_FILE + " nor delegated keys, " + DELEGATED_FILE);
        } else {
            Ed25519KeyPair pair = Ed25519KeyPair.generate(random);
            byte[] secret = pair.secretKey();
            write(secretFile, SECRET_HEAD, secret, attributes(posix, FILE_MODE));
            Primitives.wipe(secret);
            identity = new MasterIdentity(pair);
        }
        if (!Files.exists(folder.resolve(PUBLIC_FILE))) {
            write(folder.resolve(PUBLIC_FILE), PUBLIC_HEAD, identity.publicKey(), attributes(posix, FILE_MODE));
        }
        byte[] hostname = (OnionAddress.of(identity.publicKey()).label() + ".onion\n").getBytes(StandardCharsets.US_ASCII);
        String hostnameMode = groupReadable ? FILE_MODE_FOR_GROUP : FILE_MODE;
        write(folder.resolve(HOSTNAME_FILE), new byte[0], hostname, attributes(posix, hostnameMode));
        Path clients = folder.resolve(CLIENTS_FOLDER);
        if (!Files.exists(clients)) {
            Files.createDirectory(clients, attributes(posix, folderMode));
        }
        return new ServiceFolder(folder, identity);
    }

    /** Somebody else's folder could be changed under our hands. The name of the user is not known everywhere. */
    private static void checkOwner(Path folder) throws IOException {
        UserPrincipal user;
        try {
            user = FileSystems.getDefault()
                    .getUserPrincipalLookupService()
                    .lookupPrincipalByName(System.getProperty("user.name", ""));
        } catch (IOException | UnsupportedOperationException e) {
            return;
        }
        UserPrincipal owner = Files.getOwner(folder);
        if (!owner.equals(user)) {
            throw new TorException(
                    ErrorKind.STORAGE, "the onion service's folder " + folder + " belongs to " + owner + " and not to " + user
                            + ", as whom this program runs");
        }
    }

    private static void checkSecretMode(Path file, boolean posix, boolean groupReadable) throws IOException {
        boolean open = posix
                && !PosixFilePermissions.fromString(FILE_MODE).containsAll(Files.getPosixFilePermissions(file));
        if (open && groupReadable) {
            throw new TorException(
                    ErrorKind.STORAGE, "the secret key " + file + " is open to others in a folder that is; it must have "
                            + "mode 600");
        }
        if (open) {
            LOG.warn("The secret key {} has a mode wider than 600; only its folder protects it.", file);
        }
    }

    /** An address whose place is known once is known for ever: it must not become that of a hidden service. */
    private void checkAnonymity(boolean nonAnonymous) throws IOException {
        Path mark = folder.resolve(NON_ANONYMOUS_FILE);
        if (nonAnonymous) {
            if (!Files.exists(mark)) {
                Files.createFile(mark);
            }
        } else if (Files.exists(mark)) {
            throw new TorException(
                    ErrorKind.STORAGE, "the onion service of " + folder + " has run in non-anonymous mode, so that everybody may "
                            + "know where it is; it can't be hidden any more. Make a new one, in another folder.");
        }
    }

    private static Ed25519KeyPair readSecret(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        try {
            if (bytes.length != HEAD + Ed25519KeyPair.SECRET_LENGTH
                    || !Arrays.equals(bytes, 0, HEAD, SECRET_HEAD, 0, HEAD)) {
                throw new TorException(ErrorKind.STORAGE, file + " is no secret key of an onion service");
            }
            byte[] secret = Arrays.copyOfRange(bytes, HEAD, bytes.length);
            Ed25519KeyPair pair = Ed25519KeyPair.ofExpanded(secret);
            Primitives.wipe(secret);
            return pair;
        } finally {
            Primitives.wipe(bytes);
        }
    }

    /** What delegated keys are written as; the caller wipes it. */
    private static byte[] readDelegated(Path file) throws TorException {
        try {
            if (Files.size(file) > MAX_DELEGATED) {
                throw new TorException(ErrorKind.STORAGE, file + " is too large for delegated keys");
            }
            return Files.readAllBytes(file);
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(ErrorKind.STORAGE, "the delegated keys " + file + " can't be read: " + e, e);
        }
    }

    /**
     * Reads the master key of a folder, and changes nothing there.
     *
     * @throws TorException of kind STORAGE if there is none
     */
    public static Ed25519KeyPair readMaster(Path folder) throws TorException {
        Path file = folder.resolve(SECRET_FILE);
        try {
            Ed25519KeyPair master = readSecret(file);
            checkPublic(folder.resolve(PUBLIC_FILE), master.publicKey());
            return master;
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(ErrorKind.STORAGE, "the secret key " + file + " can't be read: " + e, e);
        }
    }

    /**
     * Makes a service's folder without its secret key, or replaces the delegated keys of one.
     *
     * @param delegated of {@link DelegatedKeys#make}
     * @throws TorException of kind STORAGE if the folder can't be used, is another service's, or has a secret key
     */
    public static void writeDelegated(Path folder, byte[] delegated) throws TorException {
        try {
            byte[] publicKey = DelegatedKeys.parse(delegated).publicKey();
            boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
            if (!Files.exists(folder)) {
                Files.createDirectories(folder.toAbsolutePath().getParent());
                Files.createDirectory(folder, attributes(posix, FOLDER_MODE));
            }
            if (Files.exists(folder.resolve(SECRET_FILE))) {
                throw new TorException(
                        ErrorKind.STORAGE, "the onion service's folder " + folder + " has a secret key, and needs no delegated ones");
            }
            checkPublic(folder.resolve(PUBLIC_FILE), publicKey);
            write(folder.resolve(PUBLIC_FILE), PUBLIC_HEAD, publicKey, attributes(posix, FILE_MODE));
            write(folder.resolve(DELEGATED_FILE), new byte[0], delegated, attributes(posix, FILE_MODE));
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(ErrorKind.STORAGE, "the onion service's folder " + folder + " can't be written: " + e, e);
        }
    }

    private static void checkPublic(Path file, byte[] key) throws IOException {
        if (Files.exists(file)) {
            byte[] bytes = Files.readAllBytes(file);
            boolean head = bytes.length == HEAD + 32 && Arrays.equals(bytes, 0, HEAD, PUBLIC_HEAD, 0, HEAD);
            if (!head || !MessageDigest.isEqual(Arrays.copyOfRange(bytes, HEAD, bytes.length), key)) {
                throw new TorException(ErrorKind.STORAGE, file + " does not belong to the key beside it");
            }
        }
    }

    /** Replaces a file whole, and has it on the disk. */
    static void write(Path file, byte[] head, byte[] content, FileAttribute<?>[] mode) throws IOException {
        Path made = file.resolveSibling(file.getFileName() + ".tmp");
        Files.deleteIfExists(made);
        try (FileChannel out = FileChannel.open(
                made, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), mode)) {
            ByteBuffer bytes = ByteBuffer.allocate(head.length + content.length).put(head).put(content).flip();
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
            Primitives.wipe(bytes.array());
        }
        Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
    }

    static FileAttribute<?>[] attributes(boolean posix, String mode) {
        return posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }

    /** Who the service is. */
    public ServiceIdentity identity() {
        return identity;
    }

    /**
     * The public keys of those who may find the service, as the folder has them now; none if all may.
     *
     * @throws TorException of kind STORAGE or CONFIG if they can't be read
     */
    public List<byte[]> clients() throws TorException {
        return AuthorizedClients.read(folder.resolve(CLIENTS_FOLDER));
    }
}
