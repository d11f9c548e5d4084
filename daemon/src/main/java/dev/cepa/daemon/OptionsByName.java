package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.daemon.control.ControlOptions;
import dev.cepa.daemon.control.Refusal;
import dev.cepa.error.TorException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The daemon's options for controllers; changes are made by the main thread. Thread-safe. */
final class OptionsByName implements ControlOptions {
    private static final Logger LOG = LoggerFactory.getLogger(OptionsByName.class);
    /** How long a controller waits for the main thread to begin. */
    private static final long WAIT_SECONDS = 60;

    private static final String SOURCE = "controller";

    private final Daemon daemon;
    private final OptionTable table = OptionTable.load();

    OptionsByName(Daemon daemon) {
        this.daemon = daemon;
    }

    private Settings settings() {
        return daemon.running().plan().settings();
    }

    @Override
    public @Nullable String nameOf(String name) {
        String full = table.expand(name, false, new ArrayList<>());
        Option option = table.find(full);
        option = option == null ? table.findAbbreviated(full) : option;
        return option == null || option.need() == Option.Need.OBSOLETE ? null : option.name();
    }

    @Override
    public List<Line> lines(String name) {
        List<Line> lines = lines(settings(), name);
        TorClient client = daemon.running().client();
        Path folder = client == null ? null : client.config().dataDirectory();
        if (lines.isEmpty() && name.equals("DataDirectory") && folder != null) {
            // As with C tor, where it is, whether anybody has said so or not.
            return List.of(new Line(name, Settings.quotedIfNeeded(folder.toString())));
        }
        return lines;
    }

    private List<Line> lines(Settings settings, String name) {
        Option option = table.find(name);
        if (option == null) {
            return List.of();
        }
        List<Line> values = new ArrayList<>();
        if (option.isList() || option.type() == OptionType.VIRTUAL) {
            for (ConfigLine line : settings.lines(name)) {
                if (option.type() == OptionType.VIRTUAL || line.key().equals(option.name())) {
                    values.add(new Line(line.key(), Settings.quotedIfNeeded(line.value())));
                }
            }
            return values;
        }
        String value = settings.text(name);
        if (!value.isEmpty() || option.type().isSplit()) {
            values.add(new Line(option.name(), Settings.quotedIfNeeded(value)));
        }
        return values;
    }

    @Override
    public String text(String name) {
        return settings().text(name);
    }

    @Override
    public boolean flag(String name) {
        return settings().flag(name);
    }

    @Override
    public long number(String name) {
        return settings().number(name);
    }

    /** The options whose values are others, by name; a list has a line each, or its name alone if it is empty. */
    List<Line> changes(Settings before, Settings after) {
        List<String> names = new ArrayList<>();
        Set<String> groups = new HashSet<>();
        for (Option option : table.settable()) {
            String name = option.type() == OptionType.DEPENDENT ? option.group() : option.name();
            if (groups.add(name) && !lines(before, name).equals(lines(after, name))) {
                names.add(name);
            }
        }
        names.sort(String.CASE_INSENSITIVE_ORDER);
        List<Line> changes = new ArrayList<>();
        for (String name : names) {
            List<Line> lines = lines(after, name);
            changes.addAll(lines.isEmpty() ? List.of(new Line(name, null)) : lines);
        }
        return changes;
    }

    /** A step of a change, for the main thread. */
    private interface Change {
        Configuration apply(Configuration before) throws Refusal;
    }

    @Override
    public void set(List<Line> lines, boolean toDefaults) throws Refusal {
        List<ConfigLine> assigned = new ArrayList<>();
        for (Line line : lines) {
            String value = line.value();
            assigned.add(new ConfigLine(line.key(), value == null ? "" : value.strip(), ConfigLine.Mode.SET, SOURCE, 0));
        }
        change(before -> {
            try {
                return before.with(assigned, toDefaults);
            } catch (Settings.UnknownOptionException e) {
                throw new Refusal(552, "Unrecognized option: " + e.getMessage());
            } catch (TorException e) {
                throw new Refusal(513, "Unacceptable option value: " + text(e));
            }
        }, 513, "Unacceptable option value: ");
    }

    @Override
    public void load(String torrc) throws Refusal {
        String wrong = "Invalid config file: Failed to parse/validate config: ";
        change(before -> {
            try {
                return Configuration.load(daemon.line(), torrc, before);
            } catch (TorException e) {
                throw new Refusal(552, wrong + e.getMessage());
            }
        }, 552, wrong);
    }

    private static String text(TorException e) {
        return e instanceof ConfigException c && c.source().equals(SOURCE) ? c.text() : String.valueOf(e.getMessage());
    }

    /** Has the main thread go over to another configuration, and waits until it has. */
    private void change(Change change, int code, String wrong) throws Refusal {
        AtomicBoolean claimed = new AtomicBoolean();
        CountDownLatch done = new CountDownLatch(1);
        Refusal[] refusal = new Refusal[1];
        boolean taken = daemon.run(() -> {
            if (claimed.compareAndSet(false, true)) {
                try {
                    changeNow(change, code, wrong);
                } catch (Refusal e) {
                    refusal[0] = e;
                } catch (RuntimeException e) {
                    LOG.warn("A controller's configuration could not be taken", e);
                    refusal[0] = new Refusal(551, "Internal error");
                } finally {
                    done.countDown();
                }
            }
        });
        try {
            if (!taken || !done.await(WAIT_SECONDS, TimeUnit.SECONDS) && claimed.compareAndSet(false, true)) {
                throw new Refusal(551, "Too busy to change the configuration");
            }
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refusal(551, "Interrupted");
        }
        if (refusal[0] != null) {
            throw refusal[0];
        }
    }

    private static void checkFixed(Settings before, Settings after) throws Refusal {
        String option = before.fixedChange(after);
        if (option != null) {
            throw new Refusal(553, "Transition not allowed: While Tor is running, changing " + option + " is not allowed");
        }
    }

    private void changeNow(Change change, int code, String wrong) throws Refusal {
        Plan before = daemon.running().plan();
        Configuration fresh = change.apply(before.configuration());
        checkFixed(before.settings(), fresh.settings());
        Plan next;
        try {
            next = Plan.of(fresh, daemon.line().quiet());
        } catch (TorException e) {
            throw new Refusal(code, wrong + text(e));
        }
        try {
            daemon.take(next, false);
        } catch (TorException e) {
            throw new Refusal(553, "Unable to set option: " + text(e));
        }
        // What was said before need not be said again.
        for (String notice : fresh.notices()) {
            if (!before.configuration().notices().contains(notice)) {
                LOG.info(notice);
            }
        }
        for (List<String> warnings : List.of(fresh.warnings(), next.warnings())) {
            for (String warning : warnings) {
                if (!before.configuration().warnings().contains(warning) && !before.warnings().contains(warning)) {
                    LOG.warn(warning);
                }
            }
        }
    }

    @Override
    public void save(boolean force) throws Refusal {
        Configuration now = daemon.running().plan().configuration();
        try {
            Path file = Configuration.torrcFile(daemon.line());
            if (file == null || now.includes() && !force) {
                throw new Refusal(551, "Unable to write configuration to disk.");
            }
            SavedTorrc.write(file, now.settings().dump(false));
            // What the program itself has written need not be read again.
            daemon.run(daemon::acknowledgeFiles);
        } catch (TorException e) {
            LOG.warn("{}", e.getMessage());
            throw new Refusal(551, "Unable to write configuration to disk.");
        }
    }

    @Override
    public String dump() {
        return settings().dump(false);
    }

    @Override
    public boolean canSave() {
        return !daemon.running().plan().configuration().includes() && !torrc().isEmpty();
    }

    @Override
    public String torrc() {
        try {
            Path file = Configuration.torrcFile(daemon.line());
            return file == null ? "" : file.toString();
        } catch (TorException e) {
            return "";
        }
    }

    @Override
    public String defaultsTorrc() {
        try {
            return Configuration.defaultsFile(daemon.line()).toString();
        } catch (TorException e) {
            return "";
        }
    }

    @Override
    public String names() {
        StringBuilder out = new StringBuilder(12_000);
        for (Option option : table.listed()) {
            out.append(option.name()).append(' ').append(option.type().title()).append('\n');
        }
        return out.toString();
    }

    @Override
    public String defaults() {
        StringBuilder out = new StringBuilder(12_000);
        for (Option option : table.settable()) {
            if (!option.defaultValue().isEmpty()) {
                // Defaults have nothing in them that would need an escape.
                out.append(option.name()).append(" \"").append(option.defaultValue()).append("\"\n");
            }
        }
        return out.toString();
    }
}
