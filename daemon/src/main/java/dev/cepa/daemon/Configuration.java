package dev.cepa.daemon;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the user has configured, read and checked: torrc files and command line. Immutable once read.
 *
 * @param settings the options
 * @param notices what the user may want to know
 * @param warnings what the user should know
 * @param files what was read, and the folders where files were looked for
 * @param includes whether the torrc includes others
 */
record Configuration(
        Settings settings, List<String> notices, List<String> warnings, List<Path> files, boolean includes) {
    private static final int MAX_STDIN_BYTES = 4 << 20;
    private static final String USUAL_DEFAULTS = "/etc/cepa/torrc-defaults";

    /**
     * Reads the files that the command line names, or the usual ones, then the command line's own options.
     *
     * @param stdin the text of standard input if the torrc is {@code -}, which can be read only once; else empty
     * @throws TorException of kind CONFIG that says what is wrong, where
     */
    static Configuration read(CommandLine line, String stdin) throws TorException {
        return read(line, stdin, Findings.untilFirstError());
    }

    /**
     * The same, with errors as they are wanted.
     *
     * @param findings told about everything
     */
    static Configuration read(CommandLine line, String stdin, Findings findings) throws TorException {
        List<String> notices = findings.notices();
        List<Path> files = new ArrayList<>();
        Settings settings = new Settings(OptionTable.load(), findings);
        String defaults = line.defaultsTorrc();
        if (defaults == null && Files.isReadable(Path.of(USUAL_DEFAULTS))) {
            defaults = USUAL_DEFAULTS;
        }
        // As with tor, this one may be missing without a word.
        if (defaults != null && Files.exists(path(defaults))) {
            settings.apply(file(defaults, notices, files).lines(), false);
        }
        settings.endDefaults();
        TorrcReader reader = torrc(line, stdin, notices, files);
        settings.apply(reader.lines(), false);
        settings.apply(line.options(), true);
        OptionChecks.run(settings, findings);
        Support.check(settings, findings);
        return new Configuration(settings, notices, findings.warnings(), files, reader.hasIncludes());
    }

    /**
     * Takes a text for the torrc, as a controller can have it; as with C tor, the defaults file counts for nothing then.
     *
     * @param before what held before
     * @throws TorException of kind CONFIG that says what is wrong, where
     */
    static Configuration load(CommandLine line, String torrc, Configuration before) throws TorException {
        Findings findings = Findings.untilFirstError();
        Settings settings = new Settings(OptionTable.load(), findings);
        settings.compareAs(before.settings);
        TorrcReader reader = new TorrcReader();
        reader.readText(torrc, "LOADCONF");
        settings.apply(reader.lines(), false);
        settings.apply(line.options(), true);
        OptionChecks.run(settings, findings);
        Support.check(settings, findings);
        return new Configuration(
                settings, findings.notices(), findings.warnings(), before.files, reader.hasIncludes());
    }

    /**
     * The same with some options changed, as a controller can have it.
     *
     * @param toDefaults as {@link Settings#replace}
     * @throws TorException of kind CONFIG that says what is wrong
     */
    Configuration with(List<ConfigLine> lines, boolean toDefaults) throws TorException {
        Findings findings = Findings.untilFirstError();
        Settings changed = settings.copy(findings);
        changed.replace(lines, toDefaults);
        OptionChecks.run(changed, findings);
        Support.check(changed, findings);
        return new Configuration(changed, findings.notices(), findings.warnings(), files, includes);
    }

    /** The file that is the torrc, there or not; null if it was standard input. */
    static @Nullable Path torrcFile(CommandLine line) throws TorException {
        String torrc = line.torrc();
        if (torrc != null) {
            return torrc.equals("-") ? null : path(torrc);
        }
        Path usual = usualTorrc();
        return usual == null ? usualPlaces().get(0) : usual;
    }

    /** The file of defaults, there or not. */
    static Path defaultsFile(CommandLine line) throws TorException {
        String defaults = line.defaultsTorrc();
        return path(defaults == null ? USUAL_DEFAULTS : defaults);
    }

    private static TorrcReader torrc(CommandLine line, String stdin, List<String> notices, List<Path> files)
            throws TorException {
        String torrc = line.torrc();
        if (torrc == null) {
            Path usual = usualTorrc();
            if (usual == null) {
                notices.add("Configuration file \"" + usualPlaces().get(0)
                        + "\" not present, using reasonable defaults.");
                files.addAll(usualPlaces());
                return new TorrcReader();
            }
            return file(usual.toString(), notices, files);
        }
        if (torrc.equals("-")) {
            TorrcReader reader = new TorrcReader();
            reader.readText(stdin, "standard input");
            notices.add("Read configuration from standard input.");
            return reader;
        }
        boolean mayBeMissing = line.ignoreMissingTorrc() || line.allowMissingTorrc();
        if (!mayBeMissing || Files.exists(path(torrc))) {
            return file(torrc, notices, files);
        }
        files.add(path(torrc));
        notices.add("Configuration file \"" + path(torrc) + "\" not present, using reasonable defaults.");
        return new TorrcReader();
    }

    private static TorrcReader file(String name, List<String> notices, List<Path> files) throws TorException {
        TorrcReader reader = new TorrcReader();
        Path path = path(name);
        reader.readFile(path);
        notices.add("Read configuration file \"" + path + "\".");
        files.add(path);
        files.addAll(reader.searched());
        for (String included : reader.included()) {
            files.add(Path.of(included));
            notices.add("Including configuration file \"" + included + "\".");
        }
        return reader;
    }

    /** A file's name as given on the command line or in a torrc. */
    static Path path(String name) throws TorException {
        try {
            return Path.of(Home.expand(name)).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new TorException(ErrorKind.CONFIG, "\"" + name + "\" is not a file name", e);
        }
    }

    private static @Nullable Path usualTorrc() {
        for (Path path : usualPlaces()) {
            if (Files.isReadable(path)) {
                return path;
            }
        }
        return null;
    }

    private static List<Path> usualPlaces() {
        String config = System.getenv("XDG_CONFIG_HOME");
        Path base = config == null || config.isEmpty() ? Path.of(Home.expand("~/.config")) : Path.of(config);
        return List.of(base.resolve("cepa").resolve("torrc"), Path.of("/etc/cepa/torrc"));
    }

    /** All of standard input. */
    static String standardInput(InputStream in) throws TorException {
        try {
            byte[] bytes = in.readNBytes(MAX_STDIN_BYTES);
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new TorException(ErrorKind.CONFIG, "standard input can't be read: " + Reasons.of(e), e);
        }
    }
}
