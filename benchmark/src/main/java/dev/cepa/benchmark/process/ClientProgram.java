package dev.cepa.benchmark.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program that takes tor's command line and torrc and serves a SOCKS port: ours, C tor, or any other.
 *
 * @param name    what reports call it
 * @param command how it is run; the arguments for it follow
 */
public record ClientProgram(String name, List<String> command) {
    /** Stands for our own program with its metrics port open and its traces on, to compare with what it is without. */
    public static final String MONITORED = "monitored";

    private static final String DAEMON = "dev.cepa.daemon.Main";

    /** Copies. */
    public ClientProgram {
        command = List.copyOf(command);
    }

    /**
     * The program of the image that this JVM belongs to, started by the launcher beside it as a user would start it.
     * Outside an image, as in tests, the daemon on this JVM's class path with flags like the image's; its name says so, as
     * its memory and its start are not those of the image.
     */
    public static ClientProgram cepa() throws IOException {
        Path image = Path.of(System.getProperty("java.home")).toAbsolutePath().getParent();
        if (image != null && Files.isRegularFile(image.resolve("daemon.args"))) {
            Path launcher = image.resolveSibling("cepa");
            if (!Files.isExecutable(launcher)) {
                throw new IOException("there is an image in " + image + " and no launcher beside it");
            }
            // What is measured is the image that runs this; it is not rebuilt under way.
            return new ClientProgram("cepa", List.of("/usr/bin/env", "CEPA_NO_BUILD=1", launcher.toString()));
        }
        if (ClientProgram.class.getClassLoader().getResource(DAEMON.replace('.', '/') + ".class") == null) {
            throw new IOException("no daemon to measure: run this from an image (\"make image\")");
        }
        return new ClientProgram("cepa (class path)", List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx64m",
                "-Xss256k", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "--sun-misc-unsafe-memory-access=allow",
                "-Dslf4j.provider=dev.cepa.daemon.TorLogProvider", "-cp", System.getProperty("java.class.path"), DAEMON));
    }

    /** The program of that file name, or with that name on PATH; or {@link #MONITORED}. */
    public static ClientProgram named(String nameOrPath) throws IOException {
        if (nameOrPath.equals(MONITORED)) {
            List<String> command = new ArrayList<>(cepa().command);
            command.addAll(List.of("--MetricsPort", "auto Fingerprints FlightRecorder OpenTelemetry"));
            return new ClientProgram(MONITORED, command);
        }
        Path file = find(nameOrPath);
        if (file == null) {
            throw new IOException("there is no program " + nameOrPath
                    + (nameOrPath.equals("tor") ? "; install it (Debian, Ubuntu: apt install tor)" : ""));
        }
        return new ClientProgram(nameOrPath.equals("tor") ? "tor" : String.valueOf(file.getFileName()),
                List.of(file.toString()));
    }

    private static @Nullable Path find(String nameOrPath) {
        if (nameOrPath.contains("/")) {
            Path file = Path.of(nameOrPath).toAbsolutePath();
            return Files.isRegularFile(file) && Files.isExecutable(file) ? file : null;
        }
        String path = System.getenv("PATH");
        for (String folder : ((path == null ? "" : path + File.pathSeparator) + "/usr/bin:/usr/sbin").split(":", -1)) {
            Path file = Path.of(folder.isEmpty() ? "." : folder, nameOrPath);
            if (Files.isRegularFile(file) && Files.isExecutable(file)) {
                return file.toAbsolutePath();
            }
        }
        return null;
    }
}
