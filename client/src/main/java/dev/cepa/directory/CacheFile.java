package dev.cepa.directory;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/** What is done with a file of the cache: files that only their owner can read, replaced whole or appended to. */
final class CacheFile {
    private CacheFile() {}

    /** Its size in bytes; 0 if there is none. */
    static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Appends the first {@code length} bytes; creates the file if there is none. */
    static void append(Path file, byte[] bytes, int length) throws IOException {
        try (SeekableByteChannel channel = open(file, StandardOpenOption.APPEND)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, length);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }
    }

    /** Cuts the file to that length, if it is there. */
    static void truncate(Path file, long length) throws IOException {
        if (Files.exists(file)) {
            try (SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
                channel.truncate(length);
            }
        }
    }

    private static SeekableByteChannel open(Path file, OpenOption how) throws IOException {
        Set<OpenOption> options = Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, how);
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            FileAttribute<Set<PosixFilePermission>> ownerOnly = PosixFilePermissions.asFileAttribute(
                    EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
            return Files.newByteChannel(file, options, ownerOnly);
        }
        return Files.newByteChannel(file, options);
    }

    /** A new content for a file, which takes the place of the old one at {@link #commit}, at once and as a whole. */
    static final class Replacement implements Closeable {
        private final Path file;
        private final Path temporary;
        private final OutputStream out;
        private boolean closed;

        Replacement(Path file) throws IOException {
            this.file = file;
            this.temporary = file.resolveSibling(file.getFileName() + ".tmp");
            // A left-over of a crash could have other permissions.
            Files.deleteIfExists(temporary);
            this.out = new BufferedOutputStream(
                    Channels.newOutputStream(open(temporary, StandardOpenOption.TRUNCATE_EXISTING)));
        }

        void write(byte[] buf, int offset, int length) throws IOException {
            out.write(buf, offset, length);
        }

        void commit() throws IOException {
            out.flush();
            out.close();
            closed = true;
            try {
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
            }
        }

        /** Gives up, unless it was committed. */
        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                try {
                    out.close();
                } finally {
                    Files.deleteIfExists(temporary);
                }
            }
        }
    }
}
