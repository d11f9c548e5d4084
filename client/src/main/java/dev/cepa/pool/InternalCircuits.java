package dev.cepa.pool;

import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.Vanguards.Stem;
import java.time.Duration;

/**
 * Circuits that do not leave the network, for onion services. Each is the caller's own, who closes it; it is shared with
 * nobody and not used again. Thread-safe.
 */
public interface InternalCircuits {
    /** What a circuit is for. */
    enum Purpose {
        /** A client's, to a directory, for a descriptor. */
        DIRECTORY("HS_CLIENT_HSDIR", Stem.OPEN),
        /** A client's, to an introduction point. */
        INTRODUCTION("HS_CLIENT_INTRO", Stem.OPEN),
        /** A client's, to a rendezvous point. */
        RENDEZVOUS("HS_CLIENT_REND", Stem.OPEN),
        /** A service's, to a directory, with a descriptor. */
        SERVICE_DIRECTORY("HS_SERVICE_HSDIR", Stem.GUARDED),
        /** A service's, to a relay that becomes its introduction point. */
        SERVICE_INTRODUCTION("HS_SERVICE_INTRO", Stem.GUARDED),
        /** A service's, to a rendezvous point that a client has chosen. */
        SERVICE_RENDEZVOUS("HS_SERVICE_REND", Stem.OPEN);

        private final String word;
        private final Stem stem;

        Purpose(String word, Stem stem) {
            this.word = word;
            this.stem = stem;
        }

        /** What its path begins with: a relay that others have chosen is kept one hop further from those that we keep. */
        Stem stem() {
            return stem;
        }

        /** Whether others choose the relay, who can have us go there again and again, and it fail. */
        boolean isToOthersChoice() {
            return this == INTRODUCTION || this == SERVICE_RENDEZVOUS;
        }

        /** In the control specification's words. */
        public String word() {
            return word;
        }
    }

    /**
     * A circuit that ends at that relay, which need not be listed.
     *
     * @throws TorException if it can't be built by then
     */
    Circuit to(HopTarget last, Purpose purpose, Deadline deadline) throws TorException;

    /**
     * A circuit to a relay that can be a rendezvous point, drawn for it.
     *
     * @throws TorException if it can't be built by then
     */
    Circuit toRendezvousPoint(Deadline deadline) throws TorException;

    /**
     * The directory that paths are chosen by, waiting for the first if need be.
     *
     * @throws TorException of kind NO_DIRECTORY if there is none by then
     */
    NetDir directory(Deadline deadline) throws TorException;

    /** A relay of that directory, by its number in it, as the end of a circuit. */
    HopTarget hop(NetDir dir, int relay, Deadline deadline) throws TorException;

    /** How long a circuit of three hops may take to build, as learned so far; a guess before anything is. */
    Duration buildTimeout();
}
