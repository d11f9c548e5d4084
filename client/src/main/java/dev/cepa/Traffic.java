package dev.cepa;

/**
 * How much a client has received from relays and sent to them, since it was started. Immutable.
 *
 * @param bytesRead bytes of cells that came, padding included
 * @param bytesWritten bytes of cells that were sent, padding included
 */
public record Traffic(long bytesRead, long bytesWritten) {}
