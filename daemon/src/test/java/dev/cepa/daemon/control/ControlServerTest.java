package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import dev.cepa.proxy.SocketFileMode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ControlServerTest {
    private static final ControlPort ANY_PORT =
            new ControlPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), SocketFileMode.OWNER);

    @TempDir
    private Path folder;

    private final TestHost host = new TestHost();
    private ControlServer server;

    @BeforeEach
    void open() {
        host.dataDirectory = folder;
        server = new ControlServer(host);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private int listen() throws TorException {
        server.listen(List.of(ANY_PORT));
        return ((InetSocketAddress) server.addresses().getFirst()).getPort();
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void answersAsCTorDoes() throws Exception {
        try (Controller controller = Controller.connect(listen())) {
            assertThat(controller.ask("protocolinfo 1")).containsExactly(
                    "250-PROTOCOLINFO 1", "250-AUTH METHODS=NULL", "250-VERSION Tor=\"0.4.9.11 (cepa-test)\"", "250 OK");
            assertThat(controller.ask("authenticate")).containsExactly("250 OK");
            assertThat(controller.ask("GETINFO version")).containsExactly("250-version=0.4.9.11 (cepa-test)", "250 OK");
            assertThat(controller.ask("GETINFO nothing version")).containsExactly("552 Unrecognized key \"nothing\"");
            assertThat(controller.ask("GETINFO fingerprint version")).containsExactly("551 Not running in server mode");
            assertThat(controller.ask("NOTHING")).containsExactly("510 Unrecognized command \"NOTHING\"");
            assertThat(controller.ask("SETEVENTS circ BW")).containsExactly("250 OK");
            assertThat(controller.ask("SETEVENTS circ XX")).containsExactly("552 Unrecognized event \"XX\"");
            assertThat(controller.ask("USEFEATURE verbose_names EXTENDED_EVENTS")).containsExactly("250 OK");
            assertThat(controller.ask("USEFEATURE X")).containsExactly("552 Unrecognized feature \"X\"");
            assertThat(controller.ask("PROTOCOLINFO 1 x")).containsExactly("513 No such version \"x\"");
            assertThat(controller.ask("+LOADCONF\n.")).containsExactly("512 Bad arguments to +LOADCONF: Empty body");
            assertThat(controller.ask("GETINFO process/pid")).contains("250-process/pid=" + ProcessHandle.current().pid());
            assertThat(controller.info("uptime")).isEqualTo("61");
            assertThat(controller.info("current-time/utc")).matches("20..-..-..T..:..:..");
            assertThat(controller.info("process/user")).isEqualTo(Files.getOwner(folder).getName());
            assertThat(controller.info("net/listeners/control")).startsWith("\"127.0.0.1:");
            assertThat(controller.info("events/names")).startsWith("CIRC CIRC_MINOR STREAM").endsWith("NETWORK_LIVENESS");
            assertThat(controller.info("signal/names")).isEqualTo("RELOAD HUP SHUTDOWN DUMP USR1 DEBUG USR2 HALT TERM INT NEWNYM "
                    + "CLEARDNSCACHE HEARTBEAT ACTIVE DORMANT");
            assertThat(controller.info("info/names")).contains("config/* -- Current configuration values.\n");
            assertThat(controller.ask("QUIT")).containsExactly("250 closing connection");
            controller.awaitEnd();
        }
    }

    @Test
    void doesNothingForThoseWhoHaveNotAuthenticated() throws Exception {
        int port = listen();
        for (String command : List.of("GETINFO version", "SETEVENTS BW", "SIGNAL HALT", "X", "+LOADCONF\nA 1\n.")) {
            try (Controller controller = Controller.connect(port)) {
                assertThat(controller.ask(command)).containsExactly("514 Authentication required.");
                controller.awaitEnd();
            }
        }
        try (Controller controller = Controller.connect(port)) {
            controller.ok("PROTOCOLINFO");
            assertThat(controller.ask("PROTOCOLINFO")).containsExactly("514 Authentication required.");
        }
        assertThat(host.signals).isEmpty();
    }

    @Test
    void tellsABrowserThatItIsWrongHere() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), listen())) {
            socket.getOutputStream().write("GET / HTTP/1.0\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.0 501 Tor ControlPort is not an HTTP proxy\r\n");
        }
    }

    @Test
    void letsInThoseWhoCanReadTheCookie() throws Exception {
        host.set("CookieAuthentication", "1");
        int port = listen();
        Path file = folder.resolve("control_auth_cookie");
        byte[] cookie = Files.readAllBytes(file);
        assertThat(cookie).hasSize(32);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        try (Controller controller = Controller.connect(port)) {
            assertThat(controller.ask("PROTOCOLINFO 1")).contains(
                    "250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE=\"" + file + "\"");
            controller.ok("AUTHENTICATE " + hex(cookie));
            controller.ok("GETINFO version");
        }
        cookie[31]++;
        refuses(port, "AUTHENTICATE " + hex(cookie), "515 Authentication failed: Authentication cookie did not match expected value.");
        refuses(port, "AUTHENTICATE", "515 Authentication failed: Wrong length on authentication cookie.");
        refuses(port, "AUTHENTICATE xx", "551 Invalid hexadecimal encoding.  Maybe you tried a plain text password?  If so, the "
                + "standard requires that you put it in double quotes.");
        refuses(port, "AUTHENTICATE a b", "512 Too many arguments to AUTHENTICATE.");
        refuses(port, "AUTHENTICATE a=b", "512 AUTHENTICATE does not accept keyword arguments.");
        server.listen(List.of(ANY_PORT));
        assertThat(Files.readAllBytes(file)).as("one cookie is enough").startsWith(cookie[0]).hasSize(32);
        server.close();
        assertThat(file).doesNotExist();
    }

    private static void refuses(int port, String command, String reply) throws Exception {
        try (Controller controller = Controller.connect(port)) {
            assertThat(controller.ask(command)).containsExactly(reply);
            controller.awaitEnd();
        }
    }

    @Test
    void provesThatItKnowsTheCookieBeforeTheControllerDoes() throws Exception {
        host.set("CookieAuthentication", "1");
        int port = listen();
        byte[] cookie = Files.readAllBytes(folder.resolve("control_auth_cookie"));
        byte[] nonce = {1, 2, 3};
        try (Controller controller = Controller.connect(port)) {
            String reply = controller.ask("AUTHCHALLENGE SAFECOOKIE 010203").getFirst();
            assertThat(reply).matches("250 AUTHCHALLENGE SERVERHASH=[0-9A-F]{64} SERVERNONCE=[0-9A-F]{64}");
            byte[] serverNonce = HexFormat.of().parseHex(reply.substring(reply.lastIndexOf('=') + 1));
            byte[] serverHash = ControlAuth.hmac(
                    "Tor safe cookie authentication server-to-controller hash", cookie, nonce, serverNonce);
            assertThat(reply).contains("SERVERHASH=" + HexFormat.of().withUpperCase().formatHex(serverHash) + " ");
            controller.ok("AUTHENTICATE " + hex(ControlAuth.hmac(
                    "Tor safe cookie authentication controller-to-server hash", cookie, nonce, serverNonce)));
            controller.ok("GETINFO version");
        }
        try (Controller controller = Controller.connect(port)) {
            controller.ask("AUTHCHALLENGE SAFECOOKIE \"nonce\"");
            assertThat(controller.ask("AUTHENTICATE " + hex(cookie))).as("the cookie itself is no answer to a challenge")
                    .containsExactly("515 Authentication failed: Safe cookie response did not match expected value.");
            controller.awaitEnd();
        }
        refuses(port, "AUTHCHALLENGE SAFECOOKIE", "512 Wrong number of arguments for AUTHCHALLENGE");
        refuses(port, "AUTHCHALLENGE COOKIE 00", "513 AUTHCHALLENGE only supports SAFECOOKIE authentication");
        refuses(port, "AUTHCHALLENGE SAFECOOKIE 0x", "513 Invalid base16 client nonce");
        host.set("CookieAuthentication", "0");
        server.listen(List.of(ANY_PORT));
        refuses(((InetSocketAddress) server.addresses().getFirst()).getPort(), "AUTHCHALLENGE SAFECOOKIE 00",
                "515 Cookie authentication is disabled");
    }

    @Test
    void letsInThoseWhoKnowThePassword() throws Exception {
        host.set("HashedControlPassword", "a hash");
        host.password = "geheim \"ü\"";
        int port = listen();
        try (Controller controller = Controller.connect(port)) {
            assertThat(controller.ask("PROTOCOLINFO 1")).contains("250-AUTH METHODS=HASHEDPASSWORD");
            controller.ok("AUTHENTICATE \"geheim \\\"ü\\\"\"");
        }
        try (Controller controller = Controller.connect(port)) {
            controller.ok("AUTHENTICATE " + hex(host.password.getBytes(StandardCharsets.UTF_8)));
        }
        refuses(port, "AUTHENTICATE \"geheim\"",
                "515 Authentication failed: Password did not match HashedControlPassword value from configuration");
        host.set("CookieAuthentication", "1");
        server.listen(List.of(ANY_PORT));
        port = ((InetSocketAddress) server.addresses().getFirst()).getPort();
        refuses(port, "AUTHENTICATE 00",
                "515 Authentication failed: Password did not match HashedControlPassword *or* authentication cookie.");
    }

    @Test
    void signalsWhenTheReplyIsOnItsWay() throws Exception {
        try (Controller controller = Controller.in(listen())) {
            controller.ok("SIGNAL newnym");
            assertThat(controller.ask("SIGNAL FOO")).containsExactly("552 Unrecognized signal code \"FOO\"");
            assertThat(controller.ask("SIGNAL")).containsExactly("512 Bad arguments to SIGNAL: Need at least 1 argument(s)");
            controller.ok("SIGNAL TERM");
            controller.ok("GETINFO version");
            assertThat(host.signals).containsExactly(ControlSignal.NEWNYM, ControlSignal.TERM);
            controller.ok("SETEVENTS SIGNAL");
            server.signalled(ControlSignal.HUP);
            assertThat(controller.event("SIGNAL")).isEqualTo("650 SIGNAL RELOAD");
        }
    }

    @Test
    void endsWithTheControllerThatOwnsIt() throws Exception {
        int port = listen();
        try (Controller controller = Controller.in(port)) {
            controller.ok("TAKEOWNERSHIP");
            controller.ok("DROPOWNERSHIP");
            controller.ok("QUIT");
            controller.awaitEnd();
        }
        assertThat(host.ownerLost).isFalse();
        try (Controller controller = Controller.in(port)) {
            controller.ok("TAKEOWNERSHIP");
        }
        for (int i = 0; i < 600 && !host.ownerLost; i++) {
            Thread.sleep(50);
        }
        assertThat(host.ownerLost).isTrue();
    }

    @Test
    void showsLogLinesToThoseWhoWantThem() throws Exception {
        try (Controller controller = Controller.in(listen())) {
            assertThat(host.logMask).isZero();
            controller.ok("SETEVENTS WARN ERR");
            controller.ok("GETINFO version");
            assertThat(host.logMask).isEqualTo(LogListener.Severity.WARN.bit() | LogListener.Severity.ERR.bit());
            host.logListener.line(LogListener.Severity.WARN, "two\nlines\n");
            assertThat(controller.event("WARN")).isEqualTo("650 WARN two lines");
            controller.ok("SETEVENTS");
            controller.ok("GETINFO version");
            assertThat(host.logMask).isZero();
        }
    }

    @Test
    void saysWhatHasChanged() throws Exception {
        try (Controller controller = Controller.in(listen())) {
            controller.ok("SETEVENTS CONF_CHANGED");
            controller.ok("GETINFO version");
            server.configurationChanged(List.of(
                    new ControlOptions.Line("ExitNodes", "{de}"), new ControlOptions.Line("SocksPortLines", null)));
            assertThat(controller.event("CONF_CHANGED"))
                    .isEqualTo("650-CONF_CHANGED\n650-ExitNodes={de}\n650-SocksPortLines\n650 OK");
        }
    }

    @Test
    void cutsOffWhoDoesNotReadAndNobodyElse() throws Exception {
        int port = listen();
        try (Controller reading = Controller.in(port);
                Socket deaf = new Socket(InetAddress.getLoopbackAddress(), port)) {
            deaf.getOutputStream().write("AUTHENTICATE\r\nSETEVENTS NOTICE\r\n".getBytes(StandardCharsets.US_ASCII));
            while (host.logMask == 0) {
                Thread.sleep(10);
            }
            String line = "x".repeat(100_000);
            long start = System.nanoTime();
            for (int i = 0; i < 500; i++) {
                host.logListener.line(LogListener.Severity.NOTICE, line);
            }
            assertThat(System.nanoTime() - start).as("nobody waits for it").isLessThan(20_000_000_000L);
            for (int i = 0; i < 600 && host.logMask != 0; i++) {
                Thread.sleep(50);
            }
            assertThat(host.logMask).as("it has been cut off").isZero();
            reading.ok("GETINFO version");
        }
    }

    @Test
    void letsInSoManyAtOnce() throws Exception {
        int port = listen();
        List<Controller> controllers = new ArrayList<>();
        try {
            for (int i = 0; i < 64; i++) {
                controllers.add(Controller.in(port));
            }
            try (Controller tooMany = Controller.connect(port)) {
                tooMany.awaitEnd();
            }
            controllers.removeFirst().close();
            controllers.getFirst().ok("GETINFO version");
            for (int i = 0; ; i++) {
                try (Controller next = Controller.connect(port)) {
                    next.send("AUTHENTICATE");
                    if (next.reply().getFirst().equals("250 OK")) {
                        break;
                    }
                } catch (IOException e) {
                    // it has been closed already
                }
                assertThat(i).as("there is room again").isLessThan(600);
                Thread.sleep(50);
            }
        } finally {
            for (Controller controller : controllers) {
                controller.close();
            }
        }
    }

    @Test
    void closesOnLinesThatDoNotEnd() throws Exception {
        try (Controller controller = Controller.connect(listen())) {
            assertThat(controller.ask("AUTHENTICATE " + "0".repeat(70_000))).containsExactly("500 Line too long.");
            controller.awaitEnd();
        }
    }

    @Test
    void saysTheLastWordsBeforeItCloses() throws Exception {
        try (Controller controller = Controller.in(listen())) {
            controller.ok("SETEVENTS NOTICE");
            controller.ok("GETINFO version");
            for (int i = 0; i < 20; i++) {
                host.logListener.line(LogListener.Severity.NOTICE, "word " + i);
            }
            server.close();
            controller.event("word 19");
            controller.awaitEnd();
        }
    }

    @Test
    void repliesComeWholeAmidEvents() throws Exception {
        try (Controller controller = Controller.in(listen())) {
            controller.ok("SETEVENTS NOTICE");
            Thread talking = Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        for (int i = 0; i < 20; i++) {
                            host.logListener.line(LogListener.Severity.NOTICE, "talk");
                        }
                        Thread.sleep(1);
                    }
                } catch (InterruptedException e) {
                    // enough
                }
            });
            List<String> expected = null;
            for (int i = 0; i < 50; i++) {
                List<String> reply = new ArrayList<>(controller.ok("GETINFO info/names signal/names"));
                expected = expected == null ? reply : expected;
                assertThat(reply).isEqualTo(expected);
            }
            talking.interrupt();
            assertThat(controller.eventsSoFar()).isNotEmpty().allMatch("650 NOTICE talk"::equals);
        }
    }

    @Test
    void isInTheFileSystemToo() throws Exception {
        Path file = folder.resolve("socket");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        host.set("ControlPortWriteToFile", folder.resolve("ports").toString());
        server.listen(List.of(ANY_PORT, new ControlPort(UnixDomainSocketAddress.of(file), SocketFileMode.OWNER)));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        int port = ((InetSocketAddress) server.addresses().getFirst()).getPort();
        assertThat(Files.readString(folder.resolve("ports"))).isEqualTo("PORT=127.0.0.1:" + port + "\nUNIX_PORT=" + file + "\n");
        try (Controller controller = Controller.connect(UnixDomainSocketAddress.of(file))) {
            controller.ok("AUTHENTICATE");
            assertThat(controller.info("net/listeners/control")).isEqualTo("\"127.0.0.1:" + port + "\" \"unix:" + file + "\"");
            server.listen(List.of(ANY_PORT));
            assertThat(((InetSocketAddress) server.addresses().getFirst()).getPort()).as("it stays").isEqualTo(port);
            assertThat(file).doesNotExist();
            controller.ok("GETINFO version");
        }
        server.close();
        assertThat(folder.resolve("ports")).doesNotExist();
    }

    @Test
    void staysWhereItIsIfAnotherPortCanNotBeHad() throws Exception {
        int port = listen();
        InetSocketAddress taken = (InetSocketAddress) server.addresses().getFirst();
        assertThatThrownBy(() -> server.listen(List.of(
                        new ControlPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), new SocketFileMode(true, false, false)),
                        new ControlPort(taken, SocketFileMode.OWNER))))
                .isInstanceOf(TorException.class).hasMessageContaining("Could not bind");
        Controller.in(port).close();
    }
}
