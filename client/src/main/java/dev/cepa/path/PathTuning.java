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
 * @param bridges the only relays that are connected to, each at another address; empty without {@code UseBridges}
 */
public record PathTuning(
        boolean preferIpv6, List<RelaySet> families, double pathsNeeded, PathBiasSettings bias, List<BridgeLine> bridges) {
    /** C tor's defaults. */
    public static final PathTuning DEFAULT = new PathTuning(false, List.of(), 0, PathBiasSettings.DEFAULT, List.of());

    /** Without bridges. */
    public PathTuning(boolean preferIpv6, List<RelaySet> families, double pathsNeeded, PathBiasSettings bias) {
        this(preferIpv6, families, pathsNeeded, bias, List.of());
    }

    /** @throws IllegalArgumentException if the part of paths is out of range */
    public PathTuning {
        families = List.copyOf(families);
        bridges = List.copyOf(bridges);
        if (pathsNeeded != 0 && !(pathsNeeded >= 0.25 && pathsNeeded <= 0.95)) {
            throw new IllegalArgumentException("PathsNeededToBuildCircuits must be from 0.25 to 0.95, not " + pathsNeeded);
        }
    }

    /** Whether the first relay of each path is a bridge. */
    public boolean usesBridges() {
        return !bridges.isEmpty();
    }

    /** With those bridges alone; none: without bridges. */
    public PathTuning withBridges(List<BridgeLine> only) {
        return new PathTuning(preferIpv6, families, pathsNeeded, bias, only);
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
        return new PathTuning(preferIpv6, located, pathsNeeded, bias, bridges);
    }
}
