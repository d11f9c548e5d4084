package dev.cepa.directory;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TorEvents;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How far the client is on its way to a usable directory, in the phases of the control specification (section 5.5). The
 * phases of connecting follow whichever channel gets furthest. Goes forward only, and says each thing once. Thread-safe.
 */
final class BootstrapProgress implements TorEventListener {
    /** The phases up to the point where circuits can be built. */
    enum Phase {
        STARTING(0, "starting", "Starting"),
        CONNECTING(5, "conn", "Connecting to a relay"),
        CONNECTED(10, "conn_done", "Connected to a relay"),
        HANDSHAKE(14, "handshake", "Handshaking with a relay"),
        HANDSHAKE_DONE(15, "handshake_done", "Handshake with a relay done"),
        CREATING_CIRCUIT(20, "onehop_create", "Establishing an encrypted directory connection"),
        REQUESTING_CONSENSUS(25, "requesting_status", "Asking for networkstatus consensus"),
        LOADING_CONSENSUS(30, "loading_status", "Loading networkstatus consensus"),
        LOADING_CERTIFICATES(40, "loading_keys", "Loading authority key certs"),
        REQUESTING_MICRODESCS(45, "requesting_descriptors", "Asking for relay descriptors"),
        LOADING_MICRODESCS(50, "loading_descriptors", "Loading relay descriptors"),
        ENOUGH(75, "enough_dirinfo", "Loaded enough directory info to build circuits");

        final int percent;
        final String tag;
        final String summary;

        Phase(int percent, String tag, String summary) {
            this.percent = percent;
            this.tag = tag;
            this.summary = summary;
        }
    }

    private final TorEvents events;
    private final ReentrantLock lock = new ReentrantLock();
    private Phase phase = Phase.STARTING;
    private int percent = -1;
    private @Nullable String problem;

    BootstrapProgress(TorEvents events) {
        this.events = events;
    }

    /** Hears of channels: those that are opened before there is a directory are opened for it. */
    @Override
    public void onEvent(TorEvent event) {
        if (event instanceof TorEvent.ChannelStatus channel) {
            switch (channel.status()) {
                case LAUNCHED -> reach(Phase.CONNECTING);
                case REACHED -> reach(Phase.CONNECTED);
                case SECURED -> reach(Phase.HANDSHAKE);
                case CONNECTED -> reach(Phase.HANDSHAKE_DONE);
                case FAILED, CLOSED -> {}
            }
        }
    }

    /** The phase is reached, and all goes well. */
    void reach(Phase next) {
        report(next, next.percent, null);
    }

    /** Microdescriptors are loading: so much of what is needed is there, from 0 to 1. */
    void loading(double done) {
        int span = Phase.ENOUGH.percent - Phase.LOADING_MICRODESCS.percent;
        int within = (int) (span * Math.clamp(done, 0.0, 0.99));
        report(Phase.LOADING_MICRODESCS, Phase.LOADING_MICRODESCS.percent + within, null);
    }

    /** It stands still, for that reason; says nothing once circuits can be built. */
    void stuck(String why) {
        report(phase, percent, why);
    }

    private void report(Phase next, int nextPercent, @Nullable String why) {
        lock.lock();
        try {
            boolean forward = nextPercent > percent;
            boolean newProblem = why != null && nextPercent >= percent && percent < Phase.ENOUGH.percent && !why.equals(problem);
            if (!forward && !newProblem) {
                return;
            }
            phase = next;
            percent = Math.max(0, nextPercent);
            problem = why;
            // Under the lock, so that listeners hear them in order.
            events.emit(new TorEvent.Bootstrap(percent, next.tag, next.summary, why));
        } finally {
            lock.unlock();
        }
    }
}
