package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.path.GuardManager;
import dev.cepa.path.PathSettings;
import dev.cepa.path.StateFile;
import dev.cepa.testnet.SmallDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The cache on a disk that fills up, or turns read-only, under a running client. */
@Timeout(60)
class DiskFaultsIT {
    @TempDir
    private Path mountPoint;

    private final ScriptedNetwork network = new ScriptedNetwork(60);
    private final ScriptedLink link = new ScriptedLink(network);
    private final List<TorEvent.Warning> warnings = new CopyOnWriteArrayList<>();
    private final List<DirectoryManager> opened = new ArrayList<>();
    private volatile Instant now = ScriptedNetwork.VALID_AFTER.plusSeconds(600);
    private int published;
    private SmallDisk disk;

    @BeforeEach
    void mount() throws IOException {
        assumeTrue(SmallDisk.isPossible(), "only root can mount a disk to fill, and not in every container");
        disk = SmallDisk.mount(mountPoint, 256);
    }

    @AfterEach
    void unmount() throws Exception {
        for (DirectoryManager manager : opened) {
            manager.close();
            manager.join(Duration.ofSeconds(5));
        }
        if (disk != null) {
            disk.close();
        }
    }

    @Test
    void aDiskThatFillsUpCostsAWarningAndNoFile() throws Exception {
        survives(disk::fill, disk::free);
    }

    @Test
    void aDiskThatTurnsReadOnlyCostsAWarningAndNoFile() throws Exception {
        survives(() -> disk.setReadOnly(true), () -> disk.setReadOnly(false));
    }

    private interface Fault {
        void run() throws IOException;
    }

    private void survives(Fault fault, Fault mend) throws Exception {
        DirectoryManager manager = start();
        manager.awaitUsable(Deadline.in(Duration.ofSeconds(20)));
        until(() -> manager.latest().missingMicrodescs() == 0);
        until(() -> Files.exists(file("cached-microdescs.new")));
        byte[] whole = network.consensus;
        assertThat(file("cached-microdesc-consensus")).hasBinaryContent(whole);

        fault.run();
        nextConsensus(manager);
        assertThat(manager.isUsable()).isTrue();
        until(() -> !warnings.isEmpty());
        assertThat(warnings).as("one, however many files").hasSize(1);
        assertThat(warnings.getFirst().message()).contains(
                disk.folder().toString(), "can't be written", "goes on", ErrorKind.STORAGE.remedy());
        assertThat(warnings.getFirst().cause().kind()).isEqualTo(ErrorKind.STORAGE);
        assertThat(file("cached-microdesc-consensus")).as("the old one").hasBinaryContent(whole);
        assertThat(names()).noneMatch(name -> name.endsWith(".tmp"));
        DirectoryManager fromOldFiles = start();
        until(() -> fromOldFiles.latest() != null);
        assertThat(fromOldFiles.latest().size()).isGreaterThanOrEqualTo(60);
        fromOldFiles.close();
        assertThat(fromOldFiles.join(Duration.ofSeconds(5))).isTrue();

        mend.run();
        warnings.clear();
        nextConsensus(manager);
        byte[] newest = network.consensus;
        until(() -> java.util.Arrays.equals(read("cached-microdesc-consensus"), newest));
        assertThat(warnings).isEmpty();
        assertThat(names()).noneMatch(name -> name.endsWith(".tmp"));
        manager.close();
        assertThat(manager.join(Duration.ofSeconds(5))).isTrue();
        DirectoryManager again = start();
        again.awaitUsable(Deadline.in(Duration.ofSeconds(20)));
        assertThat(again.current().size()).isEqualTo(62);
        assertThat(warnings).isEmpty();
    }

    private DirectoryManager start() {
        TorEvents events = new TorEvents();
        events.add(event -> {
            if (event instanceof TorEvent.Warning warning) {
                warnings.add(warning);
            }
        });
        InstantSource clock = () -> now;
        Random random = new Random(1);
        GuardManager guards = new GuardManager(StateFile.inMemory("test", clock), clock, random, events);
        DirectoryManager manager = new DirectoryManager(
                network.settings().withCacheDirectory(disk.folder()), link, new BootstrapProgress(events), guards,
                PathSettings.DEFAULT, events, clock, random);
        opened.add(manager);
        manager.start();
        return manager;
    }

    /** Two hours later there is one relay more. */
    private void nextConsensus(DirectoryManager manager) throws InterruptedException {
        published++;
        network.relays.relay("newcomer" + published);
        network.relays.validAfter(ScriptedNetwork.VALID_AFTER.plusSeconds(published * 2 * 3600L));
        network.publish();
        now = ScriptedNetwork.VALID_AFTER.plusSeconds(published * 2 * 3600L + 3599);
        manager.noteNetworkChange();
        until(() -> manager.latest().size() == 60 + published);
        until(() -> manager.latest().missingMicrodescs() == 0);
    }

    private Path file(String name) {
        return disk.folder().resolve(name);
    }

    private byte[] read(String name) {
        try {
            return Files.readAllBytes(file(name));
        } catch (IOException e) {
            return new byte[0];
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(disk.folder())) {
            return files.map(path -> path.getFileName().toString()).toList();
        }
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(5);
        }
    }
}
