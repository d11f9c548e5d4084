package dev.cepa.daemon;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** File name patterns with {@code *} and {@code ?}, which match within one name and never a leading dot. */
final class Glob {
    private Glob() {}

    /**
     * The paths that exist and match, sorted; the path itself if there is nothing to match.
     *
     * @throws NoSuchFileException if there is nothing to match and no such file
     */
    static List<Path> expand(String pattern) throws IOException {
        if (!isPattern(pattern)) {
            Path path = Path.of(pattern);
            if (!Files.exists(path)) {
                throw new NoSuchFileException(pattern);
            }
            return List.of(path);
        }
        Path whole = Path.of(pattern);
        List<Path> found = new ArrayList<>();
        found.add(whole.isAbsolute() ? whole.getRoot() : Path.of(""));
        for (Path part : whole) {
            found = step(found, part.toString());
        }
        found.sort(null);
        return found;
    }

    /** The folder in which a pattern's first variable name is looked for; null if there is nothing to match. */
    static @Nullable Path folder(String pattern) {
        if (!isPattern(pattern)) {
            return null;
        }
        Path whole = Path.of(pattern);
        Path folder = whole.isAbsolute() ? whole.getRoot() : Path.of("");
        for (Path part : whole) {
            if (isPattern(part.toString())) {
                break;
            }
            folder = folder.resolve(part);
        }
        return folder;
    }

    private static List<Path> step(List<Path> folders, String name) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path folder : folders) {
            if (!isPattern(name)) {
                Path path = folder.resolve(name);
                if (Files.exists(path)) {
                    found.add(path);
                }
            } else if (Files.isDirectory(folder.toString().isEmpty() ? Path.of(".") : folder)) {
                try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
                    for (Path entry : entries) {
                        String entryName = String.valueOf(entry.getFileName());
                        boolean hidden = entryName.startsWith(".") && !name.startsWith(".");
                        if (!hidden && matches(name, 0, entryName, 0)) {
                            found.add(entry);
                        }
                    }
                }
            }
        }
        return found;
    }

    private static boolean isPattern(String text) {
        return text.indexOf('*') >= 0 || text.indexOf('?') >= 0;
    }

    private static boolean matches(String pattern, int p, String name, int n) {
        int star = -1;
        int starName = 0;
        while (n < name.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                starName = n;
            } else if (p < pattern.length() && (pattern.charAt(p) == '?' || pattern.charAt(p) == name.charAt(n))) {
                p++;
                n++;
            } else if (star >= 0) {
                p = star + 1;
                n = ++starName;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }
}
