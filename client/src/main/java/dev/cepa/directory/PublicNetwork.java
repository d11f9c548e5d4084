package dev.cepa.directory;

import dev.cepa.error.TorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The directory servers of the public Tor network that come with this version. Read anew at each call, so keep the answer. */
public final class PublicNetwork {
    private PublicNetwork() {}

    /** The nine authorities that sign consensuses. */
    public static List<DirectoryAuthority> authorities() {
        List<DirectoryAuthority> authorities = new ArrayList<>();
        read("authorities.txt", line -> authorities.add(DirectoryAuthority.parse(line)));
        return List.copyOf(authorities);
    }

    /** The 200 fallback directories. */
    public static List<FallbackDirectory> fallbacks() {
        List<FallbackDirectory> fallbacks = new ArrayList<>(200);
        read("fallback-directories.txt", line -> fallbacks.add(FallbackDirectory.parse(line)));
        return List.copyOf(fallbacks);
    }

    /** What is done with a line. */
    private interface LineParser {
        void parse(String line) throws TorException;
    }

    private static void read(String resource, LineParser parser) {
        InputStream in = PublicNetwork.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IllegalStateException("the list " + resource + " is missing from the program");
        }
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (!line.isEmpty() && line.charAt(0) != '#') {
                    parser.parse(line);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the list " + resource + " that comes with the program can't be read", e);
        }
    }
}
