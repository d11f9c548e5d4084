package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.RsaId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrackedExitsTest {
    private static final RsaId ONE = RsaId.ofHex("1111111111111111111111111111111111111111");
    private static final RsaId TWO = RsaId.ofHex("2222222222222222222222222222222222222222");

    private Instant now = Instant.EPOCH;

    private TrackedExits tracked(String... hosts) {
        return new TrackedExits(List.of(hosts), Duration.ofMinutes(30), () -> now);
    }

    @Test
    void remembersForTheHostsThatItWasToldOf() {
        TrackedExits exits = tracked("www.bank.example", ".Shop.example");
        for (String host : List.of("WWW.bank.example", "shop.example", "a.b.shop.example")) {
            assertThat(exits.find(host)).isNull();
            exits.reached(host, ONE);
            assertThat(exits.find(host)).isEqualTo(ExitChoice.of(ONE));
        }
        for (String host : List.of("bank.example", "notshop.example", "x.www.bank.example")) {
            exits.reached(host, ONE);
            assertThat(exits.find(host)).isNull();
        }
        TrackedExits all = tracked(".");
        all.reached("any.example", ONE);
        all.reached("any.example", TWO);
        assertThat(all.find("any.example")).isEqualTo(ExitChoice.of(TWO));
        all.forget("any.example");
        assertThat(all.find("any.example")).isNull();
    }

    @Test
    void forgetsInTimeAndWhatIsTooMuch() {
        TrackedExits exits = tracked(".");
        exits.reached("a.example", ONE);
        now = now.plusSeconds(1799);
        assertThat(exits.find("a.example")).isNotNull();
        now = now.plusSeconds(1);
        assertThat(exits.find("a.example")).isNull();
        for (int i = 0; i < 2000; i++) {
            exits.reached("n" + i + ".example", ONE);
        }
        assertThat(exits.find("n0.example")).isNull();
        assertThat(exits.find("n1999.example")).isNotNull();
    }
}
