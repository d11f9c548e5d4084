package dev.cepa.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Sees whether files have changed since they were read: by size, time and identity, so that editors which write a new file
 * in place of the old one are noticed too, and files that come into a folder. Looked at now and then by one thread; a change
 * counts once it has lasted from one look to the next, so that half a file is not read.
 */
final class FileWatch {
    private final List<Path> files;
    private long[] known;
    private long[] lastLook;

    /** Takes how the files are now for how they were read. */
    FileWatch(List<Path> files) {
        this.files = files;
        known = look();
        lastLook = known;
    }

    /** Whether they are others than they were, and no longer changing; then that is how they are known from now on. */
    boolean hasChanged() {
        long[] now = look();
        boolean settled = Arrays.equals(now, lastLook);
        lastLook = now;
        if (!settled || Arrays.equals(now, known)) {
            return false;
        }
        known = now;
        return true;
    }

    private long[] look() {
        long[] marks = new long[files.size()];
        for (int i = 0; i < marks.length; i++) {
            marks[i] = mark(files.get(i));
        }
        return marks;
    }

    private static long mark(Path file) {
        try {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            long mark = found.lastModifiedTime().toInstant().hashCode() * 31L + Objects.hashCode(found.fileKey());
            // A folder's size says nothing more than its time.
            return found.isDirectory() ? mark : mark * 31 + found.size();
        } catch (IOException e) {
            return 0;
        }
    }
}
