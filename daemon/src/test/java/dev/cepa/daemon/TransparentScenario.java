package dev.cepa.daemon;

import dev.cepa.testnet.TestNetwork;
import dev.cepa.testnet.WebServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What {@link TransPortIT} has done within a network namespace of its own: a network of real relays there, a daemon, and a
 * firewall that leads all of another user's connections to it. Prints what that user's programs got.
 */
public final class TransparentScenario {
    private TransparentScenario() {}

    /** @param args a folder for files */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        must("ip", "link", "set", "lo", "up");
        must("ip", "address", "add", "192.0.2.1/32", "dev", "lo");
        must("ip", "route", "add", "10.192.0.0/10", "dev", "lo", "src", "192.0.2.1");
        must("ip", "-6", "address", "add", "2001:db8::1/128", "dev", "lo", "nodad");
        // Another kind of route to this device would turn everything down.
        must("ip", "-6", "route", "add", "local", "fd12:3456::/32", "dev", "lo", "src", "2001:db8::1");
        try (TestNetwork network = TestNetwork.builder().relays(2).exits(2).start(Duration.ofMinutes(3));
                WebServer web = WebServer.start();
                ReadyDaemon daemon = ReadyDaemon.start(
                        network, Files.createDirectory(folder.resolve("daemon")), List.of(), "SocksPort 0", "TransPort auto",
                        "TransPort [::1]:auto",
                        "DNSPort auto", "AutomapHostsOnResolve 1", "AutomapHostsSuffixes .test",
                        "VirtualAddrNetworkIPv4 10.192.0.0/10", "VirtualAddrNetworkIPv6 [fd12:3456::]/32")) {
            String port = Integer.toString(daemon.port("Transparent pf/netfilter", 0));
            must("iptables", "-w", "60", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-m", "owner", "--uid-owner", "65534", "-j", "REDIRECT",
                    "--to-ports", port);
            print("by address", curl("127.0.0.1:" + web.port()));
            String dns = Integer.toString(daemon.port("DNS", 0));
            String made = run("dig", "@127.0.0.1", "-p", dns, "+short", "www.cepa.test").strip();
            print("made up", made);
            print("by name", curl(made + ":" + web.port()));
            String port6 = Integer.toString(daemon.port("Transparent pf/netfilter", 1));
            must("ip6tables", "-w", "60", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-m", "owner", "--uid-owner", "65534", "-j", "REDIRECT",
                    "--to-ports", port6);
            String made6 = run("dig", "@127.0.0.1", "-p", dns, "+short", "www.cepa.test", "AAAA").strip();
            print("made up of IPv6", made6);
            print("by name over IPv6", curl("[" + made6 + "]:" + web.port()));
            print("sum", web.content(1).sha256(1000));
            print("direct", run("curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{errormsg}", "http://127.0.0.1:" + port + "/"));
            print("log", daemon.log().contains("was not led there") || daemon.log().contains("for that port itself") ? "yes" : "no");
        }
    }

    private static String curl(String place) throws Exception {
        return run(
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-sS", "-m", "60",
                "http://" + place + "/sha256/1000?seed=1");
    }

    private static void print(String name, String value) {
        System.out.println(name + ": " + value.strip());
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }

    /** Runs a command without which the rest makes no sense: again for a while, as addresses take a moment to be usable. */
    private static void must(String... command) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (true) {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() == 0) {
                return;
            }
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException(String.join(" ", command) + ": " + said);
            }
            Thread.sleep(100);
        }
    }
}
