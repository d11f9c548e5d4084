package dev.cepa.daemon;

import dev.cepa.TorConfig;
import dev.cepa.TorConfigBuilder;
import dev.cepa.error.TorException;
import dev.cepa.path.AddressPolicy;
import dev.cepa.proxy.AddressMapSettings;
import dev.cepa.proxy.ListenerKind;
import dev.cepa.proxy.OriginalDestinations;
import dev.cepa.proxy.PortSettings;
import dev.cepa.proxy.RequestRules;
import dev.cepa.proxy.SocketFileMode;
import dev.cepa.proxy.VirtualNetwork;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;

/** Turns the options of all ports for programs into the library's settings. */
final class ListenerLines {
    private static final int SOCKS_PORT = 9050;
    /** Each kind's lines count down from its own number; no torrc has so many. */
    private static final int GROUPS_OF_A_KIND = 100_000;

    private final Settings settings;
    private final List<String> warnings;

    ListenerLines(Settings settings, List<String> warnings) {
        this.settings = settings;
        this.warnings = warnings;
    }

    /**
     * Adds all ports, and what programs may ask for there.
     *
     * @throws TorException of kind CONFIG that says which line is wrong and why
     */
    void addTo(TorConfigBuilder builder) throws TorException {
        for (ListenerKind kind : ListenerKind.values()) {
            for (PortLine port : ports(kind)) {
                if (port.address() != null) {
                    builder.listener(kind, port.address(), port.settings());
                }
            }
        }
        refuseNatd();
        builder.requestRules(rules());
        builder.trackHostExits(
                settings.items("TrackHostExits"), Duration.ofSeconds(settings.number("TrackHostExitsExpire")));
    }

    /**
     * The ports of a kind.
     *
     * @throws TorException of kind CONFIG that says which line is wrong and why
     */
    List<PortLine> ports(ListenerKind kind) throws TorException {
        String option = switch (kind) {
            case SOCKS -> "SocksPort";
            case HTTP_TUNNEL -> "HTTPTunnelPort";
            case DNS -> "DNSPort";
            case TRANSPARENT -> "TransPort";
        };
        int firstGroup = -2 - GROUPS_OF_A_KIND * kind.ordinal();
        PortSettings common = common();
        if (kind == ListenerKind.DNS) {
            common = common.toBuilder().answers(true, true).build();
        } else if (kind == ListenerKind.TRANSPARENT && settings.isSet("TransPort")) {
            common = common.toBuilder().originalDestinations(originalDestinations()).build();
        }
        return PortLine.readAll(
                settings, option, kind == ListenerKind.SOCKS ? SOCKS_PORT : 0, common, firstGroup, warnings);
    }

    private OriginalDestinations originalDestinations() throws TorException {
        ConfigLine type = settings.line("TransProxyType");
        if (type != null && !type.value().equalsIgnoreCase("default")) {
            throw Settings.bad(type, "TransProxyType " + type.value() + " is not supported; with the default, netfilter's "
                    + "REDIRECT of Linux is.");
        }
        if (!OriginalDestination.isPossible()) {
            throw Settings.bad(
                    settings.lines("TransPort").getLast(),
                    "TransPort needs Linux, which tells where connections were meant for. Use SocksPort.");
        }
        return new OriginalDestination();
    }

    private void refuseNatd() throws TorException {
        for (ConfigLine line : settings.lines("NATDPort")) {
            if (!line.value().equals("0")) {
                throw Settings.bad(line, "NATDPort speaks a protocol of BSD's natd, which Cepa does not. Use TransPort with "
                        + "pf, or SocksPort.");
            }
        }
    }

    /** What holds for every port, whatever its flags. */
    private PortSettings common() throws TorException {
        int connections = OpenFiles.connections(OpenFiles.limit(), Runtime.getRuntime().maxMemory());
        return PortSettings.builder()
                .safeSocks(settings.flag("SafeSocks"), settings.flag("TestSocks"))
                .timeout(Duration.ofSeconds(Math.max(1, settings.number("SocksTimeout"))))
                .limits(connections, connections / 2)
                .clients(clients())
                .sessions(settings.flag("SessionParameters"))
                .socketBuffer(settings.flag("ConstrainedSockets") ? (int) settings.number("ConstrainedSockSize") : 0)
                .socketFile(new SocketFileMode(settings.flag("UnixSocksGroupWritable"), false, false))
                .build();
    }

    private Predicate<InetAddress> clients() throws TorException {
        StringBuilder rules = new StringBuilder();
        for (ConfigLine line : settings.lines("SocksPolicy")) {
            try {
                AddressPolicy.parseEntrance(line.value());
            } catch (TorException e) {
                throw Settings.bad(line, "SocksPolicy: " + e.getMessage());
            }
            rules.append(rules.isEmpty() ? "" : ",").append(line.value());
        }
        return rules.isEmpty() ? PortSettings.ANYBODY : new Clients(AddressPolicy.parseEntrance(rules.toString()));
    }

    /** Those who may come in. */
    private record Clients(AddressPolicy policy) implements Predicate<InetAddress> {
        @Override
        public boolean test(InetAddress client) {
            return policy.accepts(client.getAddress(), 1);
        }
    }

    private RequestRules rules() throws TorException {
        return new RequestRules(
                settings.flag("ClientRejectInternalAddresses"), settings.flag("ClientDNSRejectInternalAddresses"),
                ports("WarnPlaintextPorts"), ports("RejectPlaintextPorts"),
                settings.flag("AllowNonRFC953Hostnames"), map());
    }

    private AddressMapSettings map() throws TorException {
        List<AddressMapSettings.Mapping> mappings = new ArrayList<>();
        for (ConfigLine line : settings.lines("MapAddress")) {
            Words words = new Words(line.value());
            String from = words.next();
            String to = words.next();
            if (from == null || to == null || words.next() != null) {
                throw Settings.bad(line, "MapAddress takes two names or addresses, not '" + line.value() + "'");
            }
            try {
                mappings.add(AddressMapSettings.Mapping.of(from, to));
            } catch (TorException e) {
                throw Settings.bad(line, "MapAddress: " + e.getMessage());
            }
        }
        return new AddressMapSettings(
                mappings, settings.flag("AutomapHostsOnResolve"), settings.items("AutomapHostsSuffixes"),
                network("VirtualAddrNetworkIPv4", false), network("VirtualAddrNetworkIPv6", true));
    }

    private VirtualNetwork network(String option, boolean ipv6) throws TorException {
        try {
            return VirtualNetwork.parse(settings.text(option), ipv6);
        } catch (TorException e) {
            throw new TorException(e.kind(), option + ": " + e.getMessage(), e);
        }
    }

    private BitSet ports(String option) throws TorException {
        BitSet ports = new BitSet();
        for (String item : settings.items(option)) {
            ports.set(ConfigMapper.port(option, item));
        }
        return ports;
    }
}
