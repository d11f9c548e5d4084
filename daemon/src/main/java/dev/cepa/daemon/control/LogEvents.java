package dev.cepa.daemon.control;

import dev.cepa.daemon.control.LogListener.Severity;
import dev.cepa.event.TorEvent;
import org.jspecify.annotations.Nullable;

/** Log lines as events: DEBUG, INFO, NOTICE, WARN, ERR (control-spec section 4.1.5). */
final class LogEvents implements Feature, EventTopic, LogListener {
    private @Nullable ControlServer server;

    @Override
    public void addTo(ControlServer to) {
        server = to;
        to.events().add(this);
    }

    @Override
    public void onEvent(TorEvent event) {
        // What happens is no log line; what is logged of it comes by line().
    }

    @Override
    public void subscriptionsChanged() {
        ControlServer to = server;
        if (to == null) {
            return;
        }
        int severities = 0;
        for (Severity severity : Severity.values()) {
            severities |= to.events().wants(event(severity)) ? severity.bit() : 0;
        }
        to.host().showLog(severities, this);
    }

    private static EventName event(Severity severity) {
        return switch (severity) {
            case DEBUG -> EventName.DEBUG;
            case INFO -> EventName.INFO;
            case NOTICE -> EventName.NOTICE;
            case WARN -> EventName.WARN;
            case ERR -> EventName.ERR;
        };
    }

    @Override
    public void line(Severity severity, String text) {
        ControlServer to = server;
        if (to != null) {
            to.events().send(event(severity), severity.name() + " " + text.stripTrailing());
        }
    }
}
