package dev.cepa.testnet;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds the programs that a network is made of. */
final class Programs {
    private Programs() {}

    /** The path of a program that must be there. */
    static Path require(String name) throws IOException {
        Path path = find(name, System.getenv("PATH"));
        if (path == null) {
            throw new IOException("the program \"" + name + "\" is missing: a private network runs real relays. "
                    + "Install the Tor daemon (Debian, Ubuntu: apt install tor; Fedora: dnf install tor; "
                    + "macOS: brew install tor), or put it on PATH");
        }
        return path;
    }

    /** The path of a program, or null when no folder of {@code searchPath} nor the usual system folders have it. */
    static @Nullable Path find(String name, @Nullable String searchPath) {
        String folders = (searchPath == null ? "" : searchPath + File.pathSeparator)
                + "/usr/local/bin" + File.pathSeparator + "/usr/bin" + File.pathSeparator + "/usr/sbin";
        for (String folder : folders.split(File.pathSeparator)) {
            Path candidate = Path.of(folder.isEmpty() ? "." : folder, name);
            if (Files.isExecutable(candidate) && Files.isRegularFile(candidate)) {
                return candidate.toAbsolutePath();
            }
        }
        return null;
    }
}
