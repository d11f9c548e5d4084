package dev.cepa.daemon.control;

/** A part of the control port: commands, keys of GETINFO and events that belong together. */
interface Feature {
    /** Adds them; called once, before anybody is let in. */
    void addTo(ControlServer server);
}
