package dev.cepa.testnet;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A file system of some kilobytes in memory, to be filled up or made read-only under a running program. Mounting takes
 * root's rights and a kernel that lets it; {@link #isPossible} says whether that is so. For one thread.
 */
public final class SmallDisk implements AutoCloseable {
    private final Path folder;
    private final Path filler;

    private SmallDisk(Path folder) {
        this.folder = folder;
        this.filler = folder.resolve("filler");
    }

    /** Whether this process may mount anything. */
    public static boolean isPossible() {
        try {
            Path folder = Files.createTempDirectory("cepa-disk-");
            try {
                mount(folder, 64).close();
            } finally {
                Files.deleteIfExists(folder);
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Mounts one on an empty folder. */
    public static SmallDisk mount(Path folder, int kilobytes) throws IOException {
        run("mount", "-t", "tmpfs", "-o", "mode=0700,size=" + kilobytes + "k", "cepa-test", folder.toString());
        return new SmallDisk(folder);
    }

    /** Where it is mounted. */
    public Path folder() {
        return folder;
    }

    /** Leaves not a byte free. */
    public void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(filler)) {
            byte[] block = new byte[512];
            while (true) {
                out.write(block);
            }
        } catch (IOException e) {
            // It is full.
        }
        if (!Files.exists(filler)) {
            throw new IOException("could not fill " + folder);
        }
    }

    /** Ends {@link #fill}. */
    public void free() throws IOException {
        Files.deleteIfExists(filler);
    }

    /** Whether writing is refused from now on. Works only while no file is open for writing. */
    public void setReadOnly(boolean readOnly) throws IOException {
        run("mount", "-o", "remount," + (readOnly ? "ro" : "rw"), folder.toString());
    }

    /** Unmounts it, with all that is on it. */
    @Override
    public void close() throws IOException {
        run("umount", "--lazy", folder.toString());
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while running " + command[0], e);
        } finally {
            process.destroyForcibly();
        }
    }
}
