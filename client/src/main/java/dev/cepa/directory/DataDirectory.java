package dev.cepa.directory;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The folder that a client keeps its state in, held by one client at a time: 0700, and locked by the file {@code lock}, as
 * C tor does it. The lock is the operating system's, so that a process that was killed leaves none behind.
 */
public final class DataDirectory implements Closeable {
    private static final Set<PosixFilePermission> OTHERS = Set.of(
            PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_WRITE, PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE, PosixFilePermission.OTHERS_EXECUTE);

    private final Path path;
    private final FileChannel channel;
    private final FileLock lock;

    private DataDirectory(Path path, FileChannel channel, FileLock lock) {
        this.path = path;
        this.channel = channel;
        this.lock = lock;
    }

    /**
     * Creates the folder if need be, checks it and locks it.
     *
     * @throws TorException of kind STORAGE if it can't be used, of kind ALREADY_RUNNING if somebody else has it
     */
    public static DataDirectory open(Path path) throws TorException {
        return open(path, false);
    }

    /**
     * The same for a folder that a group may read.
     *
     * @param forGroup whether the group may list and read it
     */
    public static DataDirectory open(Path path, boolean forGroup) throws TorException {
        Path folder = path.toAbsolutePath().normalize();
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        try {
            create(folder, posix);
            if (posix) {
                keepOthersOut(folder, forGroup);
            }
            Path file = folder.resolve("lock");
            FileChannel channel = posix
                    ? FileChannel.open(
                            file,
                            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
                    : FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                channel.close();
                throw new TorException(
                        ErrorKind.ALREADY_RUNNING, "another instance is using the data directory " + folder);
            }
            return new DataDirectory(folder, channel, lock);
        } catch (FileSystemException e) {
            String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
            throw new TorException(ErrorKind.STORAGE, "can't use the data directory " + folder + ": " + reason, e);
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(
                    ErrorKind.STORAGE, "can't use the data directory " + folder + ": " + e.getMessage(), e);
        }
    }

    /**
     * Creates a folder for what can be had again, if need be, and checks it: 0700, and not locked.
     *
     * @return its absolute path
     * @throws TorException of kind STORAGE if it can't be used
     */
    public static Path prepareCache(Path path) throws TorException {
        return prepareCache(path, false);
    }

    /**
     * The same for a folder that a group may read.
     *
     * @param forGroup whether the group may list and read it
     */
    public static Path prepareCache(Path path, boolean forGroup) throws TorException {
        Path folder = path.toAbsolutePath().normalize();
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        try {
            create(folder, posix);
            if (posix) {
                keepOthersOut(folder, forGroup);
            }
            return folder;
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(ErrorKind.STORAGE, "can't use the cache directory " + folder + ": " + e.getMessage(), e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // another client of this very process
        }
    }

    private static void create(Path folder, boolean posix) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        if (folder.getParent() != null) {
            Files.createDirectories(folder.getParent());
        }
        if (posix) {
            Files.createDirectory(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectory(folder);
        }
    }

    /** Takes the permissions of group and others away, but for what the group may have, as C tor does. */
    private static void keepOthersOut(Path folder, boolean forGroup) throws IOException {
        Set<PosixFilePermission> before = Files.getPosixFilePermissions(folder);
        Set<PosixFilePermission> permissions = EnumSet.copyOf(before);
        permissions.removeAll(OTHERS);
        if (forGroup) {
            permissions.add(PosixFilePermission.GROUP_READ);
            permissions.add(PosixFilePermission.GROUP_EXECUTE);
        }
        if (!permissions.equals(before)) {
            try {
                Files.setPosixFilePermissions(folder, permissions);
            } catch (FileSystemException e) {
                throw new TorException(
                        ErrorKind.STORAGE,
                        "the data directory " + folder + " is open to other users and not ours to close: "
                                + "choose another, or give it to the user that runs Cepa",
                        e);
            }
        }
    }

    /**
     * Where a client keeps its state unless told otherwise: {@code $XDG_DATA_HOME/cepa} or {@code ~/.local/share/cepa},
     * {@code ~/Library/Application Support/Cepa} on macOS, {@code %LOCALAPPDATA%\Cepa} on Windows.
     */
    public static Path platformDefault() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        Path home = Path.of(System.getProperty("user.home", "."));
        if (os.startsWith("windows")) {
            String local = System.getenv("LOCALAPPDATA");
            return (local == null ? home.resolve("AppData").resolve("Local") : Path.of(local)).resolve("Cepa");
        }
        if (os.startsWith("mac")) {
            return home.resolve("Library").resolve("Application Support").resolve("Cepa");
        }
        String data = System.getenv("XDG_DATA_HOME");
        Path base = data == null || data.isEmpty() ? home.resolve(".local").resolve("share") : Path.of(data);
        return base.resolve("cepa");
    }

    /** Absolute. */
    public Path path() {
        return path;
    }

    /** Lets others have it. The lock file stays: removing it would race with the next one to lock it. */
    @Override
    public void close() throws TorException {
        try {
            lock.release();
            channel.close();
        } catch (IOException e) {
            throw new TorException(ErrorKind.STORAGE, "can't unlock the data directory " + path, e);
        }
    }
}
