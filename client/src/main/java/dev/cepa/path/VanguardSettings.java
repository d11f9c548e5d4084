package dev.cepa.path;

import dev.cepa.error.TorException;
import java.util.HashSet;
import java.util.Set;

/**
 * How the paths of onion-service circuits are protected against whoever wants to find the guard behind them
 * (vanguards-spec). Immutable.
 *
 * @param mode which layers are kept
 * @param layer2 relays that alone may be second hops; empty: a few that are chosen and kept for days
 * @param layer3 relays that alone may be third hops, which makes it {@link Mode#FULL}; empty: as the mode says
 */
public record VanguardSettings(Mode mode, RelaySet layer2, RelaySet layer3) {
    /** Which hops behind the guard are chosen once and kept. */
    public enum Mode {
        /** {@link #LITE} unless the consensus says {@link #OFF}. */
        AUTO,
        /** None, but for those that the user names. */
        OFF,
        /** The second. */
        LITE,
        /** The second and the third; circuits are one or two hops longer. */
        FULL
    }

    /**
     * The same settings, with the countries that they name looked up in files; read only if there are such.
     *
     * @throws TorException of kind CONFIG if a file is missing or malformed, or has nothing of a country
     */
    public VanguardSettings located(CountryFiles files) throws TorException {
        if (layer2.isLocated() && layer3.isLocated()) {
            return this;
        }
        Set<String> codes = new HashSet<>(layer2.countryCodes());
        codes.addAll(layer3.countryCodes());
        Countries countries = Countries.load(files, codes);
        return new VanguardSettings(mode, layer2.in(countries), layer3.in(countries));
    }

    /** As the consensus says, and no relays by name. */
    public static final VanguardSettings DEFAULT = new VanguardSettings(Mode.AUTO, RelaySet.EMPTY, RelaySet.EMPTY);
}
