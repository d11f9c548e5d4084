package dev.cepa.path;

import dev.cepa.netdoc.ConsensusInfo;
import java.time.Duration;

/** Numbers of guard-spec (appendix A.1), from the consensus and the user's settings. Times are in seconds. */
record GuardParams(
        int maxSamplePercent,
        int maxSampleSize,
        int minFilteredSample,
        long removeUnlistedAfter,
        long lifetime,
        long confirmedLifetime,
        int primaryGuards,
        int guardsToUse,
        int directoryGuardsToUse,
        long internetLikelyDown,
        long connectTimeout,
        long idleTimeout,
        int meaningfulRestrictionPercent,
        int extremeRestrictionPercent) {

    private static final long DAY = 86_400;
    private static final int MAX = Integer.MAX_VALUE;

    static GuardParams of(ConsensusInfo c, PathSettings settings) {
        int primary = settings.numPrimaryGuards() > 0
                ? settings.numPrimaryGuards()
                : c.param("guard-n-primary-guards", 3, 1, MAX);
        int toUse = settings.numEntryGuards() > 0
                ? settings.numEntryGuards()
                : c.param("guard-n-primary-guards-to-use", 1, 1, MAX);
        int directoryToUse = settings.numDirectoryGuards() > 0
                ? settings.numDirectoryGuards()
                : c.param("guard-n-primary-dir-guards-to-use", 3, 1, MAX);
        Duration lifetime = settings.guardLifetime();
        long ownLifetime = lifetime == null ? 0 : lifetime.toSeconds();
        return new GuardParams(
                c.param("guard-max-sample-threshold-percent", 20, 1, 100),
                c.param("guard-max-sample-size", 60, 1, MAX),
                c.param("guard-min-filtered-sample-size", 20, 1, MAX),
                c.param("guard-remove-unlisted-guards-after-days", 20, 1, 3650) * DAY,
                ownLifetime >= DAY ? ownLifetime : c.param("guard-lifetime-days", 120, 1, 3650) * DAY,
                ownLifetime >= DAY ? ownLifetime : c.param("guard-confirmed-min-lifetime-days", 60, 1, 3650) * DAY,
                primary,
                toUse,
                directoryToUse,
                c.param("guard-internet-likely-down-interval", 600, 1, MAX),
                c.param("guard-nonprimary-guard-connect-timeout", 15, 1, MAX),
                c.param("guard-nonprimary-guard-idle-timeout", 600, 1, MAX),
                c.param("guard-meaningful-restriction-percent", 20, 1, MAX),
                c.param("guard-extreme-restriction-percent", 1, 1, 100));
    }

    int guardsToUse(GuardManager.Usage usage) {
        return usage == GuardManager.Usage.DIRECTORY ? directoryGuardsToUse : guardsToUse;
    }

    /** The most guards that a sample may have when so many are listed. */
    int maxSample(int listed) {
        long byShare = (long) listed * maxSamplePercent / 100;
        return (int) Math.max(minFilteredSample, Math.min(byShare, maxSampleSize));
    }
}
