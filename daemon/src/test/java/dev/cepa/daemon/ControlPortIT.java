package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.daemon.control.Controller;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real program, driven through its control port, on a network of real relays. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ControlPortIT {
    private static final String CONTROL = "Opened Control listener connection (ready) on 127.0.0.1:";
    /** Of "foo". */
    private static final String HASH = "16:E096821C597B802E604875548697EE65B821092A6EF8CE9ABDD7D9F013";

    @TempDir
    private Path folder;

    private TestNetwork network;

    @BeforeEach
    void network() throws IOException {
        network = TestNetworks.shared();
    }

    private static ServerSocket echo() throws IOException {
        ServerSocket echo = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        Thread.ofVirtual().start(() -> {
            while (!echo.isClosed()) {
                try {
                    Socket socket = echo.accept();
                    Thread.ofVirtual().start(() -> {
                        try (socket) {
                            socket.getInputStream().transferTo(socket.getOutputStream());
                        } catch (IOException e) {
                            // the other side has gone
                        }
                    });
                } catch (IOException e) {
                    // the test has ended
                }
            }
        });
        return echo;
    }

    private static void echoes(int socksPort, ServerSocket echo) throws IOException {
        try (Socket socket = SignalledDaemon.connect(socksPort, echo.getLocalPort())) {
            socket.getOutputStream().write(7);
            assertThat(socket.getInputStream().read()).isEqualTo(7);
        }
    }

    /** The port of a list such as {@code "127.0.0.1:1" "unix:/x"}. */
    private static int firstPort(String listeners) {
        String first = listeners.substring(1, listeners.indexOf('"', 1));
        return Integer.parseInt(first.substring(first.lastIndexOf(':') + 1));
    }

    @Test
    void aControllerChangesThePortsAndReadsTheLog() throws Exception {
        try (ServerSocket echo = echo();
                SignalledDaemon daemon = SignalledDaemon.start(folder, network, "SocksPort auto", "ControlPort auto", "DisableNetwork 1");
                Controller controller = Controller.in(Integer.parseInt(daemon.await(CONTROL)))) {
            controller.ok("SETEVENTS NOTICE WARN ERR CONF_CHANGED SIGNAL");
            assertThat(controller.info("traffic/read")).isEqualTo("0");
            controller.ok("RESETCONF DisableNetwork");
            assertThat(controller.event("CONF_CHANGED")).isEqualTo("650-CONF_CHANGED\n650-DisableNetwork=0\n650 OK");
            controller.event("NOTICE Bootstrapped 100% (done): Done");
            int first = firstPort(controller.info("net/listeners/socks"));
            echoes(first, echo);
            assertThat(Long.parseLong(controller.info("traffic/read"))).isPositive();

            try (Socket open = SignalledDaemon.connect(first, echo.getLocalPort())) {
                controller.ok("SETCONF SocksPort=auto SocksPort=\"auto IsolateDestAddr\" HTTPTunnelPort=auto");
                assertThat(controller.event("CONF_CHANGED")).contains("\n650-HTTPTunnelPort=auto\n650-SocksPort=auto\n650-SocksPort=");
                assertThat(controller.info("net/listeners/socks").split(" ")).hasSize(2);
                assertThat(firstPort(controller.info("net/listeners/httptunnel"))).isPositive();
                echoes(firstPort(controller.info("net/listeners/socks")), echo);
                open.getOutputStream().write(9);
                assertThat(open.getInputStream().read()).as("a stream of before lives on").isEqualTo(9);
            }

            int taken = echo.getLocalPort();
            assertThat(controller.ask("SETCONF SocksTimeout=77 HTTPTunnelPort=" + taken).getFirst())
                    .startsWith("553 Unable to set option: Could not bind to 127.0.0.1:" + taken);
            assertThat(controller.ask("GETCONF SocksTimeout HTTPTunnelPort"))
                    .containsExactly("250-SocksTimeout=120", "250 HTTPTunnelPort=auto");
            echoes(firstPort(controller.info("net/listeners/socks")), echo);

            controller.ok("SIGNAL NEWNYM");
            controller.event("SIGNAL NEWNYM");
            controller.ok("SIGNAL DORMANT");
            controller.event("SIGNAL DORMANT");
            assertThat(controller.info("dormant")).isEqualTo("1");
            controller.ok("SIGNAL ACTIVE");
            controller.event("SIGNAL ACTIVE");
            assertThat(controller.info("dormant")).isEqualTo("0");
            controller.ok("SIGNAL HEARTBEAT");
            controller.event("NOTICE Heartbeat: ");
            controller.ok("SIGNAL RELOAD");
            controller.event("SIGNAL RELOAD");
            assertThat(controller.ask("GETCONF HTTPTunnelPort DisableNetwork")).as("the torrc counts again")
                    .containsExactly("250-HTTPTunnelPort", "250 DisableNetwork=1");
        }
    }

    @Test
    void loadsAndSavesConfigurations() throws Exception {
        try (SignalledDaemon daemon = SignalledDaemon.start(folder, network, "SocksPort 0", "ControlPort auto", "DisableNetwork 1");
                Controller controller = Controller.in(Integer.parseInt(daemon.await(CONTROL)))) {
            String text = controller.info("config-text");
            assertThat(text).contains("SocksPort 0\n").contains("DirAuthority ");
            assertThat(controller.ask("+LOADCONF\nBogus 1\n.").getFirst())
                    .startsWith("552 Invalid config file: Failed to parse/validate config: ");
            assertThat(controller.ask("+LOADCONF\nDataDirectory /elsewhere\n.").getFirst()).startsWith("553 Transition not allowed: ");
            controller.ok("+LOADCONF\n" + text + "\nContactInfo somebody\n.");
            assertThat(controller.info("config-text")).isEqualTo(text.replace("ControlPort auto\n", "ContactInfo somebody\nControlPort auto\n"));
            controller.ok("SAVECONF");
            String saved = Files.readString(folder.resolve("torrc"));
            assertThat(saved).startsWith("# This file was generated by Tor; ").endsWith(controller.info("config-text") + "\n");
            assertThat(Files.readString(folder.resolve("torrc.orig.1"))).contains("SocksPort 0\n");

            Files.writeString(folder.resolve("more"), "ContactInfo other\n");
            daemon.writeTorrc("SocksPort 0", "ControlPort auto", "DisableNetwork 1", "%include " + folder.resolve("more"));
            controller.ok("SETEVENTS SIGNAL");
            controller.ok("SIGNAL HUP");
            controller.event("SIGNAL RELOAD");
            assertThat(controller.info("config-can-saveconf")).isEqualTo("0");
            assertThat(controller.ask("SAVECONF")).containsExactly("551 Unable to write configuration to disk.");
            controller.ok("SAVECONF FORCE");
            assertThat(Files.readString(folder.resolve("torrc"))).contains("ContactInfo other\n").doesNotContain("%include");
        }
    }

    @Test
    void opensMovesAndClosesThePortWithAReload() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        Path socket = folder.resolve("control");
        Path ports = folder.resolve("ports");
        try (SignalledDaemon daemon = SignalledDaemon.start(folder, network, "SocksPort auto")) {
            daemon.await("Bootstrapped 100%");
            daemon.writeTorrc(
                    "SocksPort auto", "ControlPort auto", "ControlSocket " + socket, "CookieAuthentication 1",
                    "ControlPortWriteToFile " + ports, "ControlPortFileGroupReadable 1");
            daemon.signal("HUP");
            int port = Integer.parseInt(daemon.await(CONTROL));
            daemon.await("The configuration has been reloaded.");
            assertThat(Files.readString(ports)).isEqualTo("PORT=127.0.0.1:" + port + "\nUNIX_PORT=" + socket + "\n");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(ports))).isEqualTo("rw-r-----");
            Path cookie = folder.resolve("data").resolve("control_auth_cookie");
            try (Controller controller = Controller.connect(UnixDomainSocketAddress.of(socket))) {
                controller.ok("AUTHENTICATE " + HexFormat.of().formatHex(Files.readAllBytes(cookie)));
                controller.ok("TAKEOWNERSHIP");
                daemon.writeTorrc("SocksPort auto", "ControlPort 127.0.0.1:auto", "CookieAuthentication 1");
                daemon.signal("HUP");
                daemon.await("Closing no-longer-configured Control listener on " + socket);
                daemon.await("The configuration has been reloaded.");
                assertThat(socket).doesNotExist();
                assertThat(firstPort(controller.info("net/listeners/control"))).as("what is the same stays open").isEqualTo(port);
                assertThat(daemon.isAlive()).isTrue();
            }
            daemon.await("Owning controller connection has closed -- exiting now.");
            for (int i = 0; i < 200 && daemon.isAlive(); i++) {
                Thread.sleep(50);
            }
            assertThat(daemon.isAlive()).isFalse();
            assertThat(cookie).doesNotExist();
        }
    }

    /** What a program that starts Tor does, launchers and stem among them. */
    @Test
    void endsWithAProgramThatHasTakenItOver() throws Exception {
        Process owner = new ProcessBuilder("sleep", "600").start();
        try (SignalledDaemon daemon = SignalledDaemon.start(
                        folder, network, "SocksPort 0", "ControlPort auto", "DisableNetwork 1",
                        "__OwningControllerProcess " + owner.pid());
                Controller controller = Controller.in(Integer.parseInt(daemon.await(CONTROL)))) {
            controller.ok("TAKEOWNERSHIP");
            controller.ok("RESETCONF __OwningControllerProcess");
            owner.destroyForcibly().waitFor();
            Thread.sleep(3000);
            assertThat(daemon.isAlive()).as("the process counts no more").isTrue();
            controller.ok("SIGNAL SHUTDOWN");
            controller.awaitEnd();
            daemon.await("Interrupt: exiting cleanly.");
        } finally {
            owner.destroyForcibly();
        }
    }

    private static final String LAUNCH = """
            import sys
            import stem.process
            from stem.control import Controller
            config, port_file = {}, sys.argv[2]
            for line in open(sys.argv[3]):
                key, value = line.strip().split(' ', 1)
                config.setdefault(key, []).append(value)
            config.update({'ControlPort': 'auto', 'ControlPortWriteToFile': port_file, 'SocksPort': 'auto',
                           'CookieAuthentication': '1', 'DataDirectory': sys.argv[4]})
            seen = []
            tor = stem.process.launch_tor_with_config(config = config, tor_cmd = sys.argv[1], take_ownership = True, timeout = 100,
                                                      init_msg_handler = seen.append)
            assert any('Bootstrapped 100%' in line for line in seen), seen
            port = int(open(port_file).read().strip().rsplit(':', 1)[1])
            with Controller.from_port(port = port) as controller:
                controller.authenticate()
                assert controller.get_pid() == tor.pid
                assert not controller.get_conf('__OwningControllerProcess')
            assert tor.wait() == 0
            print('done')
            """;

    /** What programs do that bring a tor of their own: the configuration comes by standard input. */
    @Test
    void stemLaunchesItAndItEndsWithItsController() throws Exception {
        assumeStem();
        List<String> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("slf4j-simple") && !entry.contains("test-classes")) {
                path.add(entry);
            }
        }
        Path program = Files.writeString(folder.resolve("cepa"), "#!/bin/sh\nexec " + System.getProperty("java.home")
                + "/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx64m -cp " + String.join(":", path) + " "
                + Main.class.getName() + " \"$@\"\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        Path script = Files.writeString(folder.resolve("launch.py"), LAUNCH);
        Path lines = Files.write(folder.resolve("lines"), network.clientTorrc());
        Process stem = new ProcessBuilder(
                        "/usr/bin/python3", script.toString(), program.toString(), folder.resolve("ports").toString(),
                        lines.toString(), folder.resolve("data").toString())
                .redirectErrorStream(true).start();
        String said = new String(stem.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(stem.waitFor()).as(said).isZero();
        assertThat(said).endsWith("done\n");
    }

    private static void assumeStem() throws Exception {
        Process installed = new ProcessBuilder("/usr/bin/python3", "-c", "import stem").start();
        assumeTrue(installed.waitFor() == 0, "python3-stem is not installed here; see scripts/programs");
    }

    private static final String STEM = """
            import sys, threading
            from stem.control import Controller, EventType
            from stem import Signal
            import stem, stem.connection
            how, port, password = sys.argv[1], int(sys.argv[2]), sys.argv[3]
            controller = Controller.from_port(port = port)
            if how == 'safecookie':
                controller.authenticate()
            elif how == 'password':
                controller.authenticate(password = password)
            else:
                stem.connection.authenticate_cookie(controller, password)
                controller._post_authentication()
            print('version', controller.get_version())
            changed = threading.Event()
            controller.add_event_listener(lambda event: changed.set(), EventType.CONF_CHANGED)
            controller.set_options({'MaxCircuitDirtiness': '700', 'ExcludeNodes': ['{aq}', '{va}']})
            assert controller.get_conf('MaxCircuitDirtiness') == '700'
            assert changed.wait(30)
            controller.reset_conf('MaxCircuitDirtiness', 'ExcludeNodes')
            assert controller.get_conf('MaxCircuitDirtiness') == '600'
            controller.set_conf('Log', ['notice stdout', 'err stderr'])
            assert controller.get_conf('Log', multiple = True) == ['notice stdout', 'err stderr']
            try:
                controller.set_conf('Bogus', '1')
                assert False
            except stem.InvalidArguments:
                pass
            assert controller.get_info('version').startswith('0.4.')
            assert controller.is_newnym_available()
            controller.signal(Signal.NEWNYM)
            assert controller.get_pid() > 1
            assert controller.get_user()
            assert int(controller.get_info('uptime')) >= 0
            assert controller.get_listeners(stem.control.Listener.CONTROL) == [('127.0.0.1', port)]
            for name in ['config/names', 'config/defaults', 'info/names', 'events/names', 'signal/names', 'traffic/read']:
                assert controller.get_info(name), name
            controller.close()
            print('done')
            """;

    @Test
    void stemDrivesIt() throws Exception {
        assumeStem();
        Path script = Files.writeString(folder.resolve("drive.py"), STEM);
        try (SignalledDaemon daemon = SignalledDaemon.start(
                folder, network, "SocksPort 0", "ControlPort auto", "DisableNetwork 1", "CookieAuthentication 1",
                "HashedControlPassword " + HASH)) {
            String port = daemon.await(CONTROL);
            String cookie = folder.resolve("data").resolve("control_auth_cookie").toString();
            for (List<String> how : List.of(List.of("safecookie", port, ""), List.of("password", port, "foo"), List.of("cookie", port, cookie))) {
                List<String> command = new ArrayList<>(List.of("/usr/bin/python3", script.toString()));
                command.addAll(how);
                Process stem = new ProcessBuilder(command).redirectErrorStream(true).start();
                String said = new String(stem.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(stem.waitFor()).as("%s: %s%n%s", how, said, daemon.log()).isZero();
                assertThat(said).startsWith("version 0.4.9.").endsWith("done\n");
            }
        }
    }
}
