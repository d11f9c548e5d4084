package dev.cepa.path;

/**
 * When a guard counts as one that fails too many circuits (torrc's {@code PathBias*}). Immutable. A number below what makes
 * sense, such as -1, leaves that threshold to the consensus; a share of 0 turns its warning off.
 *
 * @param minCircuits circuits of a guard that are watched before it is judged, at least 5
 * @param notice the share of successful circuits below which the log says so
 * @param warn the share below which it warns
 * @param extreme the share below which it warns most
 * @param dropGuards 1: a guard below an extreme share is not used any more; 0: it is; -1: as the consensus says
 * @param scaleAt circuits after which the counts are made smaller, at least 10
 * @param minUses used circuits of a guard that are watched before it is judged by them, at least 3
 * @param useNotice the share of useful circuits among those below which the log says so
 * @param useExtreme the share below which it warns most
 * @param useScaleAt used circuits after which their counts are made smaller, at least 10
 */
public record PathBiasSettings(
        int minCircuits, double notice, double warn, double extreme, int dropGuards, int scaleAt, int minUses,
        double useNotice, double useExtreme, int useScaleAt) {
    /** As the consensus says, and no guard is dropped. */
    public static final PathBiasSettings DEFAULT = new PathBiasSettings(-1, -1, -1, -1, 0, -1, -1, -1, -1, -1);
}
