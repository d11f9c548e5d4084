/**
 * A private Tor network of real {@code tor} relays on 127.0.0.1, with a DNS responder for its exits and a web server
 * behind them: the ground for integration tests, the demo and the benchmark. Nothing here leaves the machine, and
 * nothing here is part of the client.
 */
@NullMarked
package dev.cepa.testnet;

import org.jspecify.annotations.NullMarked;
