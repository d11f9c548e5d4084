package dev.cepa.daemon.control;

import dev.cepa.proxy.SocketFileMode;
import java.net.SocketAddress;

/**
 * Where controllers come in. Immutable.
 *
 * @param address of a port, 0 for any free one; or of a socket in the file system
 * @param mode who may use a socket in the file system
 */
public record ControlPort(SocketAddress address, SocketFileMode mode) {}
