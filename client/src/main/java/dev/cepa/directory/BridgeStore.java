package dev.cepa.directory;

import dev.cepa.error.ProtocolException;
import dev.cepa.netdoc.ServerDescriptor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bridges' descriptors on disk, in C tor's files and format: {@code cached-descriptors} and its journal
 * {@code cached-descriptors.new}, each descriptor behind annotations of which {@code @purpose bridge} is one. What is read is
 * verified again. A file that can't be read or written costs a download, never more. Not thread-safe.
 */
final class BridgeStore {
    private static final Logger LOG = LoggerFactory.getLogger(BridgeStore.class);
    private static final String CACHE = "cached-descriptors";
    private static final String JOURNAL = "cached-descriptors.new";
    /** Of one file; C tor's has a hundred bridges' at most, unless it keeps other relays' there, which are no use here. */
    private static final int MAX_FILE = 4 * 1024 * 1024;

    private static final int MAX_JOURNAL = 64 * 1024;
    private static final String START = "router ";
    private static final String PURPOSE = "@purpose bridge";

    /**
     * A bridge's descriptor.
     *
     * @param text as it came, from {@code router} to the end of the signature
     */
    record Entry(ServerDescriptor descriptor, byte[] text) {}

    private final @Nullable Path directory;

    /** @param directory null to keep nothing */
    BridgeStore(@Nullable Path directory) {
        this.directory = directory;
    }

    /** All that are there and verify, in the order of the files: later ones are newer as a rule. */
    List<Entry> read() {
        List<Entry> entries = new ArrayList<>();
        if (directory != null) {
            read(directory.resolve(CACHE), entries);
            read(directory.resolve(JOURNAL), entries);
        }
        return entries;
    }

    private static void read(Path file, List<Entry> entries) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] text = in.readNBytes(MAX_FILE + 1);
            if (text.length > MAX_FILE) {
                LOG.info("{} is too large to look for bridges' descriptors in it", file);
                return;
            }
            parse(text, entries);
        } catch (NoSuchFileException e) {
            // The usual case at the first start.
        } catch (IOException e) {
            LOG.warn("{} can't be read: {}", file, e.toString());
        }
    }

    /** Takes the descriptors of bridges out of a file's text. */
    static void parse(byte[] text, List<Entry> entries) {
        boolean bridge = false;
        int start = -1;
        for (int line = 0; line < text.length; line = lineEnd(text, line) + 1) {
            boolean annotation = text[line] == '@';
            boolean first = startsWith(text, line, START);
            if (start >= 0 && (annotation || first)) {
                add(text, start, line, entries);
                start = -1;
                bridge = false;
            }
            if (annotation) {
                bridge |= startsWith(text, line, PURPOSE);
            } else if (first && bridge) {
                start = line;
            }
        }
        if (start >= 0) {
            add(text, start, text.length, entries);
        }
    }

    private static void add(byte[] text, int from, int to, List<Entry> entries) {
        try {
            entries.add(new Entry(ServerDescriptor.parse(text, from, to), Arrays.copyOfRange(text, from, to)));
        } catch (ProtocolException e) {
            LOG.info("A bridge's cached descriptor is of no use: {}", e.getMessage());
        }
    }

    private static int lineEnd(byte[] text, int from) {
        int at = from;
        while (at < text.length && text[at] != '\n') {
            at++;
        }
        return at;
    }

    private static boolean startsWith(byte[] text, int at, String prefix) {
        if (text.length - at < prefix.length()) {
            return false;
        }
        for (int i = 0; i < prefix.length(); i++) {
            if (text[at + i] != prefix.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Keeps one that has come.
     *
     * @param source the address that it came from
     * @param all those of all bridges, which are written anew once the journal has grown
     */
    void add(Entry entry, String source, Instant now, List<Entry> all) {
        if (directory == null) {
            return;
        }
        Path journal = directory.resolve(JOURNAL);
        try {
            if (CacheFile.size(journal) < MAX_JOURNAL) {
                byte[] annotated = annotated(entry, source, now);
                CacheFile.append(journal, annotated, annotated.length);
            } else {
                rewrite(all, now);
            }
        } catch (IOException e) {
            LOG.warn("A bridge's descriptor can't be kept in {}: {}", directory, e.toString());
        }
    }

    /** Keeps those alone. */
    void rewrite(List<Entry> all, Instant now) throws IOException {
        if (directory == null) {
            return;
        }
        try (CacheFile.Replacement out = new CacheFile.Replacement(directory.resolve(CACHE))) {
            for (Entry entry : all) {
                byte[] annotated = annotated(entry, "", now);
                out.write(annotated, 0, annotated.length);
            }
            out.commit();
        }
        CacheFile.truncate(directory.resolve(JOURNAL), 0);
    }

    private static byte[] annotated(Entry entry, String source, Instant now) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(entry.text.length + 100);
        String annotations = "@downloaded-at " + DirectoryTime.formatIso(now) + "\n"
                + (source.isEmpty() ? "" : "@source \"" + source + "\"\n") + PURPOSE + "\n";
        out.writeBytes(annotations.getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(entry.text);
        return out.toByteArray();
    }
}
