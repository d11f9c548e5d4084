package dev.cepa.testnet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * What a relay remembers to have carried, written for one that has never run. Relays without a past would all weigh nothing
 * until the first of them has carried a kilobyte a second for a while: then that one weighs something and the others nothing,
 * every client chooses it for everything, and a C tor that has it as its guard and as its rendezvous point as well asks in vain
 * until it tries another guard. With a past all weigh the same from the first consensus on, whatever they carry later.
 * Stateless.
 */
final class BandwidthHistory {
    /** Seconds that one value stands for. */
    private static final long INTERVAL = 86_400;
    /** Bytes a second: more than authorities believe, which is 10 MB, and more than a relay will ever carry here. */
    private static final long RATE = 1_000_000_000;

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);

    private BandwidthHistory() {}

    /** Writes it as a relay's state file, where there is none. */
    static void write(Path dataDirectory, Instant now) throws IOException {
        Path state = dataDirectory.resolve("state");
        if (!Files.exists(state)) {
            Files.writeString(state, text(now), StandardCharsets.US_ASCII);
        }
    }

    private static String text(Instant now) {
        StringBuilder out = new StringBuilder();
        for (String direction : List.of("Read", "Write")) {
            String name = "BWHistory" + direction;
            out.append(name).append("Ends ").append(TIME.format(now.minusSeconds(1))).append('\n');
            out.append(name).append("Interval ").append(INTERVAL).append('\n');
            out.append(name).append("Values ").append(RATE * INTERVAL).append('\n');
            out.append(name).append("Maxima ").append(RATE).append('\n');
        }
        return out.toString();
    }
}
