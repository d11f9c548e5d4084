package dev.cepa.daemon;

import dev.cepa.error.TorException;
import dev.cepa.onion.OnionAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The file {@code ob_config} in the folder of a service that is behind OnionBalance: which front ends it serves. */
final class BalanceFile {
    private static final String NAME = "ob_config";
    private static final String MASTER = "MasterOnionAddress";
    private static final String SUFFIX = ".onion";

    private BalanceFile() {}

    /**
     * The addresses in it; other lines are left alone, as C tor does.
     *
     * @param line the HiddenServiceOnionBalanceInstance line
     * @param folder the service's
     * @throws TorException of kind CONFIG if it can't be read, names no address or a wrong one
     */
    static List<OnionAddress> read(ConfigLine line, Path folder) throws TorException {
        Path file = folder.resolve(NAME);
        if (!Files.isReadable(file)) {
            throw Settings.bad(line, "OnionBalance: Unable to read config file " + file);
        }
        TorrcReader reader = new TorrcReader();
        reader.readFile(file);
        List<OnionAddress> masters = new ArrayList<>();
        for (ConfigLine one : reader.lines()) {
            if (one.key().equalsIgnoreCase(MASTER)) {
                masters.add(address(one));
            }
        }
        if (masters.isEmpty()) {
            throw Settings.bad(line, "OnionBalance: " + file + " has no line " + MASTER);
        }
        return masters;
    }

    private static OnionAddress address(ConfigLine line) throws TorException {
        String text = line.value().strip();
        try {
            if (text.endsWith(SUFFIX)) {
                return OnionAddress.parseLabel(text.substring(0, text.length() - SUFFIX.length()));
            }
        } catch (TorException e) {
            // Said below, and the same for all that is wrong with it.
        }
        throw Settings.bad(line, "OnionBalance: " + MASTER + " " + text + " is invalid");
    }
}
