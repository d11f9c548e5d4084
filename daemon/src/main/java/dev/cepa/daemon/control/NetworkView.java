package dev.cepa.daemon.control;

/** Circuits, streams, relays and their documents: commands, GETINFO and events. */
final class NetworkView implements Feature {
    @Override
    public void addTo(ControlServer server) {
        // Nothing yet.
    }
}
