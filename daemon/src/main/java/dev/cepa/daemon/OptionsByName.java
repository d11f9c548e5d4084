package dev.cepa.daemon;

import dev.cepa.daemon.control.ControlOptions;
import dev.cepa.daemon.control.Refusal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The daemon's options for controllers. Thread-safe. */
final class OptionsByName implements ControlOptions {
    private final Daemon daemon;
    private final OptionTable table = OptionTable.load();

    OptionsByName(Daemon daemon) {
        this.daemon = daemon;
    }

    @Override
    public @Nullable String nameOf(String name) {
        Option option = table.find(table.expand(name, false, new ArrayList<>()));
        option = option == null ? table.findAbbreviated(name) : option;
        return option == null || option.need() == Option.Need.OBSOLETE ? null : option.name();
    }

    @Override
    public List<Line> lines(String name) {
        return daemon.settings().values(name);
    }

    @Override
    public String text(String name) {
        return daemon.settings().text(name);
    }

    @Override
    public boolean flag(String name) {
        return daemon.settings().flag(name);
    }

    @Override
    public long number(String name) {
        return daemon.settings().number(name);
    }

    @Override
    public void set(List<Line> lines, boolean toDefaults) throws Refusal {
        throw new Refusal(551, "Not possible yet");
    }

    @Override
    public void load(String torrc) throws Refusal {
        throw new Refusal(551, "Not possible yet");
    }

    @Override
    public void save(boolean force) throws Refusal {
        throw new Refusal(551, "Unable to write configuration to disk.");
    }

    @Override
    public String dump() {
        return daemon.settings().dump(false);
    }

    @Override
    public boolean canSave() {
        return false;
    }

    @Override
    public String torrc() {
        return "";
    }

    @Override
    public String defaultsTorrc() {
        return "";
    }

    @Override
    public String names() {
        return "";
    }

    @Override
    public String defaults() {
        return "";
    }
}
