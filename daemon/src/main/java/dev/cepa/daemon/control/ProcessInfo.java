package dev.cepa.daemon.control;

/** GETINFO's keys about the program itself. */
final class ProcessInfo implements Feature {
    @Override
    public void addTo(ControlServer server) {
        Info info = server.info();
        info.add("version", "The current version of Tor.", (key, request) -> request.host().version());
        info.add("info/names", "List of GETINFO options, types, and documentation.", (key, request) -> server.info().names());
        info.add("events/names", "Events that the controller can ask for with SETEVENTS.", (key, request) -> Events.names());
    }
}
