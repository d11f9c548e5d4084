package dev.cepa.directory;

import dev.cepa.directory.DirectorySettings.Encodings;
import dev.cepa.error.Deadline;
import dev.cepa.event.TorEvents;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSettings;
import dev.cepa.path.StateFile;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A program for {@link SmallHeapIT}: brings up a directory, says "cold" and waits for a line, fetches the next consensus,
 * says "refreshed", starts again from disk and says "warm". Arguments: port of the server, cache folder, encodings, when
 * the first consensus is valid (seconds since 1970), and the identities of the authorities.
 */
final class SmallHeapClient {
    private static volatile Instant now;

    private SmallHeapClient() {}

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        List<DirectoryAuthority> authorities = new ArrayList<>();
        for (int i = 4; i < args.length; i++) {
            authorities.add(DirectoryAuthority.parse(
                    "orport=1 v3ident=" + args[i] + " 10.0.0.1:2 " + "A".repeat(39) + i));
        }
        Instant validAfter = Instant.ofEpochSecond(Long.parseLong(args[3]));
        now = validAfter.plusSeconds(600);
        DirectorySettings settings = DirectorySettings.DEFAULT
                .withNetwork(authorities, List.of())
                .forTestingNetwork()
                .withCacheDirectory(Path.of(args[1]));
        Encodings encodings = Encodings.valueOf(args[2]);

        try (DirectoryManager cold = start(settings, port, encodings)) {
            whole(cold);
            System.out.println("cold");
            System.in.read();
            // A moment when the old one's turn has certainly come, and the new one's has not.
            now = validAfter.plusSeconds(3 * 3600 - 1);
            while (!cold.latest().consensus().validAfter().isAfter(validAfter)) {
                // Again and again, as this clock stands still and an answer that was refused is followed by a wait.
                cold.noteNetworkChange();
                Thread.sleep(200);
            }
            whole(cold);
            System.out.println("refreshed");
        }
        try (DirectoryManager warm = start(settings, port, encodings)) {
            whole(warm);
            System.out.println("warm");
        }
    }

    private static DirectoryManager start(DirectorySettings settings, int port, Encodings encodings) {
        TorEvents events = new TorEvents();
        InstantSource clock = () -> now;
        GuardManager guards = new GuardManager(StateFile.inMemory("test", clock), clock, new Random(1), events);
        DirectoryManager manager = new DirectoryManager(
                settings, new HttpDirectory.Link(port, encodings), new BootstrapProgress(events), guards,
                PathSettings.DEFAULT, events, clock, new Random(1));
        manager.start();
        return manager;
    }

    private static void whole(DirectoryManager manager) throws Exception {
        manager.awaitUsable(Deadline.in(Duration.ofSeconds(60)));
        while (manager.latest().missingMicrodescs() > 0) {
            Thread.sleep(10);
        }
    }
}
