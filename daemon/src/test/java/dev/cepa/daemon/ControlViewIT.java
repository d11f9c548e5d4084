package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.daemon.control.Controller;
import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a controller of the real program sees of the network, and does to it. */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ControlViewIT {
    private static final String CONTROL = "Opened Control listener connection (ready) on 127.0.0.1:";
    private static final String HOP = "\\$[0-9A-F]{40}~\\w+";

    @TempDir
    private Path folder;

    private static String[] fields(String event) {
        return event.split(" ");
    }

    private static void awaitBootstrapped(Controller controller) throws Exception {
        controller.ok("SETEVENTS STATUS_CLIENT");
        if (!controller.info("status/bootstrap-phase").contains("PROGRESS=100 ")) {
            controller.event("BOOTSTRAP PROGRESS=100 ");
        }
    }

    @Test
    void aControllerSeesBootstrappingToItsEnd() throws Exception {
        try (SignalledDaemon daemon = SignalledDaemon.start(
                folder, TestNetworks.shared(), "ControlPort auto", "SocksPort 0")) {
            int port = Integer.parseInt(daemon.await(CONTROL));
            try (Controller controller = Controller.in(port)) {
                awaitBootstrapped(controller);
                assertThat(controller.info("status/bootstrap-phase"))
                        .isEqualTo("NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY=\"Done\"");
                assertThat(controller.info("status/circuit-established")).isEqualTo("1");
                assertThat(controller.info("status/enough-dir-info")).isEqualTo("1");
                assertThat(controller.info("network-liveness")).isEqualTo("up");
                assertThat(controller.info("entry-guards").split("\n"))
                        .allMatch(line -> line.matches(HOP + " (up|never-connected|down.*|unusable.*)"))
                        .anyMatch(line -> line.endsWith(" up"));
                assertThat(controller.info("orconn-status")).containsPattern("(?m)^" + HOP + " CONNECTED$");
                assertThat(controller.info("circuit-status"))
                        .containsPattern("(?m)^\\d+ BUILT " + HOP + "," + HOP + "," + HOP + " BUILD_FLAGS=NEED_CAPACITY.*"
                                + " TIME_CREATED=\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}");
            }
        }
    }

    @Test
    void aControllerSeesAProgramsStreamItsCircuitAndItsBytesAndMayCloseThem() throws Exception {
        try (SignalledDaemon daemon = SignalledDaemon.start(
                        folder, TestNetworks.shared(), "ControlPort auto", "SocksPort auto", "TestingEnableConnBwEvent 1");
                WebServer web = WebServer.start()) {
            int socks = daemon.awaitPort();
            int port = Integer.parseInt(daemon.await(CONTROL));
            try (Controller controller = Controller.in(port)) {
                awaitBootstrapped(controller);
                controller.ok("SETEVENTS STREAM STREAM_BW BW CIRC_BW CONN_BW");
                String target = "127.0.0.1:" + web.echoPort();
                try (Socket program = SignalledDaemon.connect(socks, web.echoPort())) {
                    String begun = controller.event(" NEW 0 " + target);
                    String stream = fields(begun)[2];
                    assertThat(begun).contains(" SOURCE_ADDR=127.0.0.1:" + program.getLocalPort() + " PURPOSE=USER ")
                            .endsWith(" CLIENT_PROTOCOL=SOCKS5");
                    String circuit = fields(controller.event("STREAM " + stream + " SENTCONNECT "))[4];
                    controller.event("STREAM " + stream + " SUCCEEDED " + circuit + " " + target);
                    assertThat(controller.info("circuit-status")).containsPattern("(?m)^" + circuit + " BUILT " + HOP + ",");
                    assertThat(controller.info("stream-status")).contains(stream + " SUCCEEDED " + circuit + " " + target);

                    program.getOutputStream().write(new byte[1000]);
                    assertThat(program.getInputStream().readNBytes(1000)).hasSize(1000);
                    awaitBytes(controller, stream);
                    // By a set of circuits either leg may carry them.
                    assertThat(controller.event("CIRC_BW ID=")).contains(" READ=", " WRITTEN=", " DELIVERED_READ=");
                    program.getOutputStream().write(new byte[1000]);
                    assertThat(controller.event("CONN_BW ID=")).matches("650 CONN_BW ID=\\d+ TYPE=OR READ=\\d+ WRITTEN=\\d+");
                    assertThat(program.getInputStream().readNBytes(1000)).hasSize(1000);
                    assertThat(controller.info("bw-event-cache")).matches("\\d+,\\d+( \\d+,\\d+)*");

                    controller.ok("CLOSESTREAM " + stream + " 1");
                    controller.event("STREAM " + stream + " CLOSED " + circuit + " " + target + " REASON=");
                    assertEnded(program);
                    assertThat(controller.ask("CLOSESTREAM " + stream + " 1"))
                            .containsExactly("552 Unknown stream \"" + stream + "\"");
                }
                closesACircuit(controller);
            }
        }
    }

    /** Counts until all has been told of; a second may end in between. */
    private static void awaitBytes(Controller controller, String stream) throws Exception {
        long written = 0;
        long read = 0;
        while (written < 1000 || read < 1000) {
            String[] counted = fields(controller.event("STREAM_BW " + stream + " "));
            written += Long.parseLong(counted[3]);
            read += Long.parseLong(counted[4]);
        }
        assertThat(written).isEqualTo(1000);
        assertThat(read).isEqualTo(1000);
    }

    private static void assertEnded(Socket program) {
        try {
            assertThat(program.getInputStream().read()).isNegative();
        } catch (IOException e) {
            // Reset: that is an end too.
            assertThat(e).isNotNull();
        }
    }

    private static void closesACircuit(Controller controller) throws Exception {
        controller.ok("SETEVENTS CIRC");
        Matcher any = Pattern.compile("(?m)^(\\d+) BUILT \\S+ BUILD_FLAGS=NEED_CAPACITY PURPOSE=GENERAL").matcher("");
        for (int i = 0; i < 300 && !any.reset(controller.info("circuit-status")).find(); i++) {
            Thread.sleep(100);
        }
        assertThat(any.reset(controller.info("circuit-status")).find()).isTrue();
        String circuit = any.group(1);
        controller.ok("CLOSECIRCUIT " + circuit);
        assertThat(controller.event("CIRC " + circuit + " CLOSED ")).endsWith(" REASON=REQUESTED");
        assertThat(controller.ask("CLOSECIRCUIT " + circuit))
                .containsExactly("552 Unknown circuit \"" + circuit + "\"");
    }

    @Test
    void aControllerBuildsCircuitsAndPutsStreamsOnThem() throws Exception {
        TestNetwork network = TestNetworks.shared();
        try (SignalledDaemon daemon = SignalledDaemon.start(
                        folder, network, "ControlPort auto", "SocksPort auto", "__LeaveStreamsUnattached 1");
                WebServer web = WebServer.start()) {
            int socks = daemon.awaitPort();
            int port = Integer.parseInt(daemon.await(CONTROL));
            try (Controller controller = Controller.in(port)) {
                awaitBootstrapped(controller);
                controller.ok("SETEVENTS CIRC CIRC_MINOR STREAM");
                String first = network.relays().getFirst().fingerprint();
                String second = network.relays().get(1).fingerprint();
                String exit = network.nodes(NodeKind.EXIT).getFirst().nickname();
                String reply = controller.ask("EXTENDCIRCUIT 0 $" + first + "," + second).getFirst();
                assertThat(reply).startsWith("250 EXTENDED ");
                String circuit = fields(reply)[2];
                assertThat(controller.event("CIRC " + circuit + " BUILT ")).contains(" $" + first + "~", ",$" + second + "~");
                assertThat(controller.ask("EXTENDCIRCUIT " + circuit + " " + exit)).containsExactly("250 EXTENDED " + circuit);
                assertThat(controller.event("CIRC " + circuit + " BUILT ")).contains("~" + exit + " ");
                controller.ok("SETCIRCUITPURPOSE " + circuit + " purpose=controller");
                assertThat(controller.event("CIRC_MINOR " + circuit + " PURPOSE_CHANGED "))
                        .contains(" PURPOSE=CONTROLLER ").endsWith(" OLD_PURPOSE=GENERAL");
                attachesAStream(controller, socks, web, circuit);
            }
        }
    }

    private static void attachesAStream(Controller controller, int socks, WebServer web, String circuit) throws Exception {
        CompletableFuture<Integer> echo = CompletableFuture.supplyAsync(() -> {
            // To a port that is none: the controller has it go elsewhere.
            try (Socket program = SignalledDaemon.connect(socks, 9)) {
                program.getOutputStream().write(7);
                return program.getInputStream().read();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        String stream = fields(controller.event(" NEW 0 127.0.0.1:9 "))[2];
        assertThat(controller.info("stream-status")).contains(stream + " NEW 0 127.0.0.1:9");
        assertThat(controller.ask("ATTACHSTREAM " + stream + " " + circuit + " HOP=1"))
                .containsExactly("551 Can't attach stream to this one-hop circuit.");
        controller.ok("REDIRECTSTREAM " + stream + " 127.0.0.1 " + web.echoPort());
        controller.ok("ATTACHSTREAM " + stream + " " + circuit);
        controller.event("STREAM " + stream + " SENTCONNECT " + circuit + " 127.0.0.1:" + web.echoPort());
        controller.event("STREAM " + stream + " SUCCEEDED " + circuit + " ");
        assertThat(echo.get(60, TimeUnit.SECONDS)).isEqualTo(7);
        controller.event("STREAM " + stream + " CLOSED " + circuit + " ");
    }

    private static final String STEM = """
            import socket, sys, time
            from stem.control import Controller, EventType
            port, socks, web = (int(word) for word in sys.argv[1:])
            heard = {}
            def until(true, what):
                for i in range(600):
                    if true():
                        return
                    time.sleep(.1)
                raise AssertionError(what + ': ' + str(heard.keys()))
            with Controller.from_port(port = port) as controller:
                controller.authenticate()
                for name in ('CIRC', 'CIRC_MINOR', 'STREAM', 'ORCONN', 'BW', 'STREAM_BW', 'CIRC_BW', 'GUARD', 'STATUS_GENERAL',
                             'STATUS_CLIENT', 'NEWCONSENSUS', 'NS', 'BUILDTIMEOUT_SET', 'NETWORK_LIVENESS', 'NEWDESC', 'ADDRMAP'):
                    controller.add_event_listener(lambda event: heard.setdefault(event.type, []).append(event),
                                                  getattr(EventType, name))
                until(lambda: 'PROGRESS=100' in controller.get_info('status/bootstrap-phase'), 'bootstrapping')
                assert all(circuit.created for circuit in controller.get_circuits())
                relays = list(controller.get_network_statuses())
                assert controller.get_network_status(relays[0].fingerprint).or_port == relays[0].or_port
                assert len(list(controller.get_microdescriptors())) == len(relays)
                assert controller.get_microdescriptor(relays[0].fingerprint).ntor_onion_key
                program = socket.create_connection(('127.0.0.1', socks))
                program.sendall(b'\\x05\\x01\\x00')
                assert program.recv(2) == b'\\x05\\x00'
                program.sendall(b'\\x05\\x01\\x00\\x01\\x7f\\x00\\x00\\x01' + web.to_bytes(2, 'big'))
                assert program.recv(10)[:2] == b'\\x05\\x00'
                program.sendall(b'x' * 100)
                stream = next(s for s in controller.get_streams() if s.target == '127.0.0.1:%d' % web)
                assert stream.circ_id in [circuit.id for circuit in controller.get_circuits()]
                until(lambda: any(b.id == stream.id and b.written for b in heard.get('STREAM_BW', [])), 'bytes')
                controller.close_stream(stream.id)
                made = controller.new_circuit([r.fingerprint for r in relays[:3]], await_build = True)
                assert [hop[0] for hop in controller.get_circuit(made).path] == [r.fingerprint for r in relays[:3]]
                controller.repurpose_circuit(made, 'controller')
                until(lambda: 'CIRC_MINOR' in heard, 'another purpose')
                controller.close_circuit(made)
                until(lambda: any(c.id == made and c.status == 'CLOSED' for c in heard['CIRC']), 'the end of the circuit')
                until(lambda: {'STREAM', 'BW', 'CIRC_BW'} <= heard.keys(), 'events')
                print('done')
            """;

    /** It takes apart all that it is told, and complains of what it does not understand. */
    @Test
    void stemUnderstandsAllThatItIsTold() throws Exception {
        Process installed = new ProcessBuilder("/usr/bin/python3", "-c", "import stem").start();
        assumeTrue(installed.waitFor() == 0, "python3-stem is not installed here; see scripts/programs");
        try (SignalledDaemon daemon = SignalledDaemon.start(
                        folder, TestNetworks.shared(), "ControlPort auto", "SocksPort auto");
                WebServer web = WebServer.start()) {
            int socks = daemon.awaitPort();
            String port = daemon.await(CONTROL);
            Path script = Files.writeString(folder.resolve("view.py"), STEM);
            Process stem = new ProcessBuilder(
                            "/usr/bin/python3", script.toString(), port, Integer.toString(socks),
                            Integer.toString(web.echoPort()))
                    .redirectErrorStream(true).start();
            String said = new String(stem.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(stem.waitFor()).as(said).isZero();
            assertThat(said).isEqualTo("done\n");
        }
    }

    /** Of all commands and keys that have one answer, whoever is asked. */
    private static final String[] SAME = {
        "GETINFO ns/id/xx", "GETINFO ns/name/nobody-has-it", "GETINFO ns/purpose/general", "GETINFO md/name/nobody-has-it",
        "GETINFO md/download-enabled", "GETINFO desc/id/xx", "GETINFO desc/name/exit1", "GETINFO desc/all-recent",
        "GETINFO desc/download-enabled", "GETINFO consensus/packages", "GETINFO consensus/foo", "GETINFO dir/server/all",
        "GETINFO dir/status/all", "GETINFO extra-info/digest/xx", "GETINFO desc-annotations/id/xx",
        "GETINFO address-mappings/all", "GETINFO address-mappings/cache", "GETINFO address-mappings/foo",
        "GETINFO status/foo", "GETINFO status/circuit-established", "GETINFO status/enough-dir-info",
        "GETINFO status/bootstrap-phase", "GETINFO status/version/current", "GETINFO status/version/recommended",
        "GETINFO status/fresh-relay-descs", "GETINFO address", "GETINFO fingerprint", "GETINFO network-status",
        "GETINFO network-liveness", "GETINFO exit-policy/default", "GETINFO exit-policy/reject-private/default",
        "GETINFO exit-policy/full", "GETINFO exit-policy/ipv4", "GETINFO stats/ntor/assigned", "GETINFO stats/tap/requested",
        "GETINFO downloads/desc/descs", "GETINFO downloads/desc/x", "GETINFO downloads/bridge/bridges",
        "GETINFO downloads/networkstatus/x", "GETINFO ip-to-country/foo", "CLOSECIRCUIT 999999", "CLOSECIRCUIT", "CLOSECIRCUIT x", "CLOSESTREAM 999999 1",
        "CLOSESTREAM 3", "CLOSESTREAM", "SETCIRCUITPURPOSE 999999 purpose=general", "DROPGUARDS x",
        "DROPTIMEOUTS x", "DROPTIMEOUTS", "EXTENDCIRCUIT", "EXTENDCIRCUIT 999999 exit0", "EXTENDCIRCUIT 0 nobody-has-it",
        "EXTENDCIRCUIT 0 purpose=x", "EXTENDCIRCUIT 999999", "ATTACHSTREAM", "ATTACHSTREAM 1", "ATTACHSTREAM 999999 1",
        "ATTACHSTREAM 1 2 x=3", "REDIRECTSTREAM 999999 a", "REDIRECTSTREAM 1"
    };

    @Test
    void answersAsTorDoesOnTheSameNetwork() throws Exception {
        // A consensus lasts for a minute here: what both say of relays counts if they have the same one, as two that have
        // just started have nearly always.
        for (int i = 0; !comparesOnceStarted(i); i++) {
            assertThat(i).as("they never had the same consensus").isLessThan(8);
        }
    }

    private boolean comparesOnceStarted(int number) throws Exception {
        TestNetwork network = TestNetworks.shared();
        Path portFile = folder.resolve("port" + number);
        Node tor = network.startClient(
                "control" + number, Duration.ofSeconds(90), "ControlPort auto", "ControlPortWriteToFile " + portFile);
        Path home = Files.createDirectory(folder.resolve("cepa" + number));
        try (SignalledDaemon daemon = SignalledDaemon.start(home, network, "ControlPort auto", "SocksPort 0")) {
            String written = Files.readString(portFile).strip();
            int theirPort = Integer.parseInt(written.substring(written.lastIndexOf(':') + 1));
            int ourPort = Integer.parseInt(daemon.await(CONTROL));
            try (Controller theirs = Controller.in(theirPort);
                    Controller ours = Controller.in(ourPort)) {
                awaitBootstrapped(ours);
                for (String command : number == 0 ? SAME : new String[0]) {
                    assertThat(ours.ask(command)).as(command).isEqualTo(theirs.ask(command));
                }
                return comparesRelays(ours, theirs);
            }
        } finally {
            tor.stop();
        }
    }

    /** Only authorities have one, and ours is not told. */
    private static String withoutDirPort(String line) {
        return line.startsWith("r ") ? line.substring(0, line.lastIndexOf(' ')) + " 0" : line;
    }

    /** Whether they had the same consensus all the while. */
    private static boolean comparesRelays(Controller ours, Controller theirs) throws Exception {
        List<String> keys = new ArrayList<>(List.of(
                "consensus/fresh-until", "consensus/valid-until", "ns/all", "sr/current", "sr/previous"));
        Matcher relay = Pattern.compile("(\\$[0-9A-F]{40})~(\\w+) ").matcher(theirs.info("entry-guards"));
        assertThat(relay.find()).isTrue();
        for (String key : new String[] {"ns/id/", "md/id/"}) {
            keys.add(key + relay.group(1));
            keys.add(key + relay.group(1).substring(1));
        }
        keys.add("ns/name/" + relay.group(2));
        keys.add("md/name/" + relay.group(2));
        List<String> which = ours.ask("GETINFO consensus/valid-after");
        List<List<String>> mine = new ArrayList<>();
        List<List<String>> others = new ArrayList<>();
        for (String key : keys) {
            mine.add(ours.ask("GETINFO " + key));
            others.add(theirs.ask("GETINFO " + key).stream().map(ControlViewIT::withoutDirPort).toList());
        }
        if (!which.equals(theirs.ask("GETINFO consensus/valid-after"))
                || !which.equals(ours.ask("GETINFO consensus/valid-after"))) {
            return false;
        }
        for (int i = 0; i < mine.size(); i++) {
            assertThat(mine.get(i)).as(keys.get(i)).isEqualTo(others.get(i));
        }
        return true;
    }
}
