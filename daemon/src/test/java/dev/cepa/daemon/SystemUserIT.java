package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** As root: the daemon becomes nobody, whom this computer has in any case. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SystemUserIT {
    @TempDir
    private Path folder;

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** The class path, as copies that anybody may read. */
    private String readableClassPath() throws IOException {
        Path lib = Files.createDirectory(folder.resolve("lib"));
        List<String> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("slf4j-simple") && !entry.contains("test-classes")) {
                Path copy = lib.resolve(path.size() + "-" + Path.of(entry).getFileName());
                copy(Path.of(entry), copy);
                path.add(copy.toString());
            }
        }
        return String.join(File.pathSeparator, path);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path file : (Iterable<Path>) all::iterator) {
                Files.copy(file, to.resolve(from.relativize(file).toString()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    private Process start(String classPath, Path torrc) throws IOException {
        return new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED", "-cp", classPath, Main.class.getName(), "-f", torrc.toString())
                .redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
    }

    private String awaitLog(Process process, String... texts) throws Exception {
        while (true) {
            String log = Files.readString(folder.resolve("log"));
            if (Stream.of(texts).anyMatch(log::contains)) {
                return log;
            }
            assertThat(process.isAlive()).as(log).isTrue();
            Thread.sleep(20);
        }
    }

    /** What the system says of each thread; those that have just ended are left out. */
    private static List<List<String>> threadsOf(Process process) throws IOException {
        List<List<String>> all = new ArrayList<>();
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path thread : threads.toList()) {
                try {
                    all.add(Files.readAllLines(thread.resolve("status")));
                } catch (IOException e) {
                    assertThat(thread).doesNotExist();
                }
            }
        }
        assertThat(all).isNotEmpty();
        return all;
    }

    private static int freeLowPort() throws IOException {
        for (int port = 1023; ; port--) {
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException e) {
                assertThat(port).isGreaterThan(600);
            }
        }
    }

    @Test
    void becomesTheUserInAllThreadsAndStillOpensALowPort() throws Exception {
        assumeTrue(isRoot(), "only root can become another user");
        TestNetwork network = TestNetworks.shared();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        UserPrincipal nobody = folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
        Path data = Files.createDirectory(folder.resolve("data"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.setOwner(data, nobody);
        int port = freeLowPort();
        List<String> lines = new ArrayList<>(network.clientTorrc());
        lines.addAll(List.of("User nobody", "DataDirectory " + data, "SocksPort 127.0.0.1:" + port));
        Path torrc = Files.write(folder.resolve("torrc"), lines);

        Process process = start(readableClassPath(), torrc);
        try (WebServer web = WebServer.start()) {
            awaitLog(process, "Bootstrapped 100%");
            try (Socket socket = SignalledDaemon.connect(port, web.echoPort())) {
                socket.getOutputStream().write(7);
                assertThat(socket.getInputStream().read()).isEqualTo(7);
            }
            int uid = (int) Files.getAttribute(data, "unix:uid");
            for (List<String> status : threadsOf(process)) {
                assertThat(status).contains("Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid);
                assertThat(status).filteredOn(line -> line.startsWith("CapEff")).singleElement().asString()
                        .matches("CapEff:\t0+(400)?|CapEff:\t0{16}"); // nothing but opening low ports
            }
            assertThat(Files.getOwner(data.resolve("lock"))).isEqualTo(nobody);
            assertThat(Files.readString(folder.resolve("log"))).doesNotContain("You are running Cepa as root");
        } finally {
            process.destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void givesUpLowPortsTooIfToldSo() throws Exception {
        assumeTrue(isRoot(), "only root can become another user");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        UserPrincipal nobody = folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
        Path data = Files.createDirectory(folder.resolve("data"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.setOwner(data, nobody);
        Path torrc = Files.write(folder.resolve("torrc"), List.of("User nobody", "KeepBindCapabilities 0",
                "DisableNetwork 1", "SocksPort 0", "DataDirectory " + data, "Log notice stdout"));
        Process process = start(readableClassPath(), torrc);
        try {
            while (!Files.exists(data.resolve("lock"))) {
                assertThat(process.isAlive()).as(Files.readString(folder.resolve("log"))).isTrue();
                Thread.sleep(20);
            }
            for (List<String> status : threadsOf(process)) {
                assertThat(status).contains("CapEff:\t0000000000000000", "CapPrm:\t0000000000000000");
            }
        } finally {
            process.destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void keepsItsMemoryFromSwapOrSaysWhatIsInTheWay() throws Exception {
        List<String> lines = new ArrayList<>(TestNetworks.shared().clientTorrc());
        lines.addAll(List.of("DisableAllSwap 1", "SocksPort auto", "DataDirectory " + folder.resolve("data")));
        Path torrc = Files.write(folder.resolve("torrc"), lines);
        Process process = start(System.getProperty("java.class.path"), torrc);
        try {
            String log = awaitLog(process, "DisableAllSwap: ", "Opened Socks listener");
            if (log.contains("DisableAllSwap: ")) {
                assertThat(log).contains("Raise the limit");
                assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(process.exitValue()).isEqualTo(1);
                return;
            }
            assertThat(Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")))
                    .anySatisfy(line -> assertThat(line).matches("VmLck:\\s+[1-9]\\d{3,} kB"));
        } finally {
            process.destroy();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void saysThatThereIsNoSuchUserAndWhoCanNotReadTheProgram() throws Exception {
        Path torrc = Files.write(folder.resolve("torrc"), List.of("User no-such-user", "DisableNetwork 1", "SocksPort 0",
                "DataDirectory " + folder.resolve("data")));
        assertRefused(torrc, System.getProperty("java.class.path"),
                "User: there is no user no-such-user. Make one, or remove the line.");

        assumeTrue(isRoot(), "only root can become another user");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(torrc, Files.readString(torrc).replace("no-such-user", "nobody"));
        assertRefused(torrc, System.getProperty("java.class.path") + File.pathSeparator + folder.resolve("no.jar"),
                "User: nobody can't read ");
    }

    private void assertRefused(Path torrc, String classPath, String why) throws Exception {
        Process process = start(classPath, torrc);
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(folder.resolve("log")).content().contains(why);
        assertThat(folder.resolve("data")).doesNotExist();
    }
}
