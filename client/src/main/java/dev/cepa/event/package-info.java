/**
 * Everything observable, as one stream of {@link dev.cepa.event.TorEvent} records. The rooms emit them once, on
 * {@link dev.cepa.event.TorEvents}; the control port, logs, metrics and benchmarks listen and reach no further inside.
 * Public; uses only {@link dev.cepa.error}.
 */
@NullMarked
package dev.cepa.event;

import org.jspecify.annotations.NullMarked;
