package dev.cepa;

import java.util.List;

/**
 * How an onion service of a client is at one moment. Immutable.
 *
 * @param address its 56 characters, without {@code .onion}
 * @param introductionPoints how many are established
 * @param clients how many have a circuit to it
 * @param published whether clients can find it
 * @param suggestedEffort how much work its clients are asked for; 0 if for none
 * @param waiting how many clients wait for their turn; 0 where all have it at once
 * @param ports what went through each of its ports
 */
public record OnionServiceState(
        String address, int introductionPoints, int clients, boolean published, long suggestedEffort, int waiting,
        List<Port> ports) {
    /** Copies what could change. */
    public OnionServiceState {
        ports = List.copyOf(ports);
    }

    /**
     * One of its ports, since the service was started.
     *
     * @param port as clients know it
     * @param toProgram bytes from clients that the program behind it has taken
     * @param fromProgram bytes that it has sent to them
     */
    public record Port(int port, long toProgram, long fromProgram) {}
}
