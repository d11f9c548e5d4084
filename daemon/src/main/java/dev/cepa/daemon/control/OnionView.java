package dev.cepa.daemon.control;

/** Names, and onion services of ours and of others: commands, GETINFO and events. */
final class OnionView implements Feature {
    @Override
    public void addTo(ControlServer server) {
        new NameCommands().addTo(server);
        new OnionCommands().addTo(server);
        new ClientAuthCommands().addTo(server);
        new DescriptorCommands().addTo(server);
        server.events().add(new OnionEvents(server.events()));
    }
}
