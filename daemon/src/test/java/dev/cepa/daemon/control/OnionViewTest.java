package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.TorConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Beside each line stands what C tor 0.4.9.11 has answered. */
@Timeout(120)
class OnionViewTest {
    private static final String SERVICE = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid";
    private static final String KEY = "x25519:iIdCKW3I8E8wFHCgXpDVEZqbZPvrLGHtsvGmOdvXIFg=";
    private static final String FILE = SERVICE + ":descriptor:x25519:rcdueklnzdye6mauocqf5egvcgnjwzh35mwgd3ns6gtdtw6xebma";

    @TempDir
    private Path folder;

    /** The value of a line of a reply, such as {@code ServiceID}. */
    private static String value(List<String> reply, String key) {
        for (String line : reply) {
            if (line.startsWith("250-" + key + "=")) {
                return line.substring(5 + key.length());
            }
        }
        throw new AssertionError(key + ": " + reply);
    }

    private static void awaitServices(OfflineControl control, int number) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (control.client.onionServices().size() != number) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(20);
        }
    }

    @Test
    void servicesEndWithTheirConnectionUnlessTheyAreDetached() throws Exception {
        try (OfflineControl control = OfflineControl.start(); Controller other = control.controller()) {
            String own;
            String detached;
            String key;
            try (Controller controller = control.controller()) {
                List<String> first = controller.ok("ADD_ONION NEW:BEST Port=80");
                own = value(first, "ServiceID");
                key = value(first, "PrivateKey");
                assertThat(first).containsExactly("250-ServiceID=" + own, "250-PrivateKey=" + key, "250 OK");
                List<String> second = controller.ok("ADD_ONION NEW:ED25519-V3 Port=80,unix:/tmp/x Flags=Detach,DiscardPK");
                detached = value(second, "ServiceID");
                assertThat(second).containsExactly("250-ServiceID=" + detached, "250 OK");
                assertThat(controller.info("onions/current")).isEqualTo(own);
                assertThat(controller.info("onions/detached")).isEqualTo(detached);
                assertThat(other.info("onions/current")).isEmpty();
                assertThat(other.info("onions/detached")).isEqualTo(detached);
                assertThat(other.ask("ADD_ONION " + key + " Port=81")).containsExactly("550 Onion address collision");
                assertThat(other.ask("DEL_ONION " + own)).containsExactly("552 Unknown Onion Service id");
                awaitServices(control, 2);
            }
            awaitServices(control, 1);
            assertThat(other.ok("ADD_ONION " + key + " Port=81")).containsExactly("250-ServiceID=" + own, "250 OK");
            assertThat(other.ask("DEL_ONION " + own)).containsExactly("250 OK");
            assertThat(other.ask("DEL_ONION " + own)).containsExactly("552 Unknown Onion Service id");
            assertThat(other.ask("DEL_ONION " + detached)).containsExactly("250 OK");
            assertThat(other.info("onions/detached")).isEmpty();
            awaitServices(control, 0);
        }
    }

    @Test
    void severalServicesAreToldALineEach() throws Exception {
        try (OfflineControl control = OfflineControl.start(); Controller controller = control.controller()) {
            String first = value(controller.ok("ADD_ONION NEW:BEST Port=80"), "ServiceID");
            String second = value(controller.ok("ADD_ONION NEW:BEST Port=80"), "ServiceID");
            assertThat(controller.ask("GETINFO onions/current"))
                    .containsExactly("250+onions/current=", first, second, ".", "250 OK");
        }
    }

    @Test
    void refusesServicesAsCTorDoes() throws Exception {
        try (OfflineControl control = OfflineControl.start(); Controller controller = control.controller()) {
            assertThat(controller.ask("ADD_ONION"))
                    .containsExactly("512 Bad arguments to ADD_ONION: Need at least 1 argument(s)");
            assertThat(controller.ask("ADD_ONION NEW:RSA1024 Port=80")).containsExactly("513 Invalid key type");
            assertThat(controller.ask("ADD_ONION NEW:BEST Port=80 Flags=NonAnonymous"))
                    .containsExactly("512 Tor is in anonymous hidden service mode");
            control.host.set("HiddenServiceNonAnonymousMode", "1");
            assertThat(controller.ask("ADD_ONION NEW:BEST Port=80"))
                    .containsExactly("512 Tor is in non-anonymous hidden service mode");
            assertThat(controller.ask("DEL_ONION"))
                    .containsExactly("512 Bad arguments to DEL_ONION: Need at least 1 argument(s)");
            assertThat(controller.ask("DEL_ONION abc")).containsExactly("512 Malformed Onion Service id");
            assertThat(controller.ask("DEL_ONION a b"))
                    .containsExactly("512 Bad arguments to DEL_ONION: Cannot accept more than 1 argument(s)");
            assertThat(controller.ask("DEL_ONION " + SERVICE)).containsExactly("552 Unknown Onion Service id");
            assertThat(control.client.onionServices()).isEmpty();
        }
    }

    @Test
    void tellsWhoMayFindAService() throws Exception {
        String client = "5BPBXQOAZWPSSXFKOIXHZDRDA2AJT2SWS2GIQTISCFKGVBFWBBDQ";
        try (OfflineControl control = OfflineControl.start(); Controller controller = control.controller()) {
            List<String> reply = controller.ok("ADD_ONION NEW:BEST Port=80 Flags=V3Auth,DiscardPK ClientAuthV3=" + client);
            assertThat(reply).hasSize(3).contains("250-ClientAuthV3=" + client);
            assertThat(controller.ask("GETINFO hs/service/desc/id/" + value(reply, "ServiceID")))
                    .containsExactly("551 Not found in cache");
        }
    }

    @Test
    void refusesDescriptorsAsCTorDoes() throws Exception {
        try (OfflineControl control = OfflineControl.start(); Controller controller = control.controller()) {
            assertThat(controller.ask("GETINFO hs/client/desc/id/abc")).containsExactly("551 Invalid address");
            assertThat(controller.ask("GETINFO hs/client/desc/id/" + SERVICE)).containsExactly("551 Not found in cache");
            assertThat(controller.ask("GETINFO hs/service/desc/id/abc")).containsExactly("551 Invalid address");
            assertThat(controller.ask("GETINFO hs/service/desc/id/" + SERVICE)).containsExactly("551 Not found in cache");
            assertThat(controller.ask("GETINFO hs/client/desc/id"))
                    .containsExactly("552 Unrecognized key \"hs/client/desc/id\"");
            assertThat(controller.ask("HSFETCH")).containsExactly("512 Bad arguments to HSFETCH: Need at least 1 argument(s)");
            assertThat(controller.ask("HSFETCH v2-abc")).containsExactly("513 Invalid argument \"v2-abc\"");
            assertThat(controller.ask("HSFETCH " + SERVICE + ".onion"))
                    .containsExactly("513 Invalid argument \"" + SERVICE + ".onion\"");
            assertThat(controller.ask("HSFETCH " + SERVICE + " SERVER=abc")).containsExactly("552 Server \"abc\" not found");
            assertThat(controller.ask("HSFETCH " + SERVICE + " FOO=abc"))
                    .containsExactly("512 Bad arguments to HSFETCH: Unrecognized keyword argument \"FOO\"");
            assertThat(controller.ask("HSFETCH " + SERVICE)).containsExactly("250 OK");
            assertThat(controller.ask("HSPOST")).containsExactly("510 Unrecognized command \"HSPOST\"");
            assertThat(controller.ask("+HSPOST SERVER=abc\nfoo\n.")).containsExactly("552 Server \"abc\" not found");
            assertThat(controller.ask("+HSPOST HSADDRESS=abc\nfoo\n.")).containsExactly("512 Malformed onion address");
            assertThat(controller.ask("+HSPOST HSADDRESS=" + SERVICE + "\nfoo\n.")).containsExactly("554 Invalid descriptor");
            assertThat(controller.ask("+HSPOST FOO=1\nfoo\n."))
                    .containsExactly("512 Bad arguments to +HSPOST: Unrecognized keyword argument \"FOO\"");
            assertThat(controller.info("info/names")).contains(
                    "hs/client/desc/id* -- Hidden Service descriptor in client's cache by onion.\n",
                    "hs/service/desc/id/* -- Hidden Service descriptor in services's cache by onion.\n",
                    "onions/current -- Onion services owned by the current control connection.\n",
                    "address-mappings/control -- Current address mappings from controller.\n");
        }
    }

    @Test
    void clientKeysComeAndGo() throws Exception {
        String add = "ONION_CLIENT_AUTH_ADD " + SERVICE;
        Path file = folder.resolve(SERVICE + ".auth_private");
        try (OfflineControl control = OfflineControl.start(); Controller controller = control.controller()) {
            assertThat(controller.ask("ONION_CLIENT_AUTH_ADD abc")).containsExactly("512 Incomplete ONION_CLIENT_AUTH_ADD command");
            assertThat(controller.ask("ONION_CLIENT_AUTH_ADD abc " + KEY)).containsExactly("512 Invalid v3 address \"abc\"");
            assertThat(controller.ask(add + " x25519")).containsExactly("512 Invalid key type/blob");
            assertThat(controller.ask(add + " foo:bar")).containsExactly("552 Unrecognized key type \"foo\"");
            assertThat(controller.ask(add + " x25519:bar")).containsExactly("512 Failed to decode x25519 private key");
            assertThat(controller.ask(add + " x25519:" + "A".repeat(43) + "="))
                    .containsExactly("553 Invalid private key \"" + "A".repeat(43) + "=\"");
            assertThat(controller.ask(add + " " + KEY + " Flags=Foo")).containsExactly("512 Invalid 'Flags' argument: \"Foo\"");
            assertThat(controller.ask(add + " " + KEY + " ClientName=" + "bob".repeat(6)))
                    .containsExactly("512 ClientName longer than 16 chars");
            assertThat(controller.ask(add + " " + KEY + " Flags=Permanent"))
                    .as("there is no folder").containsExactly("553 Unable to store creds for \"" + SERVICE + "\"");
            assertThat(controller.ask("ONION_CLIENT_AUTH_VIEW")).containsExactly("250-ONION_CLIENT_AUTH_VIEW", "250 OK");

            control.host.set("ClientOnionAuthDir", folder.toString());
            assertThat(controller.ask(add + " " + KEY)).containsExactly("250 OK");
            assertThat(file).doesNotExist();
            control.client.reconfigure(control.client.config());
            assertThat(controller.ask("ONION_CLIENT_AUTH_VIEW")).as("it outlives another configuration").hasSize(3);
            assertThat(controller.ask(add + " " + KEY + " ClientName=bob Flags=Permanent"))
                    .containsExactly("251 Client for onion existed and replaced");
            assertThat(Files.readString(file)).isEqualTo(FILE);
            assertThat(controller.ask("ONION_CLIENT_AUTH_VIEW " + SERVICE)).containsExactly(
                    "250-ONION_CLIENT_AUTH_VIEW " + SERVICE,
                    "250-CLIENT " + SERVICE + " " + KEY + " Flags=Permanent ClientName=bob", "250 OK");
            control.client.reconfigure(control.client.config().toBuilder().onionClientKeys(folder).build());
            assertThat(controller.ask("ONION_CLIENT_AUTH_VIEW")).as("so does its file").hasSize(3);

            assertThat(controller.ask("ONION_CLIENT_AUTH_REMOVE"))
                    .containsExactly("512 Incomplete ONION_CLIENT_AUTH_REMOVE command");
            assertThat(controller.ask("ONION_CLIENT_AUTH_REMOVE abc")).containsExactly("512 Invalid v3 address \"abc\"");
            assertThat(controller.ask("ONION_CLIENT_AUTH_REMOVE " + SERVICE)).containsExactly("250 OK");
            assertThat(file).doesNotExist();
            assertThat(controller.ask("ONION_CLIENT_AUTH_REMOVE " + SERVICE))
                    .containsExactly("251 No credentials for \"" + SERVICE + "\"");
            assertThat(controller.ask("ONION_CLIENT_AUTH_VIEW")).containsExactly("250-ONION_CLIENT_AUTH_VIEW", "250 OK");
        }
    }

    @Test
    void keysOfTheFolderArePermanent() throws Exception {
        Path file = folder.resolve("mine.auth_private");
        Files.writeString(file, FILE);
        try (OfflineControl control = new OfflineControl(TorConfig.builder().inMemory().onionClientKeys(folder));
                Controller controller = control.controller()) {
            control.host.set("ClientOnionAuthDir", folder.toString());
            assertThat(controller.ask("ONION_CLIENT_AUTH_VIEW")).containsExactly(
                    "250-ONION_CLIENT_AUTH_VIEW", "250-CLIENT " + SERVICE + " " + KEY + " Flags=Permanent", "250 OK");
            assertThat(controller.ask("ONION_CLIENT_AUTH_REMOVE " + SERVICE)).containsExactly("250 OK");
            assertThat(file).doesNotExist();
        }
    }

    @Test
    void mapsNamesAndAddresses() throws Exception {
        try (OfflineControl control = OfflineControl.start(); Controller controller = control.controller()) {
            controller.ok("SETEVENTS ADDRMAP");
            assertThat(controller.ask("MAPADDRESS")).containsExactly("512 syntax error: not enough arguments to mapaddress.");
            assertThat(controller.ask("MAPADDRESS a"))
                    .containsExactly("512 Bad arguments to MAPADDRESS: Cannot parse keyword argument(s)");
            assertThat(controller.ask("MAPADDRESS a=b")).containsExactly("250 a=b");
            assertThat(controller.event("ADDRMAP")).isEqualTo("650 ADDRMAP a b NEVER CACHED=\"YES\"");
            List<String> made = controller.ask("MAPADDRESS 0.0.0.0=torproject.org ::=tor2.org .=tor3.org");
            assertThat(made).hasSize(3);
            assertThat(made.get(0)).matches("250-127\\.[0-9.]+=torproject\\.org");
            assertThat(made.get(1)).matches("250-\\[fe[89ab][0-9a-f:]+\\]=tor2\\.org");
            assertThat(made.get(2)).matches("250 [a-z2-7]{16}\\.virtual=tor3\\.org");
            assertThat(controller.event("ADDRMAP 127.")).endsWith(" torproject.org NEVER CACHED=\"YES\"");
            assertThat(controller.event("ADDRMAP [fe")).endsWith(" tor2.org NEVER CACHED=\"YES\"");
            controller.event(".virtual tor3.org NEVER CACHED=\"YES\"");
            assertThat(controller.ask("MAPADDRESS 0.0.0.0=torproject.org"))
                    .containsExactly("250 " + made.getFirst().substring(4));
            assertThat(controller.ask("MAPADDRESS 1.2.3.4=foo.bar x=bad_name!"))
                    .containsExactly("250-1.2.3.4=foo.bar", "512 syntax error: invalid address 'bad_name!'");
            assertThat(controller.ask("MAPADDRESS *.foo.com=*.bar.com")).containsExactly("250 *.foo.com=*.bar.com");
            assertThat(controller.event("foo.com")).isEqualTo("650 ADDRMAP foo.com bar.com NEVER CACHED=\"YES\"");
            assertThat(controller.ask("MAPADDRESS foo.com=*.bar.com")).containsExactly(
                    "512 syntax error: invalid address mapping  'foo.com=*.bar.com': can only use wildcard (i.e. '*.') if 'from' "
                            + "address uses wildcard also");
            assertThat(controller.info("address-mappings/all")).isEqualTo(controller.info("address-mappings/control"))
                    .contains("a b NEVER\n", "1.2.3.4 foo.bar NEVER\n*.foo.com *.bar.com NEVER\n", " torproject.org NEVER",
                            "] tor2.org NEVER", ".virtual tor3.org NEVER");
            assertThat(controller.info("address-mappings/config")).isEmpty();
            assertThat(controller.info("address-mappings/cache")).isEmpty();
            assertThat(controller.ask("GETINFO address-mappings/x"))
                    .containsExactly("552 Unrecognized key \"address-mappings/x\"");
            assertThat(controller.ask("MAPADDRESS a=a 1.2.3.4=1.2.3.4")).containsExactly("250-a=a", "250 1.2.3.4=1.2.3.4");
            assertThat(controller.info("address-mappings/all")).doesNotContain("a b ", "1.2.3.4");
        }
    }

    @Test
    void anAddressIsItsOwnAnswerAndNonsenseHasNone() throws Exception {
        try (OfflineControl control = OfflineControl.start(); Controller controller = control.controller()) {
            controller.ok("SETEVENTS ADDRMAP");
            assertThat(controller.ask("RESOLVE 1.2.3.4 mode=forward")).containsExactly("250 OK");
            String time = "20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d";
            assertThat(controller.event("ADDRMAP 1.2.3.4")).matches(
                    "650 ADDRMAP 1\\.2\\.3\\.4 1\\.2\\.3\\.4 \"" + time + "\" EXPIRES=\"" + time + "\" CACHED=\"NO\"");
            controller.ok("RESOLVE a.example mode=reverse");
            assertThat(controller.event("ADDRMAP a.example")).matches(
                    "650 ADDRMAP a\\.example <error> \"" + time + "\" error=yes EXPIRES=\"" + time + "\" CACHED=\"NO\"");
            controller.ok("MAPADDRESS b.example=192.0.2.7");
            controller.event("NEVER");
            String virtual = controller.ok("MAPADDRESS 0.0.0.0=c.example").getFirst().substring(4).replace("=c.example", "");
            controller.event("ADDRMAP " + virtual + " c.example NEVER");
            controller.ok("RESOLVE " + virtual + " mode=reverse");
            assertThat(controller.event("ADDRMAP " + virtual)).startsWith("650 ADDRMAP " + virtual + " c.example \"");
            controller.ok("RESOLVE B.example");
            assertThat(controller.event("ADDRMAP B.example")).startsWith("650 ADDRMAP B.example 192.0.2.7 \"");
        }
    }
}
