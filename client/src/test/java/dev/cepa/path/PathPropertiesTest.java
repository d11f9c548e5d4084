package dev.cepa.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What holds of every path, over a network in which families, subnets and policies are thrown together. */
class PathPropertiesTest {
    private final Random random = new Random(42);
    private final SmallNet net = new SmallNet().realWeights();

    @Test
    void tenThousandPathsKeepEveryRule() throws TorException {
        for (int i = 0; i < 400; i++) {
            int flags = SmallNet.RUNNING;
            flags |= random.nextInt(3) == 0 ? RelayFlags.GUARD : 0;
            flags |= random.nextInt(4) == 0 ? RelayFlags.EXIT : 0;
            flags |= random.nextInt(30) == 0 ? RelayFlags.BAD_EXIT : 0;
            flags &= random.nextInt(5) == 0 ? ~RelayFlags.STABLE : -1;
            flags &= random.nextInt(20) == 0 ? ~RelayFlags.RUNNING : -1;
            int relay = net.add(flags, 1 + random.nextInt(10_000));
            SmallNet.Relay made = net.relays.get(relay);
            made.family = random.nextInt(4) == 0 ? 1 + random.nextInt(8) : 0;
            made.ipv4 = SmallNet.address(20 + random.nextInt(4), random.nextInt(40), 0, relay % 250, 9001);
            made.microdesc = random.nextInt(25) != 0;
            made.ports4 = (flags & RelayFlags.EXIT) == 0 ? new int[0] : random.nextBoolean()
                    ? new int[] {80, 443} : new int[] {22, 80, 443, 6667};
        }
        NetDir dir = net.dir();
        RelaySet excluded = RelaySet.parse("21.0.0.0/10, relay7, relay8, $" + SmallNet.id(9));
        RelaySet excludedExits = RelaySet.parse("22.0.0.0/8");
        PathSelector selector =
                new PathSelector(dir, PathSettings.DEFAULT.withExcluded(excluded, excludedExits), random);
        int[] ports = {22, 80, 443, 6667};

        for (int i = 0; i < 10_000; i++) {
            int port = ports[random.nextInt(ports.length)];
            boolean stable = selector.settings().isLongLived(port);
            int exit = selector.pickExit(ExitRequest.ipv4(port, stable));
            int guard = selector.pickGuardCandidate(stable, exit);
            int middle = selector.pickMiddle(stable, exit, guard);

            assertThat(dir.exitsTo4(exit, port)).isTrue();
            assertThat(dir.flags(exit) & RelayFlags.BAD_EXIT).isZero();
            assertThat(dir.flags(guard) & RelayFlags.GUARD).isNotZero();
            assertThat(excludedExits.contains(dir, exit)).isFalse();
            int[] path = {guard, middle, exit};
            for (int relay : path) {
                assertThat(excluded.contains(dir, relay)).isFalse();
                assertThat(dir.hasMicrodesc(relay)).isTrue();
                assertThat(dir.flags(relay) & RelayFlags.RUNNING).isNotZero();
                assertThat(stable && (dir.flags(relay) & RelayFlags.STABLE) == 0).isFalse();
                for (int other : path) {
                    assertThat(relay != other && (dir.sameFamily(relay, other) || dir.sameSubnet(relay, other))).isFalse();
                }
            }
            assertThat(guard).isNotEqualTo(middle).isNotEqualTo(exit);
            assertThat(middle).isNotEqualTo(exit);
        }
    }
}
