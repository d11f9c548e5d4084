package dev.cepa.monitor;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/**
 * What the operating system and the JVM say of this process. The JDK's management beans would cost 6 MB of resident
 * memory, so this reads /proc, and NaN stands where there is none. Thread-safe.
 */
final class ProcessNumbers {
    private static final int PAGE = 4096;

    private final Instant started = ProcessHandle.current().info().startInstant().orElse(Instant.now());
    private final ReferenceQueue<Object> dead = new ReferenceQueue<>();
    private WeakReference<Object> canary = new WeakReference<>(new Object(), dead);
    private long collections;

    double startSeconds() {
        return started.toEpochMilli() / 1000.0;
    }

    double uptimeSeconds() {
        return Duration.between(started, Instant.now()).toMillis() / 1000.0;
    }

    double cpuSeconds() {
        Duration total = ProcessHandle.current().info().totalCpuDuration().orElse(null);
        return total == null ? Double.NaN : total.toNanos() / 1e9;
    }

    double residentBytes() {
        return statm(1);
    }

    double virtualBytes() {
        return statm(0);
    }

    /** A field of /proc/self/statm, in bytes. */
    private static double statm(int index) {
        byte[] text = new byte[128];
        int length;
        try (InputStream in = Files.newInputStream(Path.of("/proc/self/statm"))) {
            length = in.read(text);
        } catch (IOException e) {
            return Double.NaN;
        }
        String[] fields = new String(text, 0, Math.max(0, length), StandardCharsets.US_ASCII).split(" ");
        return index < fields.length ? Double.parseDouble(fields[index]) * PAGE : Double.NaN;
    }

    double openFiles() {
        String[] names = new File("/proc/self/fd").list();
        return names == null ? Double.NaN : names.length - 1; // without that of the listing
    }

    double heapUsed() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    double heapCommitted() {
        return Runtime.getRuntime().totalMemory();
    }

    double heapMax() {
        return Runtime.getRuntime().maxMemory();
    }

    /** Looks whether the garbage collector has run since it was last called; to be called once a second. */
    synchronized void look() {
        if (dead.poll() != null) {
            collections++;
            canary = new WeakReference<>(new Object(), dead);
        }
    }

    /** In how many seconds the garbage collector has run. */
    synchronized double collections() {
        return canary.refersTo(null) ? collections + 1 : collections;
    }
}
