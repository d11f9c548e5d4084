package dev.cepa.path;

import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import java.time.Instant;

/**
 * What the guards' rules look at beside the guards: a snapshot with its selector, the parameters. Immutable.
 *
 * @param live whether the consensus is recent enough to change the sample by (guard-spec: "reasonably live")
 * @param possible how many relays could be anybody's guard
 * @param passing how many of them the settings let us use
 */
record GuardWorld(
        PathSelector selector, GuardParams params, PathBias.Params bias, boolean live, int possible, int passing) {
    /** So long after its end, or before its start, a consensus still counts as live, for clients whose clock is off. */
    private static final long SLACK_SECONDS = 86_400;

    static GuardWorld of(PathSelector selector, Instant now) {
        NetDir dir = selector.dir();
        int possible = 0;
        int passing = 0;
        for (int relay = 0; relay < dir.size(); relay++) {
            if (selector.isPossibleGuard(relay)) {
                possible++;
                if (selector.passesGuardFilter(relay)) {
                    passing++;
                }
            }
        }
        ConsensusInfo consensus = dir.consensus();
        boolean live = !now.isBefore(consensus.validAfter().minusSeconds(SLACK_SECONDS))
                && !now.isAfter(consensus.validUntil().plusSeconds(SLACK_SECONDS));
        return new GuardWorld(
                selector, GuardParams.of(consensus, selector.settings()),
                PathBias.Params.of(consensus, selector.settings().tuning().bias()), live, possible,
                passing);
    }

    NetDir dir() {
        return selector.dir();
    }
}
