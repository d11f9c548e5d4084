/**
 * A relay that tests play, on a loopback port: real TLS, a real link handshake with keys and certificates of its own, real
 * circuit handshakes and relay-cell cryptography, and a knob for each way in which a relay can misbehave. What real relays
 * do is tested with real relays; this one does what they never would.
 */
package dev.cepa.testrelay;
