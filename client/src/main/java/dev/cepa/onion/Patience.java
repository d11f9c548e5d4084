package dev.cepa.onion;

import java.time.Duration;

/**
 * How long the parts of a connection may take, when there are others that could be asked instead.
 *
 * @param directory to send a descriptor
 * @param answer of an introduction or rendezvous point to a single message
 * @param service to come to the rendezvous point once it was told
 */
record Patience(Duration directory, Duration answer, Duration service) {
    static final Patience DEFAULT =
            new Patience(Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(30));
}
