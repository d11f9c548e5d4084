package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cepa.daemon.control.Controller;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Cepa answers to controllers, beside what the real tor of this machine answers. Neither uses the network. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ControlComparisonIT {
    @TempDir
    private static Path folder;

    private static final List<Process> STARTED = new ArrayList<>();
    private static Side tor;
    private static Side cepa;

    private record Side(Path home, int port, Controller controller) {
        byte[] cookie() throws Exception {
            return Files.readAllBytes(home.resolve("data").resolve("control_auth_cookie"));
        }

        /** What is its own, replaced. */
        List<String> ask(String command) throws Exception {
            return controller.ask(command).stream().map(this::common).toList();
        }

        String common(String line) {
            return line.replace(home.toString(), "HOME").replace(" (cepa-" + dev.cepa.TorClient.version() + ")", "");
        }
    }

    @BeforeAll
    static void start() throws Exception {
        boolean there = Files.isExecutable(Path.of("/usr/sbin/tor")) || Files.isExecutable(Path.of("/usr/bin/tor"));
        assumeTrue(there, "there is no tor here");
        tor = start("tor", List.of("tor", "--defaults-torrc", "/nowhere"));
        List<String> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("slf4j-simple") && !entry.contains("test-classes")) {
                path.add(entry);
            }
        }
        cepa = start("cepa", List.of(
                System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx64m", "-cp",
                String.join(File.pathSeparator, path), Main.class.getName(), "--defaults-torrc", "/nowhere"));
    }

    private static Side start(String name, List<String> program) throws Exception {
        Path home = Files.createDirectory(folder.resolve(name));
        Path ports = home.resolve("ports");
        Files.writeString(home.resolve("torrc"), "# mine\nDataDirectory " + home.resolve("data") + "\nSocksPort auto\n"
                + "ControlPort auto\nControlPortWriteToFile " + ports + "\nCookieAuthentication 1\nDisableNetwork 1\n"
                + "HashedControlPassword 16:E096821C597B802E604875548697EE65B821092A6EF8CE9ABDD7D9F013\nContactInfo \"a # b\"\n"
                + "Log notice file " + home.resolve("log") + "\n");
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of("-f", home.resolve("torrc").toString()));
        STARTED.add(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(home.resolve("out").toFile()).start());
        Path cookie = home.resolve("data").resolve("control_auth_cookie");
        for (int i = 0; i < 600 && !(Files.exists(ports) && Files.readString(ports).endsWith("\n")); i++) {
            Thread.sleep(50);
        }
        for (int i = 0; i < 600 && !(Files.exists(cookie) && Files.size(cookie) == 32); i++) {
            Thread.sleep(50);
        }
        String line = Files.readString(ports);
        int port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1).strip());
        Controller controller = Controller.connect(port);
        Side side = new Side(home, port, controller);
        controller.ok("AUTHENTICATE " + HexFormat.of().formatHex(side.cookie()));
        return side;
    }

    @AfterAll
    static void stop() {
        STARTED.forEach(Process::destroyForcibly);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "PROTOCOLINFO", "PROTOCOLINFO 1", "PROTOCOLINFO 1 2 3", "PROTOCOLINFO a", "protocolinfo 1",
        "GETCONF", "GETCONF SocksPort ControlPort nickname ExitNodes LongLivedPorts", "GETCONF HiddenServiceOptions",
        "GETCONF HiddenServicePort MaxCircuitDirtiness Bogus", "GETCONF ContactInfo Log MaxMemInQueues", "GETCONF ControlPortLines",
        "GETCONF BandwidthRate CircuitBuildTimeout UseEntryGuards", "GETCONF safelogging   DisableNetwork", "GETCONF A B",
        "GETCONF ConnectionPadding MaxCircuitDirtin", "GETCONF HashedControlPassword CookieAuthFile __OwningControllerProcess",
        "SETCONF Bogus=1", "SETCONF =3", "SETCONF Nickname=\"x", "SETCONF", "SETCONF DataDirectory=/x", "SETCONF \"x\"",
        "SETCONF CookieAuthentication=2", "RESETCONF Bogus", "SETCONF SocksTimeout=7 Bogus=1 ", "GETCONF SocksTimeout",
        "USEFEATURE VERBOSE_NAMES EXTENDED_EVENTS", "USEFEATURE FOO", "USEFEATURE", "SETEVENTS", "SETEVENTS circ bw EXTENDED",
        "SETEVENTS NOPE", "SETEVENTS", "SIGNAL FOO", "SIGNAL", "SIGNAL A B", "TAKEOWNERSHIP", "DROPOWNERSHIP", "NoSuch", "+NOSUCH\nx\n.", "+getinfo\nversion\n.",
        "GETINFO", "GETINFO version", "GETINFO config-file config-can-saveconf", "GETINFO config/x", "GETINFO x y", "GETINFO version x",
        "GETINFO accounting/enabled accounting/hibernating accounting/bytes accounting/bytes-left",
        "GETINFO accounting/interval-start accounting/interval-end accounting/interval-wake", "GETINFO fingerprint",
        "GETINFO address", "GETINFO address/v4 version", "GETINFO address/v6", "GETINFO stats/ntor/assigned stats/tap/requested",
        "GETINFO stats/ntor/foo", "GETINFO features/names signal/names", "GETINFO events/names", "GETINFO current-time/foo",
        "GETINFO net/listeners/dns net/listeners/or", "GETINFO net/listeners/foo", "GETINFO process/user process/uid",
        "GETINFO config-text", "LOADCONF x", "+LOADCONF\n.", "SAVECONF A=B", ""
    })
    void answersTheSame(String command) throws Exception {
        assertThat(cepa.ask(command)).as(command).isEqualTo(tor.ask(command));
    }

    /** Commands that change something, each followed by what it has changed. */
    static List<List<String>> changes() {
        return List.of(
                List.of("SETCONF SocksPort=0", "GETCONF SocksPort"),
                List.of("RESETCONF SocksPort", "GETCONF SocksPort"),
                List.of("SETCONF MaxCircuitDirtiness=700 ContactInfo=\"x \\\"y\\\" # z\"", "GETCONF MaxCircuitDirtiness ContactInfo"),
                List.of("SETCONF ContactInfo", "GETCONF ContactInfo"),
                List.of("RESETCONF MaxCircuitDirtiness ContactInfo", "GETCONF MaxCircuitDirtiness ContactInfo"),
                List.of("SETCONF LongLivedPorts=80,90", "GETCONF LongLivedPorts"),
                List.of("SETCONF LongLivedPorts=", "GETCONF LongLivedPorts"),
                List.of("RESETCONF LongLivedPorts", "GETCONF LongLivedPorts"),
                List.of("SETCONF socksport=\"auto IsolateDestPort\" SocksPort=auto", "GETCONF SocksPort"),
                List.of("SETCONF BandwidthRate=\"1 MB\" NewCircuitPeriod=\"5 minutes\"", "GETCONF BandwidthRate NewCircuitPeriod"),
                List.of("RESETCONF BandwidthRate=2MB NewCircuitPeriod", "GETCONF BandwidthRate NewCircuitPeriod"),
                List.of("SETCONF ExcludeNodes=$0000000000000000000000000000000000000001", "GETCONF ExcludeNodes"),
                List.of("RESETCONF ExcludeNodes BandwidthRate SocksPort", "GETCONF ExcludeNodes BandwidthRate SocksPort"));
    }

    @ParameterizedTest
    @MethodSource("changes")
    void changesTheSame(List<String> commands) throws Exception {
        for (Side side : List.of(tor, cepa)) {
            side.controller.ok("SETEVENTS CONF_CHANGED");
        }
        for (String command : commands) {
            assertThat(cepa.ask(command)).as(command).isEqualTo(tor.ask(command));
        }
        List<String> changed = List.of(tor.controller.event("CONF_CHANGED").split("\n"));
        assertThat(cepa.controller.event("CONF_CHANGED").split("\n")).containsExactlyElementsOf(changed);
    }

    @Test
    void writesTheSameTorrc() throws Exception {
        for (Side side : List.of(tor, cepa)) {
            side.controller.ok("SAVECONF");
        }
        assertThat(saved(cepa, "torrc")).isEqualTo(saved(tor, "torrc")).contains("DisableNetwork 1\n");
        assertThat(saved(cepa, "torrc.orig.1")).isEqualTo(saved(tor, "torrc.orig.1")).startsWith("# mine\n");
    }

    private static String saved(Side side, String file) throws Exception {
        return side.common(Files.readString(side.home.resolve(file)));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "AUTHENTICATE", "AUTHENTICATE \"bar\"", "AUTHENTICATE 00", "AUTHENTICATE xyz", "AUTHENTICATE a b", "AUTHENTICATE a=b",
        "AUTHENTICATE \"foo", "AUTHENTICATE \"foo\"", "AUTHENTICATE 666f6f", "AUTHENTICATE 666F6F", "AUTHCHALLENGE",
        "AUTHCHALLENGE SAFECOOKIE", "AUTHCHALLENGE COOKIE 00", "AUTHCHALLENGE SAFECOOKIE 0x", "AUTHCHALLENGE SAFECOOKIE 00 00",
        "AUTHCHALLENGE SAFECOOKIE a=b", "GETINFO version", "SIGNAL HALT", "QUIT", "PROTOCOLINFO 1", "PROTOCOLINFO x", ""
    })
    void letsInTheSame(String command) throws Exception {
        List<List<String>> answers = new ArrayList<>();
        for (Side side : List.of(tor, cepa)) {
            try (Controller controller = Controller.connect(side.port)) {
                List<String> answer = new ArrayList<>(controller.ask(command));
                controller.send("GETINFO features/names\nQUIT");
                // Authenticated or not, sent away or not: it shows by what comes next.
                answer.addAll(controller.reply());
                answers.add(answer.stream().map(side::common).toList());
            }
        }
        assertThat(answers.get(1)).as(command).isEqualTo(answers.get(0));
    }

    /** In this order: some see what those before have done. */
    @ParameterizedTest
    @ValueSource(strings = {
        "ADD_ONION", "ADD_ONION NEW:BEST", "ADD_ONION NEW Port=80", "ADD_ONION NEW:RSA1024 Port=80",
        "ADD_ONION RSA1024:abc Port=80", "ADD_ONION a:b:c Port=80", "ADD_ONION ED25519-V3:abc Port=80",
        "ADD_ONION NEW:BEST Port=0", "ADD_ONION NEW:BEST Port=80,foo:99999", "ADD_ONION NEW:BEST Port=80,foo",
        "ADD_ONION NEW:BEST Port=80 Flags=",
        "ADD_ONION NEW:BEST Port=80 Flags=foo", "ADD_ONION NEW:BEST Port=80 Flags=V3Auth",
        "ADD_ONION NEW:BEST Port=80 Flags=NonAnonymous", "ADD_ONION NEW:BEST Port=80 ClientAuthV3=abc",
        "ADD_ONION NEW:BEST Port=80 ClientAuthV3=5BPBXQOAZWPSSXFKOIXHZDRDA2AJT2SWS2GIQTISCFKGVBFWBBDQ",
        "ADD_ONION NEW:BEST Port=80 Foo=bob", "ADD_ONION NEW:BEST Port=80 MaxStreams=65536",
        "ADD_ONION NEW:BEST Port=80 MaxStreams=x", "ADD_ONION NEW:BEST Port=80 PoWDefensesEnabled=2",
        "ADD_ONION NEW:BEST Port=80 PoWQueueRate=x", "ADD_ONION NEW:BEST Port=80 PoWQueueBurst=x",
        "ADD_ONION NEW:BEST extra Port=80",
        "ADD_ONION ED25519-V3:CJqhsTGj2XF8j44wr/MPwOkWfzHnTQ1Z6t7Ag+pNhkHzSzNrNAcIivIpFt++XcxkTLgrlyKLPBRkuPzGUXeXcw== Port=80 Port=81,127.0.0.1:8081 Flags=V3Auth,MaxStreamsCloseCircuit MaxStreams=7 ClientAuthV3=5BPBXQOAZWPSSXFKOIXHZDRDA2AJT2SWS2GIQTISCFKGVBFWBBDQ PoWDefensesEnabled=1 PoWQueueRate=10 PoWQueueBurst=5",
        "ADD_ONION ED25519-V3:CJqhsTGj2XF8j44wr/MPwOkWfzHnTQ1Z6t7Ag+pNhkHzSzNrNAcIivIpFt++XcxkTLgrlyKLPBRkuPzGUXeXcw== Port=80",
        "GETINFO onions/current", "GETINFO onions/detached", "DEL_ONION", "DEL_ONION abc", "DEL_ONION a b",
        "DEL_ONION 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid",
        "DEL_ONION 367ttxj7jr3ij23whbcwnpxxc3qmc6rxd26u5hlyxprmainodrx5tmid",
        "DEL_ONION 367ttxj7jr3ij23whbcwnpxxc3qmc6rxd26u5hlyxprmainodrx5tmid",
        "ADD_ONION ED25519-V3:CJqhsTGj2XF8j44wr/MPwOkWfzHnTQ1Z6t7Ag+pNhkHzSzNrNAcIivIpFt++XcxkTLgrlyKLPBRkuPzGUXeXcw== Port=80,unix:/tmp/x Flags=Detach,DiscardPK",
        "GETINFO onions/current onions/detached", "DEL_ONION 367ttxj7jr3ij23whbcwnpxxc3qmc6rxd26u5hlyxprmainodrx5tmid",
        "GETINFO onions/current onions/detached", "GETINFO hs/client/desc/id/abc",
        "GETINFO hs/client/desc/id/2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid", "GETINFO hs/service/desc/id/abc",
        "GETINFO hs/service/desc/id/2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid", "GETINFO hs/client/desc/id",
        "HSFETCH", "HSFETCH abc", "HSFETCH v2-abc", "HSFETCH 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion",
        "HSFETCH 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid SERVER=abc",
        "HSFETCH 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid FOO=abc",
        "HSFETCH 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid", "HSPOST", "+HSPOST SERVER=abc\nfoo\n.",
        "+HSPOST HSADDRESS=abc\nfoo\n.", "+HSPOST HSADDRESS=2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid\nfoo\n.",
        "+HSPOST FOO=1\nfoo\n.", "ONION_CLIENT_AUTH_ADD", "ONION_CLIENT_AUTH_ADD abc",
        "ONION_CLIENT_AUTH_ADD abc x25519:iIdCKW3I8E8wFHCgXpDVEZqbZPvrLGHtsvGmOdvXIFg=",
        "ONION_CLIENT_AUTH_ADD 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid x25519",
        "ONION_CLIENT_AUTH_ADD 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid foo:bar",
        "ONION_CLIENT_AUTH_ADD 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid x25519:bar",
        "ONION_CLIENT_AUTH_ADD 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid x25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "ONION_CLIENT_AUTH_ADD 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid x25519:iIdCKW3I8E8wFHCgXpDVEZqbZPvrLGHtsvGmOdvXIFg=",
        "ONION_CLIENT_AUTH_ADD 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid x25519:iIdCKW3I8E8wFHCgXpDVEZqbZPvrLGHtsvGmOdvXIFg= ClientName=bob",
        "ONION_CLIENT_AUTH_ADD 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid x25519:iIdCKW3I8E8wFHCgXpDVEZqbZPvrLGHtsvGmOdvXIFg= Flags=Foo",
        "ONION_CLIENT_AUTH_ADD 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid x25519:iIdCKW3I8E8wFHCgXpDVEZqbZPvrLGHtsvGmOdvXIFg= Flags=",
        "ONION_CLIENT_AUTH_VIEW", "ONION_CLIENT_AUTH_VIEW abc",
        "ONION_CLIENT_AUTH_VIEW 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid",
        "ONION_CLIENT_AUTH_VIEW 367ttxj7jr3ij23whbcwnpxxc3qmc6rxd26u5hlyxprmainodrx5tmid",
        "ONION_CLIENT_AUTH_ADD 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid x25519:iIdCKW3I8E8wFHCgXpDVEZqbZPvrLGHtsvGmOdvXIFg= Foo=Foo Flags=Permanent",
        "ONION_CLIENT_AUTH_REMOVE", "ONION_CLIENT_AUTH_REMOVE abc", "ONION_CLIENT_AUTH_REMOVE a b",
        "ONION_CLIENT_AUTH_REMOVE 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid",
        "ONION_CLIENT_AUTH_REMOVE 2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid", "ONION_CLIENT_AUTH_VIEW",
        "MAPADDRESS", "MAPADDRESS a", "MAPADDRESS a=b", "MAPADDRESS 1.2.3.4=foo.bar x=bad_name!",
        "MAPADDRESS x=bad_name! 1.2.3.4=foo.bar", "MAPADDRESS foo.bar=Foo.Bar",
        "GETINFO address-mappings/config address-mappings/cache", "GETINFO address-mappings/control", "MAPADDRESS a=a",
        "MAPADDRESS 1.2.3.4=1.2.3.4", "MAPADDRESS *.foo.com=*.bar.com", "GETINFO address-mappings/all",
        "MAPADDRESS foo.com=*.bar.com", "MAPADDRESS a=*.b", "MAPADDRESS *.foo.com=x.y.exit",
        "GETINFO address-mappings/x", "RESOLVE", "RESOLVE x=y"
    })
    void answersTheSameAboutNamesAndOnions(String command) throws Exception {
        if (command.startsWith("GETINFO address-mappings/")) {
            // C tor tells them in the order of a hash table.
            assertThat(cepa.ask(command)).as(command).containsExactlyInAnyOrderElementsOf(tor.ask(command));
        } else {
            assertThat(cepa.ask(command)).as(command).isEqualTo(tor.ask(command));
        }
    }
}
