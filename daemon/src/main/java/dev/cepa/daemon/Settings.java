package dev.cepa.daemon;

import dev.cepa.daemon.ConfigLine.Mode;
import dev.cepa.daemon.Option.Need;
import dev.cepa.daemon.control.Quoted;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options that are set, checked one by one, over the defaults. Built source after source - defaults file, torrc,
 * command line - and then only read. Not thread-safe while it is built.
 */
final class Settings {
    private final OptionTable table;
    /** By {@link Option#group}; a list of one where an option is no list. */
    private final Map<String, List<ConfigLine>> assigned = new HashMap<>();
    /** Texts and lists that have a default, and were set to nothing. */
    private final Set<String> emptied = new HashSet<>();
    /** What stood after the defaults file: with that {@code --dump-config short} compares. */
    private Map<String, List<ConfigLine>> baseline = Map.of();
    private final Findings findings;
    private final List<String> warnings;

    Settings(OptionTable table) {
        this(table, Findings.untilFirstError());
    }

    /** @param findings told about lines that can't be taken, and about those that are taken all the same */
    Settings(OptionTable table, Findings findings) {
        this.table = table;
        this.findings = findings;
        this.warnings = findings.warnings();
    }

    /** What the user should be told about lines that are taken all the same. */
    List<String> warnings() {
        return warnings;
    }

    /**
     * Takes the lines of one source; its lists replace those of earlier ones unless they are to be added.
     *
     * @throws TorException of kind CONFIG that says which line is wrong and why
     */
    void apply(List<ConfigLine> lines, boolean commandLine) throws TorException {
        Set<String> fromEarlierSource = new HashSet<>(assigned.keySet());
        Set<String> seen = new HashSet<>();
        for (ConfigLine line : lines) {
            try {
                apply(line, commandLine, fromEarlierSource, seen);
            } catch (TorException e) {
                findings.error(e);
            }
        }
    }

    private void apply(ConfigLine line, boolean commandLine, Set<String> fromEarlierSource, Set<String> seen)
            throws TorException {
        Option option = find(line, commandLine);
        if (option.need() == Need.OBSOLETE) {
            warnings.add(line.place() + ": Skipping obsolete configuration option \"" + option.name() + "\".");
            return;
        }
        ConfigLine named = line.withKey(option.name());
        if (line.value().isEmpty()) {
            if (option.isList() && line.mode() != Mode.CLEAR) {
                warnings.add(line.place() + ": Linelist option '" + option.name() + "' has no value. Skipping.");
            } else {
                clear(option, named);
            }
            return;
        }
        emptied.remove(option.name());
        String problem = option.type().problem(line.value());
        if (problem != null) {
            throw new ConfigException(
                    line,
                    "Could not parse " + option.name() + ": " + problem,
                    "Write " + option.type().expects() + ".");
        }
        if (!option.isList()) {
            if (!seen.add(option.name())) {
                warnings.add(line.place() + ": Option '" + option.name()
                        + "' used more than once; all but the last value will be ignored.");
            }
            assigned.put(option.group(), List.of(named));
        } else {
            if (fromEarlierSource.remove(option.group()) && line.mode() != Mode.APPEND) {
                assigned.remove(option.group());
            }
            assigned.computeIfAbsent(option.group(), key -> new ArrayList<>()).add(named);
        }
    }

    /** As in Tor, an option without its value is 0 or nothing, which is not always its default. */
    private void clear(Option option, ConfigLine line) {
        assigned.remove(option.group());
        if (option.type().isNumber()) {
            assigned.put(option.group(), List.of(line.withValue("0")));
        } else if (!option.defaultValue().isEmpty()) {
            emptied.add(option.name());
        }
    }

    /** Remembers that the defaults file has been taken. */
    void endDefaults() {
        baseline = new HashMap<>(assigned);
        for (Map.Entry<String, List<ConfigLine>> entry : baseline.entrySet()) {
            entry.setValue(List.copyOf(entry.getValue()));
        }
    }

    /**
     * The same options, to be changed.
     *
     * @param told about lines that are taken all the same
     */
    Settings copy(Findings told) {
        Settings copy = new Settings(table, told);
        for (Map.Entry<String, List<ConfigLine>> entry : assigned.entrySet()) {
            copy.assigned.put(entry.getKey(), new ArrayList<>(entry.getValue()));
        }
        copy.emptied.addAll(emptied);
        copy.baseline = baseline;
        return copy;
    }

    /** Compares with what these settings' defaults file has set from now on. */
    void compareAs(Settings other) {
        baseline = other.baseline;
    }

    /** An option whose name nobody knows. */
    static final class UnknownOptionException extends TorException {
        private static final long serialVersionUID = 1;

        UnknownOptionException(TorException cause) {
            super(cause.kind(), String.valueOf(cause instanceof ConfigException c ? c.text() : cause.getMessage()), cause);
        }
    }

    /**
     * Puts lines in the place of those that the same options have, as a controller does it.
     *
     * @param toDefaults whether an option without a value gets its default, instead of 0 or nothing
     * @throws UnknownOptionException if there is no such option
     * @throws TorException of kind CONFIG that says which value is wrong and why
     */
    void replace(List<ConfigLine> lines, boolean toDefaults) throws TorException {
        for (ConfigLine line : lines) {
            Option option;
            try {
                option = find(line, false);
            } catch (TorException e) {
                throw new UnknownOptionException(e);
            }
            assigned.remove(option.group());
            emptied.remove(option.name());
            if (!toDefaults && !option.isList() && option.need() != Need.OBSOLETE) {
                clear(option, line.withKey(option.name()));
            }
        }
        Set<String> seen = new HashSet<>();
        for (ConfigLine line : lines) {
            if (!line.value().isEmpty()) {
                apply(line, false, new HashSet<>(), seen);
            }
        }
    }

    private Option find(ConfigLine line, boolean commandLine) throws TorException {
        String name = table.expand(line.key(), commandLine, warnings);
        Option option = table.find(name);
        if (option == null) {
            option = table.findAbbreviated(name);
            if (option != null) {
                warnings.add(line.place() + ": The abbreviation '" + name + "' is deprecated. Please use '" + option.name()
                        + "' instead.");
            }
        }
        if (option == null) {
            String nearest = table.nearest(name);
            throw new ConfigException(
                    line.source(),
                    line.line(),
                    line.keyColumn(),
                    "Unknown option '" + line.key() + "'.  Failing."
                            + (nearest == null ? "" : " Did you mean '" + nearest + "'?"),
                    nearest == null
                            ? "Remove the line; cepa --list-torrc-options prints the names there are."
                            : "Write " + nearest + ", if that is what you mean.");
        }
        return option;
    }

    /** An error at a line. */
    static TorException bad(ConfigLine line, String what) {
        return new ConfigException(line, what, null);
    }

    private Option option(String name) {
        Option option = table.find(name);
        if (option == null) {
            throw new IllegalArgumentException("no option " + name);
        }
        return option;
    }

    /** The lines of an option, or of the group that it belongs to; empty if it is not set. */
    List<ConfigLine> lines(String name) {
        List<ConfigLine> lines = assigned.get(option(name).group());
        return lines == null ? List.of() : lines;
    }

    /** The line that sets an option; null if none does. */
    @Nullable ConfigLine line(String name) {
        List<ConfigLine> lines = lines(name);
        return lines.isEmpty() ? null : lines.get(lines.size() - 1);
    }

    boolean isSet(String name) {
        return !lines(name).isEmpty();
    }

    /** The value or the default, canonical; empty if there is neither. */
    String text(String name) {
        ConfigLine line = line(name);
        Option option = option(name);
        String value = line != null ? line.value() : defaultOf(option);
        return value.isEmpty() ? value : option.type().canonical(value);
    }

    private String defaultOf(Option option) {
        if (emptied.contains(option.name())) {
            return "";
        }
        boolean testing = !option.testingDefault().equals(option.defaultValue()) && flag("TestingTorNetwork");
        return testing ? option.testingDefault() : option.defaultValue();
    }

    /** A boolean; {@code auto} counts as no. */
    boolean flag(String name) {
        return text(name).equals("1");
    }

    /** A number: bytes, seconds, milliseconds or plain. */
    long number(String name) {
        return Long.parseLong(text(name));
    }

    /** A number with a point, which is read only where somebody has written one: that takes classes. */
    double decimal(String name, double usual) {
        return isSet(name) ? Double.parseDouble(text(name)) : usual;
    }

    /** The items of a list with commas. */
    List<String> items(String name) {
        String text = text(name);
        return text.isEmpty() ? List.of() : List.of(text.split(","));
    }

    /** Whether an option has its default value, given or not. */
    boolean isDefault(String name) {
        Option option = option(name);
        List<ConfigLine> lines = assigned.get(option.group());
        return lines == null ? !emptied.contains(name) : sameAsBuiltIn(option, lines);
    }

    /**
     * Compares with settings that are to take their place while running.
     *
     * @throws TorException of kind CONFIG for an option that may not change
     */
    void checkFixed(Settings next) throws TorException {
        String option = fixedChange(next);
        if (option != null) {
            String what = "While Tor is running, changing " + option + " is not allowed; restart it.";
            ConfigLine line = next.line(option);
            throw line == null ? new TorException(ErrorKind.CONFIG, what) : bad(line, what);
        }
    }

    /** The first option that may not change while running, and would; null if there is none. */
    @Nullable String fixedChange(Settings next) {
        for (Option option : table.settable()) {
            if (option.fixed() && !sameAs(next, option)) {
                return option.name();
            }
        }
        return null;
    }

    private boolean sameAs(Settings other, Option option) {
        if (!option.isList()) {
            return text(option.name()).equals(other.text(option.name()));
        }
        List<ConfigLine> mine = lines(option.name());
        List<ConfigLine> others = other.lines(option.name());
        boolean same = mine.size() == others.size();
        for (int i = 0; same && i < mine.size(); i++) {
            same = mine.get(i).value().equals(others.get(i).value());
        }
        return same;
    }

    /** The options that are set, in no particular order. */
    List<Option> setOptions() {
        List<Option> options = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (List<ConfigLine> lines : assigned.values()) {
            for (ConfigLine line : lines) {
                if (names.add(line.key())) {
                    options.add(option(line.key()));
                }
            }
        }
        return options;
    }

    /**
     * All options as torrc lines, as {@code --dump-config} prints them.
     *
     * @param all whether to write defaults as well
     */
    String dump(boolean all) {
        StringBuilder out = new StringBuilder(all ? 20_000 : 1000);
        Set<String> groupsDone = new HashSet<>();
        for (Option option : table.settable()) {
            if (option.isHidden() || option.isList() && !groupsDone.add(option.group())) {
                continue;
            }
            List<ConfigLine> lines = assigned.get(option.group());
            boolean listOfNothing = option.type().isSplit() && emptied.contains(option.name());
            if (!all && !listOfNothing && (lines == null || sameAsDefault(option, lines))) {
                continue;
            }
            if (lines == null) {
                String value = option.isList() ? "" : text(option.name());
                // A program that reads this file may be Tor, which stops at an option of Cepa's own.
                if (!option.isList() && !option.isOwn() && (!value.isEmpty() || option.type().isSplit())) {
                    append(out, option.name(), value);
                }
                continue;
            }
            for (ConfigLine line : lines) {
                if (!line.key().startsWith("__")) {
                    append(out, line.key(), option.type().canonical(line.value()));
                }
            }
        }
        return out.toString();
    }

    private boolean sameAsDefault(Option option, List<ConfigLine> lines) {
        List<ConfigLine> before = baseline.get(option.group());
        if (before != null) {
            return before.equals(lines);
        }
        return sameAsBuiltIn(option, lines);
    }

    private boolean sameAsBuiltIn(Option option, List<ConfigLine> lines) {
        String value = defaultOf(option);
        return !option.isList()
                && !value.isEmpty()
                && option.type().canonical(value).equals(option.type().canonical(lines.get(0).value()));
    }

    private static void append(StringBuilder out, String name, String value) {
        out.append(name);
        if (!value.isEmpty()) {
            out.append(' ').append(quotedIfNeeded(value));
        }
        out.append('\n');
    }

    /** A value as a torrc has it. */
    static String quotedIfNeeded(String value) {
        return needsQuotes(value) ? Quoted.of(value) : value;
    }

    private static boolean needsQuotes(String value) {
        boolean needed = value.startsWith("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            needed |= c < ' ' || c >= 127 || c == '#';
        }
        return needed;
    }
}
