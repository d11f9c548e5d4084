package dev.cepa.benchmark;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What memory a process has at one moment, in bytes; {@link #UNKNOWN} where it can't be had. Immutable.
 *
 * @param heap the heap in use after a forced collection; known of this JVM alone
 * @param allocated what all threads have ever allocated on the heap; known of this JVM alone
 * @param resident the pages in memory, shared ones included (Rss)
 * @param anonymous the resident pages that no file stands behind: heap, stacks, what was written to (Anonymous)
 * @param proportional the resident pages, each divided by the number of processes that share it (Pss)
 */
public record MemorySnapshot(long heap, long allocated, long resident, long anonymous, long proportional) {
    /** Stands for a value that the system does not tell. */
    public static final long UNKNOWN = -1;

    private static final int COLLECTIONS = 3;

    /** This JVM, after collecting its garbage. */
    public static MemorySnapshot take() {
        // More than once: what the first pass only clears references to, the next one frees.
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return now();
    }

    /** This JVM as it is, garbage included. */
    public static MemorySnapshot now() {
        long allocated = allocatedBytes();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        MemorySnapshot process;
        try {
            process = ofProcess(ProcessHandle.current().pid());
        } catch (IOException e) {
            process = new MemorySnapshot(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN); // no Linux
        }
        return new MemorySnapshot(heap, allocated, process.resident, process.anonymous, process.proportional);
    }

    /**
     * Another process, from what the kernel tells of it.
     *
     * @throws IOException if there is no such process, or no {@code /proc}
     */
    public static MemorySnapshot ofProcess(long pid) throws IOException {
        Path process = Path.of("/proc", Long.toString(pid));
        try {
            return ofRollup(read(process.resolve("smaps_rollup")));
        } catch (IOException e) {
            // The rollup is the owner's alone and an old kernel has none; what status tells comes close.
            return ofStatus(read(process.resolve("status")));
        }
    }

    /** What all threads of this JVM, virtual ones included, have allocated since its start. */
    public static long allocatedBytes() {
        return ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads
                ? threads.getTotalThreadAllocatedBytes()
                : UNKNOWN;
    }

    static MemorySnapshot ofRollup(String text) throws IOException {
        long resident = field(text, "Rss:");
        if (resident == UNKNOWN) {
            throw new IOException("the kernel says nothing of this process's memory");
        }
        return new MemorySnapshot(UNKNOWN, UNKNOWN, resident, field(text, "Anonymous:"), field(text, "Pss:"));
    }

    static MemorySnapshot ofStatus(String text) {
        return new MemorySnapshot(UNKNOWN, UNKNOWN, field(text, "VmRSS:"), field(text, "RssAnon:"), UNKNOWN);
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    }

    /** The number of a line such as {@code Rss:  1234 kB}, in bytes. */
    private static long field(String text, String name) {
        for (String line : text.split("\n", -1)) {
            if (line.startsWith(name)) {
                long value = 0;
                boolean any = false;
                for (int i = name.length(); i < line.length(); i++) {
                    char c = line.charAt(i);
                    if (c >= '0' && c <= '9') {
                        value = value * 10 + (c - '0');
                        any = true;
                    }
                }
                return any ? value * 1024 : UNKNOWN;
            }
        }
        return UNKNOWN;
    }
}
