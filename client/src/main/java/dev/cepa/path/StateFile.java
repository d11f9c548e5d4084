package dev.cepa.path;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a client remembers between runs, in the format of C tor's {@code state} file: lines of a keyword and a value, where
 * a keyword may repeat. Lines that nobody here understands are kept as they are, so that either program can take over from
 * the other. Thread-safe. It owns the file; the caller decides how often to save.
 */
public final class StateFile {
    /** A larger file is refused: C tor's is a few dozen kilobytes. */
    static final int MAX_SIZE = 8 << 20;

    private static final String LAST_WRITTEN = "LastWritten";
    private static final String VERSION = "TorVersion";

    /** Held while reading or changing the lines, never during I/O. */
    private final ReentrantLock lock = new ReentrantLock();
    /** Held during a save, so that there is one at a time. */
    private final ReentrantLock saving = new ReentrantLock();

    private final @Nullable Path file;
    private final String version;
    private final InstantSource clock;
    private final List<Line> lines;
    private final List<Runnable> contributors = new CopyOnWriteArrayList<>();
    private long changes;
    private long saved;

    private record Line(String key, String value) {}

    private StateFile(@Nullable Path file, String version, InstantSource clock, List<Line> lines) {
        this.file = file;
        this.version = version;
        this.clock = clock;
        this.lines = lines;
    }

    /** State that is never written, for clients without a data directory. */
    public static StateFile inMemory(String version, InstantSource clock) {
        return new StateFile(null, version, clock, new ArrayList<>());
    }

    /**
     * Reads that file; one that does not exist counts as empty.
     *
     * @param version the program's version, such as {@code 0.4.9.11}
     * @throws TorException of kind STORAGE if it can't be read
     */
    public static StateFile load(Path file, String version, InstantSource clock) throws TorException {
        List<Line> lines = new ArrayList<>();
        try {
            if (Files.size(file) > MAX_SIZE) {
                throw new TorException(ErrorKind.STORAGE, file + " is larger than " + MAX_SIZE + " bytes");
            }
            // One byte a character, so that whatever it holds is written back unchanged.
            parse(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1), lines);
        } catch (NoSuchFileException e) {
            // The first run.
        } catch (TorException e) {
            throw e;
        } catch (IOException e) {
            throw new TorException(ErrorKind.STORAGE, "can't read " + file + ": " + e.getMessage(), e);
        }
        return new StateFile(file, version, clock, lines);
    }

    private static void parse(String text, List<Line> lines) {
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf('\n', at);
            end = end < 0 ? text.length() : end;
            String line = text.substring(at, end).strip();
            at = end + 1;
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int blank = 0;
            while (blank < line.length() && !Character.isWhitespace(line.charAt(blank))) {
                blank++;
            }
            lines.add(new Line(line.substring(0, blank), line.substring(blank).strip()));
        }
    }

    /** The program's version, as {@code TorVersion} says it. */
    String version() {
        return version;
    }

    /**
     * Has that run at the beginning of every save, on the thread that saves, to {@link #replace} what it answers for. So
     * whoever changes often need only {@link #markDirty}.
     */
    public void beforeSave(Runnable contributor) {
        contributors.add(contributor);
    }

    /** All values of a keyword, in order; keywords are compared without case. */
    public List<String> values(String key) {
        lock.lock();
        try {
            List<String> values = new ArrayList<>();
            for (Line line : lines) {
                if (line.key.equalsIgnoreCase(key)) {
                    values.add(line.value);
                }
            }
            return values;
        } finally {
            lock.unlock();
        }
    }

    /** The last value of a keyword; null if it has none. */
    public @Nullable String value(String key) {
        List<String> values = values(key);
        return values.isEmpty() ? null : values.get(values.size() - 1);
    }

    /** Replaces all values of a keyword, in its old place; the state needs saving only if that changes anything. */
    public void replace(String key, List<String> values) {
        lock.lock();
        try {
            if (values(key).equals(values)) {
                return;
            }
            int at = -1;
            for (int i = lines.size() - 1; i >= 0; i--) {
                if (lines.get(i).key.equalsIgnoreCase(key)) {
                    lines.remove(i);
                    at = i;
                }
            }
            at = at < 0 ? lines.size() : at;
            for (String value : values) {
                lines.add(at++, new Line(key, value.replace('\n', ' ').replace('\r', ' ')));
            }
            if (!saving.isHeldByCurrentThread()) {
                changes++;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Notes that somebody has something new to put in before the next save. */
    public void markDirty() {
        lock.lock();
        try {
            changes++;
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is anything to save. */
    public boolean isDirty() {
        lock.lock();
        try {
            return changes != saved;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Writes the file anew, whole or not at all, readable by its owner only, and waits until it is on the disk. Does
     * nothing in memory-only state.
     *
     * @throws TorException of kind STORAGE; the old file is then as it was, and the state is still to be saved
     */
    public void save() throws TorException {
        saving.lock();
        try {
            // What changes from here on is not sure to be in this save.
            long written = changes();
            for (Runnable contributor : contributors) {
                contributor.run();
            }
            long now = clock.instant().getEpochSecond();
            replace(LAST_WRITTEN, List.of(StateTime.format(now, ' ')));
            replace(VERSION, List.of("Tor " + version));
            String text = format(now);
            if (file != null) {
                write(file, text.getBytes(StandardCharsets.ISO_8859_1));
            }
            lock.lock();
            try {
                saved = written;
            } finally {
                lock.unlock();
            }
        } finally {
            saving.unlock();
        }
    }

    private long changes() {
        lock.lock();
        try {
            return changes;
        } finally {
            lock.unlock();
        }
    }

    private String format(long now) {
        lock.lock();
        try {
            return formatLocked(now);
        } finally {
            lock.unlock();
        }
    }

    private String formatLocked(long now) {
        StringBuilder out = new StringBuilder(4096);
        out.append("# Tor state file last generated on ").append(StateTime.format(now, ' ')).append(" UTC\n")
                .append("# Other times below are in UTC\n")
                .append("# You *do not* need to edit this file.\n\n");
        for (Line line : lines) {
            out.append(line.key);
            if (!line.value.isEmpty()) {
                out.append(' ').append(line.value);
            }
            out.append('\n');
        }
        return out.toString();
    }

    private static void write(Path file, byte[] bytes) throws TorException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            Files.deleteIfExists(temporary);
            try (FileChannel out = FileChannel.open(
                    temporary, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerOnly(temporary))) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    out.write(buffer);
                }
                out.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw new TorException(ErrorKind.STORAGE, "can't write " + file + ": " + e.getMessage(), e);
        }
    }

    private static FileAttribute<?>[] ownerOnly(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
                : new FileAttribute<?>[0];
    }
}
