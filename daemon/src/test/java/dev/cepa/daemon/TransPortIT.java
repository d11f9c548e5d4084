package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connections that a firewall leads to the daemon, in a network namespace that is made for it and goes with it. */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class TransPortIT {
    @TempDir
    private Path folder;

    private static boolean succeeds(String... command) throws Exception {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void carriesConnectionsThatAFirewallLeadsThere() throws Exception {
        for (String program : List.of("curl", "dig", "setpriv", "iptables", "ip6tables")) {
            assumeTrue(succeeds("which", program), program + " is not installed here; see scripts/programs");
        }
        String name = "cepa-" + ProcessHandle.current().pid();
        assumeTrue(succeeds("ip", "netns", "add", name), "this user may make no network namespace here");
        try {
            assumeTrue(
                    succeeds("ip", "netns", "exec", name, "iptables", "-t", "nat", "-L"),
                    "the kernel has no nat table for iptables here");
            assumeTrue(
                    succeeds("ip", "netns", "exec", name, "ip6tables", "-t", "nat", "-L"),
                    "the kernel has no nat table for ip6tables here");
            Path out = folder.resolve("out");
            Process scenario = new ProcessBuilder(
                            "ip", "netns", "exec", name, System.getProperty("java.home") + "/bin/java", "-cp",
                            System.getProperty("java.class.path"), TransparentScenario.class.getName(), folder.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            boolean ended = scenario.waitFor(5, TimeUnit.MINUTES);
            scenario.destroyForcibly();
            String said = Files.readString(out);
            assertThat(ended).as(said).isTrue();
            String sum = value(said, "sum");
            assertThat(value(said, "by address")).as(said).isEqualTo(sum);
            assertThat(value(said, "made up")).startsWith("10.");
            assertThat(value(said, "by name")).as(said).isEqualTo(sum);
            assertThat(value(said, "made up of IPv6")).as(said).startsWith("fd12:3456:");
            assertThat(value(said, "by name over IPv6")).as(said).isEqualTo(sum);
            assertThat(value(said, "log")).as("who connects to the port itself is told off:%n%s", said).isEqualTo("yes");
        } finally {
            succeeds("ip", "netns", "delete", name);
        }
    }

    private static String value(String said, String name) {
        for (String line : said.lines().toList()) {
            if (line.startsWith(name + ": ")) {
                return line.substring(name.length() + 2);
            }
        }
        return "";
    }
}
