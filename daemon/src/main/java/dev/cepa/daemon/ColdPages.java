package dev.cepa.daemon;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives the clean pages of mapped files back to the system, on Linux. Most of the JVM's library and of its class archive is
 * touched only during the start, yet stays resident. What is needed again comes back from the page cache at the cost of a
 * soft fault.
 *
 * <p>Only mappings that cannot be written and have no page of their own are touched: a page that was changed, such as one
 * with relocations, would come back as it is in the file.
 */
final class ColdPages {
    private static final Path MAPPINGS = Path.of("/proc/self/smaps");
    private static final int MADV_DONTNEED = 4;

    private ColdPages() {}

    /** A range of addresses. */
    record Mapping(long start, long end) {}

    /**
     * Gives back what can be.
     *
     * @return how many bytes of address space were advised, 0 where that is not possible
     * @throws IOException if the system says no
     */
    @SuppressWarnings("restricted") // a call into the C library, which --enable-native-access allows
    static long release() throws IOException {
        if (!Files.isReadable(MAPPINGS)) {
            return 0;
        }
        List<Mapping> mappings;
        try (BufferedReader smaps = Files.newBufferedReader(MAPPINGS, StandardCharsets.ISO_8859_1)) {
            mappings = clean(smaps);
        }
        MethodHandle madvise = Linker.nativeLinker().downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("madvise"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        long bytes = 0;
        for (Mapping mapping : mappings) {
            long length = mapping.end - mapping.start;
            if (advise(madvise, mapping.start, length)) {
                bytes += length;
            }
        }
        return bytes;
    }

    private static boolean advise(MethodHandle madvise, long start, long length) throws IOException {
        try {
            return (int) madvise.invokeExact(start, length, MADV_DONTNEED) == 0;
        } catch (Throwable e) {
            throw new IOException("madvise can't be called", e);
        }
    }

    /** The mappings of regular files without write permission and without changed pages, from the text of smaps. */
    static List<Mapping> clean(BufferedReader smaps) throws IOException {
        List<Mapping> found = new ArrayList<>();
        @Nullable Mapping candidate = null;
        for (String line = smaps.readLine(); line != null; line = smaps.readLine()) {
            int space = line.indexOf(' ');
            int dash = line.indexOf('-');
            if (dash > 0 && dash < space && line.charAt(space - 1) != ':') {
                candidate = candidate(line, dash, space);
            } else if (candidate != null && line.startsWith("Anonymous:")) {
                if (line.substring("Anonymous:".length()).strip().equals("0 kB")) {
                    found.add(candidate);
                }
                candidate = null;
            }
        }
        return found;
    }

    private static @Nullable Mapping candidate(String header, int dash, int space) {
        boolean writable = header.charAt(space + 2) == 'w';
        boolean file = header.indexOf(" /", space) > 0 && !header.endsWith(" (deleted)") && header.indexOf(" /dev/", space) < 0;
        return writable || !file
                ? null
                : new Mapping(
                        Long.parseUnsignedLong(header.substring(0, dash), 16),
                        Long.parseUnsignedLong(header.substring(dash + 1, space), 16));
    }
}
