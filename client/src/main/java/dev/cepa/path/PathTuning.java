package dev.cepa.path;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What few users ever say about paths. Immutable.
 *
 * @param preferIpv6 whether relays are connected to at their IPv6 addresses first ({@code ClientPreferIPv6ORPort})
 * @param families sets of relays of which one path has at most one, beside the families that relays say they are in
 *     ({@code NodeFamily})
 * @param pathsNeeded which part of all paths must be known before circuits are built, 0.25 to 0.95; 0: as the consensus says
 *     ({@code PathsNeededToBuildCircuits})
 * @param bias when a guard counts as one that fails too many circuits
 */
public record PathTuning(boolean preferIpv6, List<RelaySet> families, double pathsNeeded, PathBiasSettings bias) {
    /** C tor's defaults. */
    public static final PathTuning DEFAULT = new PathTuning(false, List.of(), 0, PathBiasSettings.DEFAULT);

    /** @throws IllegalArgumentException if the part of paths is out of range */
    public PathTuning {
        families = List.copyOf(families);
        if (pathsNeeded != 0 && !(pathsNeeded >= 0.25 && pathsNeeded <= 0.95)) {
            throw new IllegalArgumentException("PathsNeededToBuildCircuits must be from 0.25 to 0.95, not " + pathsNeeded);
        }
    }

    boolean isLocated() {
        for (RelaySet family : families) {
            if (!family.isLocated()) {
                return false;
            }
        }
        return true;
    }

    void addCountryCodes(Set<String> codes) {
        for (RelaySet family : families) {
            codes.addAll(family.countryCodes());
        }
    }

    PathTuning in(Countries countries) {
        if (families.isEmpty()) {
            return this;
        }
        List<RelaySet> located = new ArrayList<>();
        for (RelaySet family : families) {
            located.add(family.in(countries));
        }
        return new PathTuning(preferIpv6, located, pathsNeeded, bias);
    }
}
