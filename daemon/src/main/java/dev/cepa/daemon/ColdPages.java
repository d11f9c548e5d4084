package dev.cepa.daemon;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives the clean pages of the JVM's files back to the system, on Linux. Most of its library and of its class archive is
 * touched only now and then, yet stays resident. What is needed again comes back from the page cache at the cost of a soft
 * fault.
 *
 * <p>With the page that is needed the kernel maps those around it that it has, up to 64 kB, though not across the borders of
 * a mapping. A tenth of what came back so would ever be used. So the mappings are split, by advice that means nothing to
 * them, into pieces of two pages.
 *
 * <p>Only mappings that cannot be written and have no page of their own are touched: a page that was changed, such as one
 * with relocations, would come back as it is in the file. And only files that the JVM maps once and never unmaps, so that the
 * addresses, looked up once, stay theirs. Owned by one thread.
 */
final class ColdPages {
    private static final Path MAPPINGS = Path.of("/proc/self/smaps");
    private static final int MADV_DONTNEED = 4;
    private static final int MADV_DONTDUMP = 16;
    private static final long PIECE = 8 * 1024;

    /** A range of addresses. */
    record Mapping(long start, long end) {}

    private final List<Mapping> mappings;
    private final MethodHandle madvise;

    @SuppressWarnings("restricted") // a call into the C library, which --enable-native-access allows
    private ColdPages(List<Mapping> mappings) {
        this.mappings = mappings;
        Linker linker = Linker.nativeLinker();
        madvise = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("madvise"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    }

    /**
     * Those of this JVM.
     *
     * @return null where there is no list of mappings: elsewhere than on Linux
     * @throws IOException if the kernel's list cannot be read
     */
    static @Nullable ColdPages find() throws IOException {
        if (!Files.isReadable(MAPPINGS)) {
            return null;
        }
        List<Mapping> mappings;
        try (BufferedReader smaps = Files.newBufferedReader(MAPPINGS, StandardCharsets.ISO_8859_1)) {
            mappings = clean(smaps);
        }
        ColdPages pages = new ColdPages(mappings);
        pages.split();
        return pages;
    }

    /** Every other piece is left out of core dumps, where unchanged pages of files are not anyway. */
    private void split() throws IOException {
        for (Mapping mapping : mappings) {
            for (long piece = mapping.start + PIECE; piece < mapping.end; piece += 2 * PIECE) {
                advise(piece, Math.min(PIECE, mapping.end - piece), MADV_DONTDUMP);
            }
        }
    }

    /**
     * Gives back what can be.
     *
     * @return how many bytes of address space were advised
     * @throws IOException if the system says no
     */
    long release() throws IOException {
        long bytes = 0;
        for (Mapping mapping : mappings) {
            advise(mapping.start, mapping.end - mapping.start, MADV_DONTNEED);
            bytes += mapping.end - mapping.start;
        }
        return bytes;
    }

    private void advise(long start, long length, int advice) throws IOException {
        int result;
        try {
            result = (int) madvise.invokeExact(start, length, advice);
        } catch (Throwable e) {
            throw new IOException("madvise can't be called", e);
        }
        if (result != 0) {
            throw new IOException("madvise refuses advice " + advice);
        }
    }

    /** The JVM's files' mappings without write permission and without changed pages, from the text of smaps. */
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
        return writable || !ofTheJvm(header.substring(header.lastIndexOf('/') + 1))
                ? null
                : new Mapping(
                        Long.parseUnsignedLong(header.substring(0, dash), 16),
                        Long.parseUnsignedLong(header.substring(dash + 1, space), 16));
    }

    private static boolean ofTheJvm(String file) {
        return file.equals("libjvm.so") || file.equals("libc.so.6") || file.equals("modules")
                || file.endsWith(".aot") || file.endsWith(".jsa");
    }
}
