package dev.cepa.daemon.control;

import dev.cepa.TorClient;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A program for tests of the control port alone: options by name, signals that are noted, no client unless one is given. */
final class TestHost implements ControlHost {
    final Map<String, List<String>> options = new HashMap<>();
    final List<ControlSignal> signals = new ArrayList<>();
    volatile boolean ownerLost;
    volatile @Nullable TorClient client;
    volatile @Nullable Path dataDirectory;
    volatile String password = "";
    volatile int logMask;
    volatile LogListener logListener = (severity, text) -> {};

    /** Sets an option. */
    void set(String name, String... values) {
        options.put(name, List.of(values));
    }

    @Override
    public TorClient client() {
        TorClient known = client;
        if (known == null) {
            throw new IllegalStateException("no client in this test");
        }
        return known;
    }

    @Override
    public ControlOptions options() {
        return new ControlOptions() {
            @Override
            public @Nullable String nameOf(String name) {
                return options.keySet().stream().filter(name::equalsIgnoreCase).findFirst().orElse(null);
            }

            @Override
            public List<Line> lines(String name) {
                return options.getOrDefault(name, List.of()).stream().map(value -> new Line(name, value)).toList();
            }

            @Override
            public String text(String name) {
                return options.getOrDefault(name, List.of("")).getFirst();
            }

            @Override
            public boolean flag(String name) {
                return text(name).equals("1");
            }

            @Override
            public long number(String name) {
                return text(name).isEmpty() ? 0 : Long.parseLong(text(name));
            }

            @Override
            public void set(List<Line> lines, boolean toDefaults) {
                lines.forEach(line -> options.put(line.key(), line.value() == null ? List.of() : List.of(line.value())));
            }

            @Override
            public void load(String torrc) {
                options.put("loaded", List.of(torrc));
            }

            @Override
            public void save(boolean force) throws Refusal {
                throw new Refusal(551, "Unable to write configuration to disk.");
            }

            @Override
            public String dump() {
                return "";
            }

            @Override
            public boolean canSave() {
                return false;
            }

            @Override
            public String torrc() {
                return "/etc/cepa/torrc";
            }

            @Override
            public String defaultsTorrc() {
                return "";
            }

            @Override
            public String names() {
                return "";
            }

            @Override
            public String defaults() {
                return "";
            }
        };
    }

    @Override
    public String version() {
        return "0.4.9.11 (cepa-test)";
    }

    @Override
    public InstantSource clock() {
        return InstantSource.system();
    }

    @Override
    public Duration uptime() {
        return Duration.ofSeconds(61);
    }

    @Override
    public @Nullable Path dataDirectory() {
        return dataDirectory;
    }

    @Override
    public Path path(String name) {
        return Path.of(name);
    }

    @Override
    public boolean isPassword(byte[] password) {
        return new String(password, StandardCharsets.UTF_8).equals(this.password);
    }

    @Override
    public long queueLimit() {
        return 1 << 20;
    }

    @Override
    public long openFileLimit() {
        return 1024;
    }

    @Override
    public List<SocketAddress> metricsAddresses() {
        return List.of();
    }

    @Override
    public void signal(ControlSignal signal) {
        signals.add(signal);
    }

    @Override
    public void ownerLost() {
        ownerLost = true;
    }

    @Override
    public void showLog(int severities, LogListener listener) {
        logMask = severities;
        logListener = listener;
    }
}
