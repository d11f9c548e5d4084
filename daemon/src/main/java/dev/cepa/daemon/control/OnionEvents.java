package dev.cepa.daemon.control;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.OnionDescriptor;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** HS_DESC and HS_DESC_CONTENT (control-spec sections 4.1.25 and 4.1.26). Thread-safe. */
final class OnionEvents implements EventTopic {
    private static final String UNKNOWN = "UNKNOWN";

    private final Events events;

    OnionEvents(Events events) {
        this.events = events;
    }

    @Override
    public void onEvent(TorEvent event) {
        if (event instanceof OnionDescriptor descriptor) {
            if (events.wants(EventName.HS_DESC)) {
                events.send(EventName.HS_DESC, format(descriptor));
            }
        } else if (event instanceof TorEvent.OnionDescriptorContent content && events.wants(EventName.HS_DESC_CONTENT)) {
            String first = "HS_DESC_CONTENT " + content.address() + " " + content.descriptorId() + " "
                    + orUnknown(content.directory());
            events.sendData(
                    EventName.HS_DESC_CONTENT, first, new String(content.document(), StandardCharsets.ISO_8859_1));
        }
    }

    /** As C tor has it: what is said of whom depends on what has happened. */
    static String format(OnionDescriptor event) {
        StringBuilder out = new StringBuilder(300).append("HS_DESC ");
        out.append(event.action() == OnionDescriptor.Action.UPLOADING ? "UPLOAD" : event.action().name());
        out.append(' ').append(event.address()).append(event.isUpload() ? " UNKNOWN " : " NO_AUTH ");
        out.append(orUnknown(event.directory()));
        boolean ended = event.action() == OnionDescriptor.Action.UPLOADED
                || event.action() == OnionDescriptor.Action.FAILED && event.isUpload();
        if (!ended) {
            out.append(' ').append(event.descriptorId());
        }
        if (event.reason() != null) {
            out.append(" REASON=").append(event.reason());
        } else if (event.index() != null) {
            out.append(" HSDIR_INDEX=").append(event.index());
        }
        return out.toString();
    }

    private static String orUnknown(@Nullable String directory) {
        return directory == null ? UNKNOWN : directory;
    }
}
