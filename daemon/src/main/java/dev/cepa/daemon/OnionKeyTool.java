package dev.cepa.daemon;

import dev.cepa.OnionServiceKey;
import dev.cepa.error.TorException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;

/** {@code cepa onion-key}: makes keys for a service that is to run without its master key. */
public final class OnionKeyTool implements ToolProvider {
    private static final String USAGE = """
            usage: cepa onion-key delegate MASTER SERVICE [--periods N] [--from YYYY-MM-DD]
                                           [--period-minutes N] [--offset-minutes N]
                   make or renew the folder SERVICE of an onion service, with keys for N time periods (90 days if it is
                   not said, 399 at most) from now or from noon UTC of that day on, by the secret key in the folder
                   MASTER, which is not changed and need not be on the same computer as the service.
                   A time period has 1440 minutes and begins 720 after a multiple of that, unless the network's
                   consensus has an hsdir_interval that is another.
            """;
    private static final int PERIODS = 90;
    private static final int MINUTES = 1440;

    @Override
    public String name() {
        return "onion-key";
    }

    @Override
    public int run(PrintWriter out, PrintWriter err, String... args) {
        List<String> words = new ArrayList<>(List.of(args));
        try {
            int periods = number(words, "--periods", PERIODS);
            int minutes = number(words, "--period-minutes", MINUTES);
            int offset = number(words, "--offset-minutes", MINUTES / 2);
            String day = take(words, "--from");
            Instant from = day == null
                    ? Instant.now()
                    : LocalDate.parse(day).atTime(12, 0).toInstant(ZoneOffset.UTC);
            if (words.size() != 3 || !words.get(0).equals("delegate")) {
                err.print(USAGE);
                err.flush();
                return 2;
            }
            OnionServiceKey master = OnionServiceKey.ofFolder(Path.of(words.get(1)));
            try {
                master.delegate(
                        Path.of(words.get(2)),
                        new OnionServiceKey.Periods(from, periods, Duration.ofMinutes(minutes), Duration.ofMinutes(offset)));
                out.println(master.address() + " can be run from " + words.get(2) + " for " + periods
                        + " time periods; who has that folder can be the service as long.");
                out.flush();
                return 0;
            } finally {
                master.wipe();
            }
        } catch (TorException | IllegalArgumentException | DateTimeException e) {
            err.println("cepa onion-key: " + e.getMessage());
            err.flush();
            return 1;
        }
    }

    @Override
    public int run(PrintStream out, PrintStream err, String... args) {
        return run(
                new PrintWriter(out, false, StandardCharsets.UTF_8), new PrintWriter(err, false, StandardCharsets.UTF_8), args);
    }

    /** The value of an option, which is taken out with it; null if it is not there. */
    private static @Nullable String take(List<String> words, String option) {
        int at = words.indexOf(option);
        if (at < 0) {
            return null;
        }
        if (at + 1 == words.size()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        words.remove(at);
        return words.remove(at);
    }

    private static int number(List<String> words, String option, int otherwise) {
        String text = take(words, option);
        try {
            return text == null ? otherwise : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + " needs a number, not " + text, e);
        }
    }
}
