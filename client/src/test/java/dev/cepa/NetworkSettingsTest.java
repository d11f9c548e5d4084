package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.channel.OutboundAddresses;
import dev.cepa.directory.DataDirectory;
import dev.cepa.directory.DirectorySettings;
import dev.cepa.directory.PublicNetwork;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a client asks for its directory, keeps it, and connects from. */
class NetworkSettingsTest {
    @TempDir
    private Path folder;

    @Test
    void leavesTheBuiltInFallbacksOut() throws Exception {
        DirectorySettings usual = TorConfig.builder().build().directorySettings(null);
        assertThat(usual.authorities()).isEmpty();
        DirectorySettings without = TorConfig.builder().withoutDefaultFallbacks().build().directorySettings(null);
        assertThat(without.authorities()).isEqualTo(PublicNetwork.authorities());
        assertThat(without.fallbacks()).isEmpty();
        TorConfig own = TorConfig.builder()
                .withoutDefaultFallbacks()
                .fallbackDirectory("192.0.2.1:80 orport=443 id=194F17814834ADB29FCF0005BE9067477433F10F")
                .build();
        assertThat(own.directorySettings(null).fallbacks()).hasSize(1);
    }

    @Test
    void cantMoveTheCacheWhileRunning() throws Exception {
        TorConfig running = TorConfig.builder().cacheDirectory(folder).build();
        running.toBuilder().build().checkReplaces(running);
        TorConfig other = running.toBuilder().cacheDirectory(folder.resolve("other")).build();
        assertThatThrownBy(() -> other.checkReplaces(running)).hasMessageContaining("changing CacheDirectory is not possible");
    }

    @Test
    void keepsOthersOutOfTheCache() throws Exception {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxr-x---"));
        assertThat(DataDirectory.prepareCache(cache)).isEqualTo(cache);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cache))).isEqualTo("rwx------");
        assertThat(DataDirectory.prepareCache(folder.resolve("a").resolve("b"))).isDirectory();
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> DataDirectory.prepareCache(file)).hasMessageContaining("can't use the cache directory");
    }

    @Test
    void hasOneOutboundAddressOfEachFamily() throws Exception {
        InetAddress four = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        InetAddress six = InetAddress.getByName("::1");
        OutboundAddresses both = OutboundAddresses.ANY.with(four).with(six);
        assertThat(both.ipv4()).isEqualTo(four);
        assertThat(both.ipv6()).isEqualTo(six);
        assertThatThrownBy(() -> both.with(four)).hasMessageContaining("Multiple IPv4");
        assertThat(OutboundAddresses.ANY.with(six).or(both)).isEqualTo(both);
    }
}
