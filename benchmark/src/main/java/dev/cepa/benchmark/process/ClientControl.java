package dev.cepa.benchmark.process;

import dev.cepa.error.Deadline;
import dev.cepa.testnet.Ports;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a running program can be told from outside, each in its own way: our daemon by signals, whose work its log tells of;
 * C tor by its control port. Other programs are told nothing. For one thread.
 */
public final class ClientControl {
    private static final byte[] LOOPBACK = {127, 0, 0, 1};
    private static final long POLL_MILLIS = 2;
    private static final String NOT_RELOADED = "Not reloading config file";
    private static final String POOL = "Streams found a circuit open ";

    private final Kind kind;
    private final int controlPort;

    private enum Kind { CEPA, TOR, OTHER }

    /**
     * How streams of a process have found their circuits so far.
     *
     * @param hits   open
     * @param waits  being built
     * @param misses not there, and begun for them
     */
    public record Pool(long hits, long waits, long misses) {
        /** What came after an earlier look. */
        public Pool since(Pool earlier) {
            return new Pool(hits - earlier.hits, waits - earlier.waits, misses - earlier.misses);
        }

        /** Hits in a hundred streams; not a number without streams. */
        public double hitPercent() {
            return 100.0 * hits / (hits + waits + misses);
        }
    }

    /** For a program that is yet to be started. */
    public ClientControl(ClientProgram program) throws IOException {
        kind = program.name().startsWith("cepa") ? Kind.CEPA : program.name().equals("tor") ? Kind.TOR : Kind.OTHER;
        controlPort = kind == Kind.TOR ? new Ports(new SecureRandom()).next() : 0;
    }

    /** What its torrc has to say. */
    public List<String> torrc() {
        return switch (kind) {
            // What is timed after a HUP is the new identity, not the reading of the configuration.
            case CEPA -> List.of("__ReloadTorrcOnSIGHUP 0");
            case TOR -> List.of("ControlPort 127.0.0.1:" + controlPort);
            case OTHER -> List.of();
        };
    }

    /** Whether it can be told to take a new identity. */
    public boolean hasNewIdentity() {
        return kind != Kind.OTHER;
    }

    /**
     * Has it use no circuit for new streams that it has used before: our daemon by SIGHUP, C tor by {@code SIGNAL NEWNYM}.
     *
     * @throws IOException if it does not say in time that it will
     */
    public void newIdentity(ClientProcess client, Deadline deadline) throws IOException, InterruptedException {
        if (kind == Kind.TOR) {
            newnym(deadline);
            return;
        }
        int before = count(client.log(), NOT_RELOADED);
        client.signal("HUP");
        while (count(client.log(), NOT_RELOADED) == before) {
            pause(client, deadline);
        }
    }

    /** How its streams have found circuits; null of a program that does not tell. Our daemon tells on SIGUSR1. */
    public @Nullable Pool pool(ClientProcess client, Deadline deadline) throws IOException, InterruptedException {
        if (kind != Kind.CEPA) {
            return null;
        }
        int before = count(client.log(), POOL);
        client.signal("USR1");
        while (true) {
            String log = client.log();
            int at = log.lastIndexOf(POOL);
            int end = at < 0 ? -1 : log.indexOf('\n', at);
            if (end > 0 && count(log, POOL) > before) {
                return pool(log.substring(at + POOL.length(), end));
            }
            pause(client, deadline);
        }
    }

    /** Reads {@code 1 times, one being built 2 times, none 3 times}. */
    static Pool pool(String text) throws IOException {
        long[] numbers = new long[3];
        int found = 0;
        for (String word : text.split(" ", -1)) {
            if (!word.isEmpty() && word.chars().allMatch(c -> c >= '0' && c <= '9') && found < 3) {
                numbers[found++] = Long.parseLong(word);
            }
        }
        if (found < 3) {
            throw new IOException("the program says of its circuits: " + text);
        }
        return new Pool(numbers[0], numbers[1], numbers[2]);
    }

    private void newnym(Deadline deadline) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), controlPort),
                    Math.max(1, deadline.millisLeft()));
            socket.setSoTimeout(Math.max(1, deadline.millisLeft()));
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            for (String command : new String[] {"AUTHENTICATE", "SIGNAL NEWNYM"}) {
                socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
                String answer = in.readLine();
                if (answer == null || !answer.startsWith("250")) {
                    throw new IOException(command + " is answered by: " + answer);
                }
            }
        }
    }

    private static void pause(ClientProcess client, Deadline deadline) throws IOException, InterruptedException {
        client.requireAlive();
        if (deadline.passed()) {
            throw new IOException(client.program().name() + " does not answer a signal in time");
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }

    private static int count(String text, String what) {
        int count = 0;
        for (int at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + 1)) {
            count++;
        }
        return count;
    }
}
