package dev.cepa.daemon.control;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.StreamStatus;

/** STREAM (control-spec section 4.1.2). */
final class StreamEvents implements EventTopic {
    private final Events events;

    StreamEvents(Events events) {
        this.events = events;
    }

    @Override
    public void onEvent(TorEvent event) {
        if (event instanceof StreamStatus stream && events.wants(EventName.STREAM)) {
            long circuit = stream.circuitId();
            switch (stream.status()) {
                case NEW -> send(StreamText.of(stream, "NEW", 0, "", true));
                case SENT_CONNECT -> send(StreamText.of(stream, "SENTCONNECT", circuit, "", false));
                case SUCCEEDED -> send(StreamText.of(stream, "SUCCEEDED", circuit, "", false));
                case FAILED -> {
                    String reason = EndWords.ofStream(stream.reason());
                    send(StreamText.of(stream, "FAILED", circuit, reason, false));
                    send(StreamText.of(stream, "CLOSED", circuit, reason, false));
                }
                case CLOSED -> send(StreamText.of(stream, "CLOSED", circuit, EndWords.ofStream(stream.reason()), false));
            }
        }
    }

    private void send(String text) {
        events.send(EventName.STREAM, "STREAM " + text);
    }
}
