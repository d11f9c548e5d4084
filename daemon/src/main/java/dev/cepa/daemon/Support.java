package dev.cepa.daemon;

import dev.cepa.daemon.Option.Need;
import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.List;

/** What is said about options that are set and do nothing in this version. */
final class Support {
    private Support() {}

    /**
     * Looks at all options that are set.
     *
     * @param findings told in a line about those without effect, and about those that are not supported yet
     * @throws TorException of kind CONFIG for one that may not be left out
     */
    static void check(Settings settings, Findings findings) throws TorException {
        List<String> withoutEffect = new ArrayList<>();
        List<String> notYet = new ArrayList<>();
        for (Option option : settings.setOptions()) {
            String name = option.name();
            if (option.need() == Need.WORKS || isOff(settings, option)) {
                continue;
            }
            ConfigLine line = settings.lines(name).getLast();
            if (option.need() == Need.REFUSED && !isPortOfAClient(settings, name)) {
                findings.error(new ConfigException(
                        line,
                        name + " would make this a relay or an authority, but Cepa is a client. "
                                + "Remove the line, or run tor for that.",
                        "Remove the line, or run tor for that."));
                continue;
            }
            if (option.need() == Need.VITAL) {
                findings.error(new ConfigException(
                        line,
                        name + " is not supported yet, and starting without it would leave you less protected than "
                                + "you expect. Remove the line if you can do without it.",
                        "Remove the line if you can do without it."));
                continue;
            }
            (option.need() == Need.LATER ? notYet : withoutEffect).add(name);
        }
        if (!withoutEffect.isEmpty()) {
            findings.note("These options have no effect here, as they are for relays or tests or make no difference to Cepa: " + joined(withoutEffect));
        }
        if (!notYet.isEmpty()) {
            findings.warn("These options are not supported yet and have no effect: " + joined(notYet));
        }
    }

    /** ClientOnly says that such a port is not to be opened. */
    private static boolean isPortOfAClient(Settings settings, String name) {
        return settings.flag("ClientOnly") && name.endsWith("Port");
    }

    /** Set to what it is anyway, so that there is nothing to say. */
    private static boolean isOff(Settings settings, Option option) {
        String name = option.name();
        List<ConfigLine> lines = settings.lines(name);
        boolean zero = lines.size() == 1 && lines.get(0).value().equals("0");
        return settings.isDefault(name)
                || zero && (option.isList() || option.isOffAnyway() || !option.isUsed() && option.flags().indexOf('c') < 0);
    }

    private static String joined(List<String> names) {
        names.sort(null);
        return String.join(", ", names) + ".";
    }
}
