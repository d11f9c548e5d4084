package dev.cepa.daemon.control;

import dev.cepa.TorClient;
import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.TorException;
import dev.cepa.proxy.AddressMap;
import dev.cepa.proxy.AddressMapSettings.Mapping;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** MAPADDRESS, RESOLVE, and what GETINFO tells of mappings (control-spec sections 3.8, 3.16 and 3.9). Thread-safe. */
final class NameCommands implements Feature {
    private static final Logger LOG = LoggerFactory.getLogger(NameCommands.class);
    /** Questions about names at once; those on top fail at once. */
    private static final int MOST_QUESTIONS = 256;

    private static final Arguments.Syntax MAPPINGS = Arguments.Syntax.keywords(0);
    private static final Arguments.Syntax QUESTIONS = Arguments.Syntax.keywords(0).omittingValues();

    private final Semaphore questions = new Semaphore(MOST_QUESTIONS);

    @Override
    public void addTo(ControlServer server) {
        server.commands().add("MAPADDRESS", NameCommands::map);
        server.commands().add("RESOLVE", this::resolve);
        Info info = server.info();
        info.addPrefix("address-mappings/", "", NameCommands::mappings);
        info.document("address-mappings/all", "Current address mappings.");
        info.document("address-mappings/cache", "Current cached DNS replies.");
        info.document("address-mappings/config", "Current address mappings from configuration.");
        info.document("address-mappings/control", "Current address mappings from controller.");
    }

    private static Reply map(Request request) throws Refusal {
        List<Arguments.Keyword> pairs = Arguments.parse(request, MAPPINGS).keywords();
        if (pairs.isEmpty()) {
            throw new Refusal(512, "syntax error: not enough arguments to mapaddress.");
        }
        AddressMap map = request.host().client().addressMap();
        Reply reply = Reply.of();
        List<String> events = new ArrayList<>();
        for (Arguments.Keyword pair : pairs) {
            try {
                String from = map(map, pair.key(), pair.text(), events);
                reply.line(from + "=" + pair.text());
            } catch (Refusal e) {
                LOG.warn("Skipping invalid argument in MapAddress msg");
                reply.line(e.code(), String.valueOf(e.getMessage()));
            }
        }
        Events hub = request.server().events();
        return reply.then(() -> events.forEach(event -> hub.send(EventName.ADDRMAP, event)));
    }

    /** @return what stands for the other from now on */
    private static String map(AddressMap map, String from, String to, List<String> events) throws Refusal {
        Mapping target;
        try {
            String bare = to.startsWith("*.") ? to.substring(2) : to;
            target = Mapping.of(bare, bare);
        } catch (TorException e) {
            throw new Refusal(512, "syntax error: invalid address '" + to + "'");
        }
        String made = virtual(map, from, target.to());
        if (made != null) {
            events.add(forever(made, to));
            return made;
        }
        Mapping mapping;
        try {
            mapping = Mapping.of(from, to);
        } catch (TorException e) {
            String why = to.startsWith("*.") && !from.startsWith("*.")
                    ? "can only use wildcard (i.e. '*.') if 'from' address uses wildcard also"
                    : "not a host name or address";
            throw new Refusal(512, "syntax error: invalid address mapping  '" + from + "=" + to + "': " + why);
        }
        if (mapping.from().equals(mapping.to())) {
            map.remove(mapping.from());
        } else {
            map.add(mapping, null);
            events.add(forever(withoutStar(mapping.from()), withoutStar(mapping.to())));
        }
        return from;
    }

    /** A made-up address or name that stands for that one; null if none is wanted. */
    private static @Nullable String virtual(AddressMap map, String from, String to) throws Refusal {
        try {
            String made = switch (from) {
                case "." -> map.virtualNameFor(to);
                case "0.0.0.0" -> text(map.virtualFor(to, false));
                case "::", "[::]" -> text(map.virtualFor(to, true));
                default -> null;
            };
            if (made != null && made.isEmpty()) {
                throw new Refusal(451, "resource exhausted: skipping '" + from + "=" + to + "'");
            }
            return made;
        } catch (TorException e) {
            throw new Refusal(512, "syntax error: invalid address '" + to + "'");
        }
    }

    /** IPv6 addresses in brackets, as C tor has them; empty if there is none. */
    private static String text(@Nullable InetAddress address) {
        return address == null ? "" : inBrackets(HostText.format(address.getAddress()));
    }

    private static String inBrackets(String address) {
        return address.indexOf(':') >= 0 ? "[" + address + "]" : address;
    }

    private static String withoutStar(String name) {
        return name.startsWith("*.") ? name.substring(2) : name;
    }

    private static String forever(String from, String to) {
        return "ADDRMAP " + from + " " + to + " NEVER CACHED=\"YES\"";
    }

    private static @Nullable String mappings(String key, Request request) {
        String which = key.substring("address-mappings/".length());
        boolean all = which.equals("all");
        boolean config = all || which.equals("config");
        boolean control = all || which.equals("control");
        // Answers about names are kept for each port alone, and are nobody else's business.
        if (!config && !control && !which.equals("cache")) {
            return null;
        }
        List<String> lines = new ArrayList<>();
        for (AddressMap.Entry entry : request.host().client().addressMap().entries()) {
            if (entry.source() == AddressMap.Source.CONFIGURED ? config : control) {
                lines.add(inBrackets(entry.from()) + " " + inBrackets(entry.to()) + " "
                        + (entry.until() == null ? "NEVER" : "\"" + IsoTime.seconds(entry.until()) + "\""));
            }
        }
        return String.join("\n", lines);
    }

    private Reply resolve(Request request) throws Refusal {
        Arguments arguments = Arguments.parse(request, QUESTIONS);
        boolean reverse = "reverse".equalsIgnoreCase(arguments.value("mode"));
        if ((request.connection().events() & EventName.ADDRMAP.bit()) == 0) {
            LOG.warn("Controller asked us to resolve an address, but isn't listening for ADDRMAP events. "
                    + "It probably won't see the answer.");
        }
        List<String> hosts = new ArrayList<>();
        for (Arguments.Keyword keyword : arguments.keywords()) {
            if (keyword.text().isEmpty()) {
                hosts.add(keyword.key());
            }
        }
        TorClient client = request.host().client();
        InstantSource clock = request.host().clock();
        Duration timeout = Duration.ofSeconds(Math.max(1, request.host().options().number("SocksTimeout")));
        Events hub = request.server().events();
        return Reply.ok().then(() -> {
            for (String host : hosts) {
                if (questions.tryAcquire()) {
                    Thread.ofVirtual().name("cepa-control-resolve").start(() -> {
                        try {
                            hub.send(EventName.ADDRMAP, answer(client, host, reverse, timeout, clock));
                        } finally {
                            questions.release();
                        }
                    });
                } else {
                    hub.send(EventName.ADDRMAP, "ADDRMAP " + host + " " + host + " NEVER internal CACHED=\"NO\"");
                }
            }
        });
    }

    private static String answer(TorClient client, String host, boolean reverse, Duration timeout, InstantSource clock) {
        try {
            Answer best = null;
            for (Answer answer : client.onionControl().resolve(host, reverse, timeout)) {
                best = best == null || isIpv4(answer) && !isIpv4(best) ? answer : best;
            }
            if (best instanceof Answer.Address found) {
                return event(host, text(found.address()), "", clock.instant().plusSeconds(found.ttlSeconds()));
            }
            if (best instanceof Answer.Name found) {
                return event(host, found.name(), "", clock.instant().plusSeconds(found.ttlSeconds()));
            }
        } catch (TorException e) {
            LOG.debug("A controller's question about a name has no answer: {}", e.getMessage());
        }
        return event(host, "<error>", "error=yes ", clock.instant());
    }

    private static boolean isIpv4(Answer answer) {
        return answer instanceof Answer.Address address && address.address() instanceof Inet4Address;
    }

    /** An answer from the network (control-spec section 4.1.7): its end in local time, and in UTC. */
    static String event(String from, String to, String error, Instant until) {
        return "ADDRMAP " + from + " " + to + " \"" + IsoTime.seconds(until, ZoneId.systemDefault(), ' ') + "\" " + error + "EXPIRES=\"" + IsoTime.seconds(until)
                + "\" CACHED=\"NO\"";
    }
}
