package dev.cepa.pool;

import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;

/** Circuits that do not leave the network, for onion services. Each is the caller's own, who closes it. Thread-safe. */
public interface InternalCircuits {
    /** What a circuit is for. */
    enum Purpose {
        /** To a directory, for a descriptor. */
        DIRECTORY("HS_CLIENT_HSDIR"),
        /** To an introduction point. */
        INTRODUCTION("HS_CLIENT_INTRO"),
        /** To a rendezvous point. */
        RENDEZVOUS("HS_CLIENT_REND"),
        /** Our service's, to a directory that takes its descriptor. */
        SERVICE_DIRECTORY("HS_SERVICE_HSDIR"),
        /** Our service's, to its introduction point. */
        SERVICE_INTRODUCTION("HS_SERVICE_INTRO"),
        /** Our service's, to where a client waits. */
        SERVICE_RENDEZVOUS("HS_SERVICE_REND");

        private final String word;

        Purpose(String word) {
            this.word = word;
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
     * A circuit to a relay that can be a rendezvous point.
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
}
