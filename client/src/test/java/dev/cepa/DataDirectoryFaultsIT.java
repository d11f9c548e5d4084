package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.testnet.SmallDisk;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole client whose data directory can't be written. */
@Timeout(120)
class DataDirectoryFaultsIT {
    private static TestNetwork network;

    @TempDir
    private Path mountPoint;

    private SmallDisk disk;

    @BeforeAll
    static void start() throws IOException {
        network = TestNetworks.shared();
    }

    @BeforeEach
    void mount() throws IOException {
        assumeTrue(SmallDisk.isPossible(), "only root can mount a disk to fill, and not in every container");
        disk = SmallDisk.mount(mountPoint, 256);
    }

    @AfterEach
    void unmount() throws IOException {
        if (disk != null) {
            disk.close();
        }
    }

    @Test
    void onAFullDiskItRunsFromMemoryAndSavesOnceThereIsRoom() throws Exception {
        disk.fill();
        List<TorEvent> events = new CopyOnWriteArrayList<>();
        try (TorClient tor = TorClient.start(config(), events::add)) {
            tor.awaitReady(Duration.ofSeconds(60));
            assertThat(events).anyMatch(event -> event instanceof TorEvent.Warning w
                    && w.cause() != null && w.cause().kind() == ErrorKind.STORAGE
                    && w.message().contains(disk.folder().toString()) && w.message().contains(ErrorKind.STORAGE.remedy()));
            assertThat(disk.folder().toFile().listFiles())
                    .as("half a file is worse than none")
                    .allMatch(file -> file.getName().equals("filler") || file.length() == 0);
            disk.free();
        }
        assertThat(disk.folder().resolve("state")).content().contains("Guard in=default");
    }

    @Test
    void onAReadOnlyDiskItSaysWhatToDo() throws Exception {
        disk.setReadOnly(true);
        TorConfig config = config();
        assertThatThrownBy(() -> TorClient.start(config))
                .isInstanceOfSatisfying(TorException.class, e -> {
                    assertThat(e.kind()).isEqualTo(ErrorKind.STORAGE);
                    assertThat(e.remedy()).contains("permissions");
                })
                .hasMessageContaining(disk.folder().toString())
                .hasMessageContaining("Read-only file system");
    }

    private TorConfig config() throws IOException {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true).dataDirectory(disk.folder());
        Networks.addAuthorities(config, network);
        return config.build();
    }
}
