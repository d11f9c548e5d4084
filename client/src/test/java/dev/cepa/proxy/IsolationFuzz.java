package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.proxy.PortSettings.Isolation;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What SocksPort's isolation flags promise, over ports and requests thrown together. */
class IsolationFuzz {
    private record Stream(PortSettings port, String client, String protocol, String user, String password, String host,
            int number) {
        Object value(Isolation by) {
            return switch (by) {
                case CLIENT_ADDRESS -> client;
                case CREDENTIALS -> List.of(user, password);
                case PROTOCOL -> protocol;
                case DESTINATION_HOST -> host.toLowerCase(Locale.ROOT);
                case DESTINATION_PORT -> number;
            };
        }
    }

    private static String one(Random random, String... of) {
        return of[random.nextInt(of.length)];
    }

    private static PortSettings port(Random random) {
        Set<Isolation> by = EnumSet.noneOf(Isolation.class);
        for (Isolation each : Isolation.values()) {
            if (random.nextBoolean()) {
                by.add(each);
            }
        }
        return PortSettings.builder().group(random.nextInt(2)).isolation(by).build();
    }

    @Property(tries = 10_000)
    void keysAreEqualOnlyForStreamsThatMayShareACircuit(@ForAll long seed) {
        Random random = new Random(seed);
        List<PortSettings> ports = List.of(port(random), port(random));
        List<Stream> streams = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            streams.add(new Stream(
                    ports.get(random.nextInt(2)), one(random, "127.0.0.1", "::1"), one(random, "SOCKS4", "SOCKS5"),
                    one(random, "", "u", "up"), one(random, "", "p", "pp"), one(random, "", "a.test", "A.test", "b.test"),
                    random.nextInt(3)));
        }
        for (Stream a : streams) {
            for (Stream b : streams) {
                boolean may = a.port.group() == b.port.group();
                for (Isolation by : Isolation.values()) {
                    boolean counts = a.port.isolation().contains(by) || b.port.isolation().contains(by);
                    may &= !counts || a.value(by).equals(b.value(by));
                }
                boolean share = key(a).equals(key(b));
                assertThat(share && !may).as("%s%n%s", a, b).isFalse();
                if (a.port == b.port) {
                    assertThat(share).as("no more apart than asked for:%n%s%n%s", a, b).isEqualTo(may);
                }
            }
        }
    }

    private static Object key(Stream s) {
        return s.port.isolationKey(s.client, s.protocol, s.user, s.password, s.host, s.number);
    }
}
