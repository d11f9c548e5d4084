package dev.cepa.daemon.control;

import dev.cepa.NetworkControl;
import dev.cepa.event.TorEvent.CircuitStatus;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commands that change circuits, streams and guards (control-spec sections 3.10 to 3.15, 3.25, 3.28). */
final class NetworkCommands {
    private static final Logger LOG = LoggerFactory.getLogger(NetworkCommands.class);

    private final AtomicBoolean warnedOfGuards = new AtomicBoolean();
    private final AtomicBoolean warnedOfTimeouts = new AtomicBoolean();

    private NetworkCommands() {}

    static void addTo(Commands commands) {
        NetworkCommands all = new NetworkCommands();
        commands.add("CLOSECIRCUIT", NetworkCommands::closeCircuit);
        commands.add("CLOSESTREAM", NetworkCommands::closeStream);
        commands.add("SETCIRCUITPURPOSE", NetworkCommands::setPurpose);
        commands.add("EXTENDCIRCUIT", CircuitCommands::extend);
        commands.add("ATTACHSTREAM", CircuitCommands::attach);
        commands.add("REDIRECTSTREAM", CircuitCommands::redirect);
        commands.add("DROPGUARDS", all::dropGuards);
        commands.add("DROPTIMEOUTS", all::dropTimeouts);
    }

    private static NetworkControl control(Request request) {
        return request.host().client().control();
    }

    /** The number of a circuit or stream; -1 for what can't be one. */
    static long number(String word) {
        long number = 0;
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c < '0' || c > '9' || i >= 18) {
                return -1;
            }
            number = 10 * number + (c - '0');
        }
        return word.isEmpty() ? -1 : number;
    }

    static Refusal unknownCircuit(String id) {
        return new Refusal(552, "Unknown circuit \"" + id + "\"");
    }

    static Refusal unknownStream(String id) {
        return new Refusal(552, "Unknown stream \"" + id + "\"");
    }

    private static Reply closeCircuit(Request request) throws Refusal {
        Arguments arguments = Arguments.parse(request, Arguments.Syntax.keywords(1).omittingValues());
        String id = arguments.words().getFirst();
        if (!control(request).closeCircuit(number(id), arguments.hasFlag("IfUnused"))) {
            throw unknownCircuit(id);
        }
        return Reply.ok();
    }

    private static Reply closeStream(Request request) throws Refusal {
        Arguments arguments = Arguments.parse(request, Arguments.Syntax.words(2, Integer.MAX_VALUE));
        String id = arguments.words().getFirst();
        NetworkControl control = control(request);
        if (!control.hasStream(number(id))) {
            throw unknownStream(id);
        }
        String reason = arguments.words().get(1);
        long code = number(reason);
        if (code < 0 || code > 255) {
            throw new Refusal(552, "Unrecognized reason \"" + reason + "\"");
        }
        control.closeStream(number(id));
        return Reply.ok();
    }

    /** The word for a purpose that a controller may give. */
    static String purpose(String word) throws Refusal {
        String name = word.toLowerCase(Locale.ROOT);
        return switch (name.startsWith("purpose=") ? name.substring("purpose=".length()) : name) {
            case "general" -> "GENERAL";
            case "controller" -> "CONTROLLER";
            default -> throw new Refusal(552, "Unknown purpose \"" + word + "\"");
        };
    }

    private static Reply setPurpose(Request request) throws Refusal {
        // C tor takes it without a word as well, and crashes.
        Arguments arguments = Arguments.parse(request, Arguments.Syntax.keywords(1));
        String id = arguments.words().getFirst();
        NetworkControl control = control(request);
        if (!control.hasCircuit(number(id))) {
            throw unknownCircuit(id);
        }
        String wanted = arguments.value("PURPOSE");
        if (wanted == null) {
            throw new Refusal(552, "No purpose given");
        }
        String purpose = purpose(wanted);
        CircuitStatus before = Census.of(request.host().client()).circuits.get(number(id));
        if (before == null || !control.setPurpose(number(id), purpose)) {
            throw unknownCircuit(id);
        }
        Events events = request.server().events();
        if (events.wants(EventName.CIRC_MINOR) && !before.purpose().equals(purpose)) {
            CircuitStatus now = Census.of(request.host().client()).circuits.getOrDefault(number(id), before);
            events.send(EventName.CIRC_MINOR, CircuitEvents.purposeChanged(now, before.purpose()));
        }
        return Reply.ok();
    }

    private Reply dropGuards(Request request) throws Refusal {
        Arguments.parse(request, Arguments.Syntax.words(0, 0));
        if (warnedOfGuards.compareAndSet(false, true)) {
            LOG.warn("DROPGUARDS is dangerous; make sure you understand the risks before using it. It may be removed in a "
                    + "future version of Tor.");
        }
        control(request).dropGuards();
        return Reply.ok();
    }

    private Reply dropTimeouts(Request request) throws Refusal {
        Arguments.parse(request, Arguments.Syntax.words(0, 0));
        if (warnedOfTimeouts.compareAndSet(false, true)) {
            LOG.warn("DROPTIMEOUTS is dangerous; make sure you understand the risks before using it. It may be removed in a "
                    + "future version of Tor.");
        }
        control(request).dropTimeouts();
        return Reply.ok();
    }
}
