/**
 * What an operator sees of a client: metrics, health, a live page and traces. Everything here listens to
 * {@link dev.cepa.event.TorEvent} and asks {@link dev.cepa.TorClient} for numbers; nothing reaches further inside.
 *
 * <p>{@link dev.cepa.monitor.Monitor} is the port with all of that; {@link dev.cepa.monitor.OpenTelemetryTraces} and
 * {@link dev.cepa.monitor.FlightEvents} are listeners of their own.
 */
@NullMarked
package dev.cepa.monitor;

import org.jspecify.annotations.NullMarked;
