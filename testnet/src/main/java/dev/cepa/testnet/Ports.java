package dev.cepa.testnet;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Random;
import java.util.Set;
import java.util.HashSet;

/**
 * Chooses free loopback ports. They are taken from below the usual range of ephemeral ports, so that no outgoing
 * connection of this machine lands on one between the choice and its use. Not thread-safe.
 */
public final class Ports {
    private static final int LOWEST = 12_000;
    private static final int HIGHEST = 31_999;
    private static final int ATTEMPTS = 10_000;

    private final Random random;
    private final Set<Integer> given = new HashSet<>();

    /** @param random whatever differs from one run to the next */
    public Ports(Random random) {
        this.random = random;
    }

    /** A port that could just be bound for TCP on 127.0.0.1 and that this object has not given before. */
    public int next() throws IOException {
        for (int i = 0; i < ATTEMPTS; i++) {
            int port = random.nextInt(LOWEST, HIGHEST + 1);
            if (given.contains(port) || !isFree(port)) {
                continue;
            }
            given.add(port);
            return port;
        }
        throw new IOException("found no free port between " + LOWEST + " and " + HIGHEST + " on 127.0.0.1");
    }

    /** Whether a TCP listener can be opened on the port of 127.0.0.1 right now. */
    static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port), 1);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
