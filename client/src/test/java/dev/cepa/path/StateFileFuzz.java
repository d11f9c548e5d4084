package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever stands in a state file is read, kept, and never brings anything down. */
class StateFileFuzz {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-11-24T04:05:06Z"));

    @Property(tries = 100)
    void anyBytesAreReadAndSurviveASave(@ForAll byte[] bytes) throws IOException {
        Path file = Files.createTempFile("state", "");
        try {
            Files.write(file, bytes);
            StateFile state = StateFile.load(file, "1", CLOCK);
            new GuardManager(state, CLOCK, new Random(1), new TorEvents());
            new BuildTimeouts(state, PathSettings.DEFAULT, CLOCK, new Random(1), new TorEvents());
            state.save();
            byte[] first = Files.readAllBytes(file);
            StateFile.load(file, "1", CLOCK).save();
            assertThat(Files.readAllBytes(file)).isEqualTo(first);
        } finally {
            Files.delete(file);
        }
    }

    @Property(tries = 300)
    void anyGuardLinesAreReadAndEitherUnderstoodOrKept(@ForAll("guardLines") List<String> lines) throws TorException {
        StateFile state = StateFile.inMemory("1", CLOCK);
        state.replace("Guard", lines);
        GuardManager guards = new GuardManager(state, CLOCK, new Random(1), new TorEvents());
        SmallNet net = new SmallNet().many(30, SmallNet.GUARD, 100);
        guards.update(new PathSelector(net.dir(), PathSettings.DEFAULT, new Random(1)));
        guards.select(GuardManager.Usage.TRAFFIC, GuardRestriction.NONE).succeeded();
        state.save();
        List<String> once = state.values("Guard");
        GuardManager again = new GuardManager(state, CLOCK, new Random(1), new TorEvents());
        again.store();
        assertThat(state.values("Guard")).containsExactlyInAnyOrderElementsOf(once);
    }

    @Provide
    Arbitrary<List<String>> guardLines() {
        Arbitrary<String> field = Arbitraries.of(
                "in=default", "in=default", "in=restricted", "in=bridges", "rsa_id=" + SmallNet.id(1), "rsa_id=" + SmallNet.id(2),
                "rsa_id=" + SmallNet.id(77), "rsa_id=12", "nickname=relay1", "nickname=bad-name", "sampled_on=2026-11-01T00:00:00",
                "sampled_on=never", "sampled_idx=1", "sampled_idx=-1", "sampled_idx=2147483647", "sampled_by=1", "listed=1",
                "listed=0", "listed=", "unlisted_since=2026-11-02T00:00:00", "unlisted_since=x", "confirmed_on=2026-11-03T00:00:00",
                "confirmed_idx=0", "confirmed_idx=7", "confirmed_idx=x", "pb_timeouts=1.5", "=", "==", "x", "");
        return field.list().ofMaxSize(12).map(fields -> String.join(" ", fields)).list().ofMaxSize(8);
    }

    @Property(tries = 1000)
    void anyTextIsARelaySetOrRefused(@ForAll("lists") String text) {
        try {
            RelaySet set = RelaySet.parse(text);
            if (set.isLocated()) { // once in a while a country comes out, such as {00}
                set.resolve(new SmallNet().many(3, SmallNet.RUNNING, 1).dir());
            }
        } catch (TorException e) {
            assertThat(e).hasMessageNotContaining("Exception");
        }
        try {
            AddressPolicy.parseReachable(text).accepts(SmallNet.address(1, 2, 3, 4, 5));
        } catch (TorException e) {
            assertThat(e).hasMessageNotContaining("Exception");
        }
    }

    @Provide
    Arbitrary<String> lists() {
        return Arbitraries.strings().withChars("0123456789abcdefxyz:[]/*.,-$~{} ").ofMaxLength(60);
    }

    @Property(tries = 300)
    void anyBinLinesAreReadOrLeft(@ForAll("binLines") List<String> lines, @ForAll("numbers") String total)
            throws TorException {
        StateFile state = StateFile.inMemory("1", CLOCK);
        state.replace("CircuitBuildTimeBin", lines);
        state.replace("TotalBuildTimes", List.of(total));
        BuildTimeouts timeouts = new BuildTimeouts(state, PathSettings.DEFAULT, CLOCK, new Random(1), new TorEvents());
        state.save();
        assertThat(timeouts.timeout(3)).isPositive();
        assertThat(timeouts.closeTimeout(3)).isGreaterThanOrEqualTo(timeouts.timeout(3));
    }

    @Provide
    Arbitrary<List<String>> binLines() {
        return Arbitraries.strings().withChars("0123456789 -").ofMaxLength(12).list().ofMaxSize(5);
    }

    @Provide
    Arbitrary<String> numbers() {
        return Arbitraries.strings().withChars("0123456789").ofMaxLength(11);
    }
}
