package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.testnet.TestNetworks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Options about where connections come from and where documents go, on a network of real relays. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ConnectionOptionsIT {
    private static final Path CONNECTIONS = Path.of("/proc/net/tcp");

    @TempDir
    private Path folder;

    @Test
    void connectsFromItsAddressAndKeepsDocumentsApart() throws Exception {
        assumeTrue(Files.isReadable(CONNECTIONS), "only Linux lists connections there");
        Path cache = folder.resolve("cache");
        try (SignalledDaemon daemon = SignalledDaemon.start(
                folder, TestNetworks.shared(), "SocksPort 0", "CacheDirectory " + cache, "OutboundBindAddress 127.0.0.7",
                "OutboundBindAddressOR 127.0.0.5", "HeartbeatPeriod 1 second", "LogMessageDomains 1", "Log notice stdout")) {
            daemon.await("Bootstrapped 100% (done): Done");
            assertThat(Files.readString(CONNECTIONS)).contains("0500007F:").doesNotContain("0700007F:");
            assertThat(cache.resolve("cached-microdesc-consensus")).exists();
            assertThat(folder.resolve("data").resolve("cached-microdesc-consensus")).doesNotExist();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cache))).isEqualTo("rwx------");
            assertThat(daemon.await("{HEARTBEAT} Heartbeat: Tor's uptime is 0:00 hours, with "))
                    .contains(" circuits open. I've sent ")
                    .endsWith("B.");
            daemon.writeTorrc("SocksPort 0", "CacheDirectory " + folder, "Log notice stdout");
            daemon.signal("HUP");
            daemon.await("changing CacheDirectory is not allowed");
        }
    }
}
