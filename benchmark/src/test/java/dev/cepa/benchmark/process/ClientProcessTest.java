package dev.cepa.benchmark.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ClientProcessTest {
    /** A program of the shell's that burns CPU time and never listens. */
    private static final ClientProgram BUSY =
            new ClientProgram("busy", List.of("/bin/sh", "-c", "while :; do :; done", "sh"));

    @TempDir
    private Path folder;

    @Test
    void countsCpuTimeOfAProcessWithAnAwkwardName() {
        assertThat(ProcessStatus.cpuSeconds("42 (a (b) c) S 1 2 3 0 -1 4194560 9 0 0 0 125 75 0 0 20 0 7")).isEqualTo(2.0);
    }

    @Test
    void observesWhatItStarts() throws Exception {
        try (ClientProcess client = ClientProcess.start(BUSY, folder.resolve("new"), List.of("TestingTorNetwork 1"), null)) {
            double before = client.cpuSeconds();
            Deadline deadline = Deadline.in(Duration.ofSeconds(20));
            while (client.cpuSeconds() <= before && !deadline.passed()) {
                Thread.sleep(10);
            }
            assertThat(client.cpuSeconds()).isGreaterThan(before);
            assertThat(client.memory().resident()).isPositive();
            assertThat(Files.getPosixFilePermissions(folder.resolve("new/data")))
                    .isEqualTo(PosixFilePermissions.fromString("rwx------"));
            assertThat(Files.readAllLines(folder.resolve("new/torrc")))
                    .contains("TestingTorNetwork 1", "SocksPort 127.0.0.1:" + client.socksPort());
            assertThatThrownBy(() -> client.awaitListening(Deadline.in(Duration.ofMillis(50))))
                    .isInstanceOf(IOException.class).hasMessageContaining("does not listen in time");
        }
    }

    @Test
    void knowsWhoListens() throws Exception {
        long self = ProcessHandle.current().pid();
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
                ClientProcess other = ClientProcess.start(BUSY, folder, List.of(), null)) {
            assertThat(ProcessStatus.listens(self, socket.getLocalPort())).isTrue();
            assertThat(ProcessStatus.listens(other.pid(), socket.getLocalPort())).isFalse();
        }
    }

    @Test
    void endsWhatItStarted() throws Exception {
        ClientProcess client = ClientProcess.start(BUSY, folder, List.of(), null);
        long pid = client.pid();
        client.close();
        assertThat(client.isAlive()).isFalse();
        assertThat(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)).isFalse();
        assertThatThrownBy(client::memory).isInstanceOf(IOException.class).hasMessageContaining("has ended with status");
    }

    @Test
    void confinesToOneCore() throws Exception {
        int core = ClientProcess.spareCore();
        try (ClientProcess client = ClientProcess.start(BUSY, folder, List.of(), core)) {
            assertThat(ProcessStatus.allowedCpus(client.pid())).isEqualTo(Integer.toString(core));
        }
    }

    @Test
    void saysWhatAProgramSaidThatFailed() throws Exception {
        ClientProgram failing = new ClientProgram("failing", List.of("/bin/sh", "-c", "echo no such option; exit 4", "sh"));
        try (ClientProcess client = ClientProcess.start(failing, folder, List.of(), null)) {
            assertThatThrownBy(() -> client.awaitListening(Deadline.in(Duration.ofSeconds(10))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("failing has ended with status 4")
                    .hasMessageContaining("no such option");
        }
    }

    @Test
    void knowsItsOwnProgramWithAllThatWatchesIt() throws Exception {
        assertThat(ClientProgram.named("monitored").command()).startsWith(ClientProgram.cepa().command().toArray(String[]::new))
                .endsWith("--MetricsPort", "auto Fingerprints FlightRecorder OpenTelemetry");
    }

    @Test
    void refusesAProgramThatIsNotThere() {
        assertThatThrownBy(() -> ClientProgram.named("/no/such/program")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> ClientProgram.named("no-such-program")).isInstanceOf(IOException.class);
    }
}
