package dev.cepa.path;

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

    /** As the consensus says, and no relays by name. */
    public static final VanguardSettings DEFAULT = new VanguardSettings(Mode.AUTO, RelaySet.EMPTY, RelaySet.EMPTY);
}
