package dev.cepa.daemon.control;

import dev.cepa.TorClient;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a client tells of itself, the last word on each thing. */
final class Census implements TorEventListener {
    final Map<Long, TorEvent.CircuitStatus> circuits = new LinkedHashMap<>();
    final Map<Long, TorEvent.StreamStatus> streams = new LinkedHashMap<>();
    final Map<Long, TorEvent.ChannelStatus> channels = new LinkedHashMap<>();

    static Census of(TorClient client) {
        Census census = new Census();
        client.describe(census);
        return census;
    }

    @Override
    public void onEvent(TorEvent event) {
        switch (event) {
            case TorEvent.CircuitStatus circuit -> {
                switch (circuit.status()) {
                    case LAUNCHED, EXTENDED, BUILT -> circuits.put(circuit.circuitId(), circuit);
                    case FAILED, CLOSED -> circuits.remove(circuit.circuitId());
                }
            }
            case TorEvent.StreamStatus stream -> {
                switch (stream.status()) {
                    case NEW, SENT_CONNECT, SUCCEEDED -> streams.put(stream.streamId(), stream);
                    case FAILED, CLOSED -> streams.remove(stream.streamId());
                }
            }
            case TorEvent.ChannelStatus channel -> {
                switch (channel.status()) {
                    case LAUNCHED, REACHED, SECURED, CONNECTED -> channels.put(channel.channelId(), channel);
                    case FAILED, CLOSED -> channels.remove(channel.channelId());
                }
            }
            default -> {}
        }
    }
}
