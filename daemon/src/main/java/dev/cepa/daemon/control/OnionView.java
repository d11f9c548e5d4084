package dev.cepa.daemon.control;

/** Names, and onion services of ours and of others: commands, GETINFO and events. */
final class OnionView implements Feature {
    @Override
    public void addTo(ControlServer server) {
        // Nothing yet.
    }
}
