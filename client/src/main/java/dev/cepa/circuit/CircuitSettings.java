package dev.cepa.circuit;

/**
 * How circuits behave; the first two follow the consensus.
 *
 * @param sendmeAcceptMinVersion the least version of circuit-level SENDME that is accepted, 0 or 1: the parameter
 *     {@code sendme_accept_min_version}
 * @param extendByEd25519Id whether EXTEND2 names the next relay by its Ed25519 identity too: the parameter
 *     {@code ExtendByEd25519ID}
 * @param maxStreams how many streams one circuit carries at once
 */
public record CircuitSettings(int sendmeAcceptMinVersion, boolean extendByEd25519Id, int maxStreams) {
    /** 0, false, 4096. */
    public static final CircuitSettings DEFAULT = new CircuitSettings(0, false, 4096);

    public CircuitSettings {
        if (sendmeAcceptMinVersion < 0 || sendmeAcceptMinVersion > 1) {
            throw new IllegalArgumentException("no SENDME of version " + sendmeAcceptMinVersion);
        }
        if (maxStreams < 1 || maxStreams > 32_768) {
            throw new IllegalArgumentException("streams on a circuit must be 1 to 32768, not " + maxStreams);
        }
    }
}
