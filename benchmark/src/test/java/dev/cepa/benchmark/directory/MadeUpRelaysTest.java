package dev.cepa.benchmark.directory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MadeUpRelaysTest {
    @Test
    void areTheSameForTheSameSeed() {
        List<MadeUpRelays.Relay> relays = new MadeUpRelays(7, false).make(300);
        List<MadeUpRelays.Relay> again = new MadeUpRelays(7, false).make(300);
        for (int i = 0; i < relays.size(); i++) {
            assertThat(again.get(i).entry()).isEqualTo(relays.get(i).entry());
            assertThat(again.get(i).microdesc()).isEqualTo(relays.get(i).microdesc());
        }
    }

    @Test
    void areOfTheVarietyOfThePublicNetwork() {
        List<MadeUpRelays.Relay> relays = new MadeUpRelays(1, false).make(9000);
        int exits = 0;
        int guards = 0;
        int inFamilies = 0;
        Set<String> microdescs = new HashSet<>();
        for (MadeUpRelays.Relay relay : relays) {
            exits += relay.entry().contains("\ns Exit ") ? 1 : 0;
            guards += relay.entry().contains(" Guard ") ? 1 : 0;
            inFamilies += relay.microdesc().contains("\nfamily ") ? 1 : 0;
            microdescs.add(relay.microdesc());
            assertThat(relay.entry().endsWith("\nw Bandwidth=0\n")).isTrue();
        }
        assertThat(microdescs).hasSize(9000);
        assertThat(exits).isBetween(1800, 2700);
        assertThat(guards).isBetween(3000, 5000);
        assertThat(inFamilies).isBetween(4000, 6500);
    }
}
