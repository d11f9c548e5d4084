package dev.cepa.daemon.control;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.ChannelStatus;
import java.util.concurrent.atomic.AtomicInteger;

/** ORCONN, NETWORK_LIVENESS and GUARD (control-spec sections 4.1.3, 4.1.27 and 4.1.12). */
final class LinkEvents implements EventTopic {
    private final Events events;
    private final AtomicInteger open = new AtomicInteger();
    private volatile boolean live;

    LinkEvents(Events events) {
        this.events = events;
    }

    @Override
    public void onEvent(TorEvent event) {
        switch (event) {
            case ChannelStatus channel -> {
                noteLiveness(channel.status());
                if (events.wants(EventName.ORCONN)) {
                    link(channel);
                }
            }
            case TorEvent.GuardStatus(String relay, String status) -> {
                if (events.wants(EventName.GUARD)) {
                    events.send(EventName.GUARD, "GUARD ENTRY " + name(relay) + " " + status);
                }
            }
            default -> {}
        }
    }

    private void link(ChannelStatus channel) {
        String what = switch (channel.status()) {
            case LAUNCHED -> "LAUNCHED";
            case CONNECTED -> "CONNECTED";
            case FAILED -> "FAILED REASON=" + EndWords.ofChannel(channel.error());
            case CLOSED -> "CLOSED REASON=" + EndWords.ofChannel(channel.error());
            case REACHED, SECURED -> "";
        };
        if (!what.isEmpty()) {
            events.send(EventName.ORCONN, "ORCONN " + name(channel.relay()) + " " + what + " ID=" + channel.channelId());
        }
    }

    /** The network is there while a relay is, and gone when none is left and none can be reached. */
    private void noteLiveness(ChannelStatus.Status status) {
        switch (status) {
            case CONNECTED -> {
                open.incrementAndGet();
                setLive(true);
            }
            case CLOSED -> open.decrementAndGet();
            case FAILED -> {
                if (open.get() <= 0) {
                    setLive(false);
                }
            }
            case LAUNCHED, REACHED, SECURED -> {}
        }
    }

    private void setLive(boolean now) {
        if (live != now) {
            live = now;
            events.send(EventName.NETWORK_LIVENESS, "NETWORK_LIVENESS " + (now ? "UP" : "DOWN"));
        }
    }

    /** What stands for a bridge whom events do not name, {@code [bridge 1]}, is no word: an address of nobody is. */
    static String name(String relay) {
        if (!relay.startsWith("[")) {
            return relay;
        }
        StringBuilder out = new StringBuilder("bridge");
        for (int i = 0; i < relay.length(); i++) {
            char c = relay.charAt(i);
            if (c >= '0' && c <= '9') {
                out.append(c);
            }
        }
        return out.append(".invalid:1").toString();
    }
}
