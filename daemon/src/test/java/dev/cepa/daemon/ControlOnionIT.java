package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.daemon.control.Controller;
import dev.cepa.onion.ClientAuthKey;
import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.TestNetworks;
import dev.cepa.testnet.WebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real program's names and onion services, driven through its control port on a network of real relays. */
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class ControlOnionIT {
    private static final String CONTROL = "Opened Control listener connection (ready) on 127.0.0.1:";
    private static final int PATIENCE_MILLIS = 120_000;
    /** Without news for so long, a service's descriptors are where they are to be. */
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(3);

    @TempDir
    private static Path folder;

    private static TestNetwork network;
    private static WebServer server;
    private static SignalledDaemon daemon;
    private static int socksPort;
    private static int controlPort;

    @BeforeAll
    static void start() throws Exception {
        network = TestNetworks.shared();
        server = WebServer.start();
        Files.createDirectory(folder.resolve("keys"));
        daemon = SignalledDaemon.start(
                folder, network, "SocksPort auto", "ControlPort auto", "ClientOnionAuthDir " + folder.resolve("keys"));
        socksPort = daemon.awaitPort();
        controlPort = Integer.parseInt(daemon.await(CONTROL));
        daemon.await("Bootstrapped 100%");
    }

    @AfterAll
    static void stop() throws Exception {
        if (daemon != null) {
            daemon.close();
        }
        if (server != null) {
            server.close();
        }
    }

    /** A connection by a SOCKS port; whoever listens there hears the name. */
    private static Socket connect(int socks, String host, int port) throws IOException {
        Socket socket = new Socket(
                new Proxy(Proxy.Type.SOCKS, new InetSocketAddress(InetAddress.getLoopbackAddress(), socks)));
        try {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.connect(InetSocketAddress.createUnresolved(host, port), PATIENCE_MILLIS);
            return socket;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static void echoes(Socket socket) throws IOException {
        socket.getOutputStream().write(7);
        assertThat(socket.getInputStream().read()).isEqualTo(7);
    }

    private static void ends(Socket socket) {
        try {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        } catch (IOException e) {
            assertThat(e).isNotInstanceOf(SocketTimeoutException.class);
        }
    }

    private static String value(List<String> reply, String key) {
        for (String line : reply) {
            if (line.startsWith("250-" + key + "=")) {
                return line.substring(5 + key.length());
            }
        }
        throw new AssertionError(key + ": " + reply);
    }

    /**
     * Has a service started, and waits until its descriptors are on their directories.
     *
     * @return the reply
     */
    private static List<String> addOnion(Controller controller, String arguments) throws Exception {
        controller.ok("SETEVENTS HS_DESC HS_DESC_CONTENT ADDRMAP");
        List<String> reply = controller.ok("ADD_ONION " + arguments);
        String id = value(reply, "ServiceID");
        Set<String> asked = new HashSet<>();
        int created = 0;
        int taken = 0;
        long seen = System.nanoTime();
        long end = seen + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        while (created < 2 || taken == 0 || !asked.isEmpty() || System.nanoTime() - seen < QUIET_NANOS) {
            for (String event : controller.eventsSoFar()) {
                String[] words = event.split(" ");
                if (words[1].equals("HS_DESC") && words[3].equals(id)) {
                    seen = System.nanoTime();
                    switch (words[2]) {
                        case "CREATED" -> created++;
                        case "UPLOAD" -> {
                            assertThat(event).matches(
                                    "650 HS_DESC UPLOAD " + id + " UNKNOWN \\$[0-9A-F]{40}~\\w+ [\\w+/]{43} HSDIR_INDEX=[0-9A-F]{64}");
                            asked.add(words[5]);
                        }
                        case "UPLOADED" -> {
                            taken++;
                            asked.remove(words[5]);
                        }
                        case "FAILED" -> asked.remove(words[5]);
                        default -> {
                            // of another one who looks for it
                        }
                    }
                }
            }
            assertThat(System.nanoTime()).as("%d created, %d taken, %s", created, taken, asked).isLessThan(end);
            Thread.sleep(50);
        }
        return reply;
    }

    @Test
    void aServiceIsReachedByCTorAndEndsWithItsConnection() throws Exception {
        var client = network.startClient("control-onion-client", Duration.ofSeconds(120));
        Socket open;
        List<String> reply;
        try (Controller controller = Controller.in(controlPort)) {
            reply = addOnion(controller, "NEW:BEST Port=80,127.0.0.1:" + server.echoPort());
            String id = value(reply, "ServiceID");
            open = connect(client.socksPort(), id + ".onion", 80);
            echoes(open);
            assertThat(controller.info("onions/current")).isEqualTo(id);
            assertThat(controller.info("hs/service/desc/id/" + id)).startsWith("hs-descriptor 3\n").contains("\nsignature ");
        }
        try (open; Controller controller = Controller.in(controlPort)) {
            ends(open);
            assertThat(value(controller.ok("ADD_ONION " + value(reply, "PrivateKey") + " Port=80"), "ServiceID"))
                    .as("the key makes the same address").isEqualTo(value(reply, "ServiceID"));
        } finally {
            client.stop();
        }
    }

    @Test
    void aDetachedServiceStaysUntilItIsDeleted() throws Exception {
        String id;
        Socket open;
        try (Controller controller = Controller.in(controlPort)) {
            id = value(
                    addOnion(controller, "NEW:BEST Flags=Detach,DiscardPK Port=80," + server.echoPort() + " PoWDefensesEnabled=1"),
                    "ServiceID");
            open = connect(socksPort, id + ".onion", 80);
            echoes(open);
        }
        try (open; Controller controller = Controller.in(controlPort)) {
            assertThat(controller.info("onions/current")).isEmpty();
            assertThat(controller.info("onions/detached")).isEqualTo(id);
            echoes(open);
            try (Socket another = connect(socksPort, id + ".onion", 80)) {
                echoes(another);
            }
            controller.ok("DEL_ONION " + id);
            ends(open);
            assertThat(controller.info("onions/detached")).isEmpty();
        }
    }

    @Test
    void aClientKeyOpensAServiceThatWantsOne() throws Exception {
        try (Controller controller = Controller.in(controlPort)) {
            String base64 = "iIdCKW3I8E8wFHCgXpDVEZqbZPvrLGHtsvGmOdvXIFg=";
            String secret = "x25519:" + base64;
            String known = ClientAuthKey.of(Base64.getDecoder().decode(base64)).toString().substring("client key ".length());
            String id = value(
                    addOnion(controller, "NEW:BEST Flags=V3Auth ClientAuthV3=" + known + " Port=80," + server.echoPort()),
                    "ServiceID");
            assertThatThrownBy(() -> connect(socksPort, id + ".onion", 80).close()).isInstanceOf(IOException.class);
            assertThat(controller.ask("ONION_CLIENT_AUTH_ADD " + id + " " + secret + " Flags=Permanent"))
                    .containsExactly("252 Registered client and decrypted desc");
            Path file = folder.resolve("keys").resolve(id + ".auth_private");
            assertThat(file).exists();
            try (Socket socket = connect(socksPort, id + ".onion", 80)) {
                echoes(socket);
            }
            controller.ok("SIGNAL RELOAD");
            assertThat(controller.ok("ONION_CLIENT_AUTH_VIEW " + id))
                    .contains("250-CLIENT " + id + " " + secret + " Flags=Permanent");
            assertThat(controller.ask("ONION_CLIENT_AUTH_REMOVE " + id)).containsExactly("250 OK");
            assertThat(file).doesNotExist();
            assertThat(controller.ask("GETINFO hs/client/desc/id/" + id)).containsExactly("551 Not found in cache");
        }
    }

    @Test
    void descriptorsAreFetchedShownAndGivenToDirectories() throws Exception {
        try (Controller controller = Controller.in(controlPort)) {
            String id = value(addOnion(controller, "NEW:BEST Port=80," + server.echoPort()), "ServiceID");
            controller.ok("HSFETCH " + id);
            String requested = controller.event("HS_DESC REQUESTED " + id);
            assertThat(requested).matches(
                    "650 HS_DESC REQUESTED " + id + " NO_AUTH \\$[0-9A-F]{40}~\\w+ [\\w+/]{43} HSDIR_INDEX=[0-9A-F]{64}");
            controller.event("HS_DESC RECEIVED " + id + " NO_AUTH $");
            String content = controller.event("HS_DESC_CONTENT " + id);
            assertThat(content).contains("\nhs-descriptor 3\n", "\nsignature ").endsWith("\n.\n650 OK");
            String document = content.substring(content.indexOf('\n') + 1, content.length() - "\n.\n650 OK".length());
            assertThat(controller.info("hs/client/desc/id/" + id)).isEqualTo(document);

            String directory = requested.split(" ")[5];
            controller.ok("HSFETCH " + id + " SERVER=" + directory);
            assertThat(controller.event("HS_DESC REQUESTED " + id)).contains(" " + directory + " ");
            controller.event("HS_DESC RECEIVED " + id);
            assertThat(controller.event("HS_DESC_CONTENT " + id)).contains("\nhs-descriptor 3\n");

            controller.ok("+HSPOST SERVER=" + directory + " HSADDRESS=" + id + "\n" + document + "\n.");
            controller.event("HS_DESC UPLOAD " + id + " UNKNOWN " + directory);
            assertThat(controller.event(id + " UNKNOWN " + directory))
                    .as("the directory has it already, or takes it").containsAnyOf("UPLOADED", "REASON=UPLOAD_REJECTED");

            String nobody = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid";
            controller.ok("HSFETCH " + nobody);
            assertThat(controller.event("HS_DESC FAILED " + nobody)).endsWith(" REASON=NOT_FOUND");
            assertThat(controller.event("HS_DESC_CONTENT " + nobody)).contains("\n.\n650 OK");
        }
    }

    @Test
    void mappingsHoldForProgramsAndNamesAreResolved() throws Exception {
        try (Controller controller = Controller.in(controlPort)) {
            controller.ok("SETEVENTS ADDRMAP");
            controller.ok("MAPADDRESS mapped.nowhere=127.0.0.1");
            controller.event("ADDRMAP mapped.nowhere 127.0.0.1 NEVER");
            try (Socket socket = connect(socksPort, "mapped.nowhere", server.echoPort())) {
                echoes(socket);
            }
            String made = controller.ok("MAPADDRESS 0.0.0.0=mapped.nowhere").getFirst();
            String virtual = made.substring(4, made.indexOf('='));
            try (Socket socket = connect(socksPort, virtual, server.echoPort())) {
                echoes(socket);
            }
            controller.ok("RESOLVE mapped.nowhere");
            assertThat(controller.event("ADDRMAP mapped.nowhere")).startsWith("650 ADDRMAP mapped.nowhere 127.0.0.1 \"");
            controller.ok("RESOLVE www.cepa.test");
            assertThat(controller.event("ADDRMAP www.cepa.test"))
                    .startsWith("650 ADDRMAP www.cepa.test 127.0.0.1 \"").contains(" EXPIRES=\"").doesNotContain("error");
            controller.ok("RESOLVE nxdomain.cepa.test");
            assertThat(controller.event("ADDRMAP nxdomain.cepa.test")).contains(" <error> \"", "\" error=yes EXPIRES=\"");
        }
    }

    private static final String STEM = """
            import sys, threading
            from stem.control import Controller, EventType
            import stem
            port, target = int(sys.argv[1]), int(sys.argv[2])
            controller = Controller.from_port(port = port)
            controller.authenticate()
            contents = []
            controller.add_event_listener(contents.append, EventType.HS_DESC_CONTENT)
            first = controller.create_ephemeral_hidden_service({80: target}, await_publication = True, timeout = 120)
            assert first.private_key_type == 'ED25519-V3', first.private_key_type
            assert controller.list_ephemeral_hidden_services() == [first.service_id]
            assert controller.remove_ephemeral_hidden_service(first.service_id)
            assert not controller.remove_ephemeral_hidden_service(first.service_id)
            again = controller.create_ephemeral_hidden_service(
                {80: target, 443: '127.0.0.1:%i' % target}, key_type = first.private_key_type, key_content = first.private_key,
                detached = True, max_streams = 5)
            assert again.service_id == first.service_id
            assert again.private_key is None
            assert controller.list_ephemeral_hidden_services(our_services = False, detached = True) == [first.service_id]
            controller.remove_ephemeral_hidden_service(first.service_id)
            try:
                controller.create_ephemeral_hidden_service({80: target}, key_type = 'NEW', key_content = 'RSA1024')
                assert False
            except stem.ControllerError:
                pass
            assert controller.map_address({'1.2.3.4': 'stem.nowhere'}) == {'1.2.3.4': 'stem.nowhere'}
            controller.close()
            print('done')
            """;

    @Test
    void stemAddsAndRemovesServices() throws Exception {
        Process installed = new ProcessBuilder("/usr/bin/python3", "-c", "import stem").start();
        assumeTrue(installed.waitFor() == 0, "python3-stem is not installed here; see scripts/programs");
        Path script = Files.writeString(folder.resolve("onions.py"), STEM);
        Process stem = new ProcessBuilder(
                        "/usr/bin/python3", script.toString(), Integer.toString(controlPort), Integer.toString(server.echoPort()))
                .redirectErrorStream(true)
                .start();
        String said = new String(stem.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(stem.waitFor()).as(said).isZero();
        assertThat(said).endsWith("done\n");
    }
}
