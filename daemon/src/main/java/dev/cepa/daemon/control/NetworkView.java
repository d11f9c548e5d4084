package dev.cepa.daemon.control;

/** Circuits, streams, relays and their documents: commands, GETINFO and events. */
final class NetworkView implements Feature {
    @Override
    public void addTo(ControlServer server) {
        Events events = server.events();
        StatusEvents status = new StatusEvents(events);
        TrafficEvents traffic = new TrafficEvents(events, server.host());
        events.add(status);
        events.add(traffic); // what ends is counted before its end is told
        events.add(new CircuitEvents(events));
        events.add(new StreamEvents(events));
        events.add(new LinkEvents(events));
        events.add(new OtherEvents(events, server.host()));
        NetworkInfo.addTo(server.info(), status, traffic);
        DirectoryInfo.addTo(server.info());
        OtherInfo.addTo(server.info());
        NetworkCommands.addTo(server.commands());
    }
}
