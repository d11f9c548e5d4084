package dev.cepa.daemon.control;

import dev.cepa.NetworkControl;
import dev.cepa.cell.HostText;
import dev.cepa.cell.RsaId;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** EXTENDCIRCUIT, ATTACHSTREAM and REDIRECTSTREAM (control-spec sections 3.10, 3.13 and 3.14). */
final class CircuitCommands {
    private static final Arguments.Syntax EXTEND = Arguments.Syntax.keywords(1).omittingValues();

    private CircuitCommands() {}

    private static NetworkControl control(Request request) {
        return request.host().client().control();
    }

    static Reply extend(Request request) throws Refusal {
        Arguments arguments = Arguments.parse(request, EXTEND);
        String id = arguments.words().getFirst();
        boolean isNew = id.equals("0");
        String path = path(arguments);
        String wanted = arguments.value("PURPOSE");
        String purpose = wanted == null ? "GENERAL" : NetworkCommands.purpose(wanted);
        NetworkControl control = control(request);
        if (isNew && path == null) {
            return extended(launch(control, List.of(), purpose));
        }
        if (!isNew && !control.hasCircuit(NetworkCommands.number(id))) {
            throw NetworkCommands.unknownCircuit(id);
        }
        if (path == null) {
            throw new Refusal(512, "syntax error: path required.");
        }
        List<RsaId> relays = relays(control, path);
        if (isNew) {
            return extended(launch(control, relays, purpose));
        }
        try {
            if (!control.extend(NetworkCommands.number(id), relays)) {
                throw NetworkCommands.unknownCircuit(id);
            }
        } catch (TorException e) {
            throw new Refusal(551, "Couldn't send onion skin");
        }
        return extended(NetworkCommands.number(id));
    }

    private static Reply extended(long id) {
        return Reply.of().line("EXTENDED " + id);
    }

    private static long launch(NetworkControl control, List<RsaId> relays, String purpose) throws Refusal {
        try {
            return control.launch(relays, purpose);
        } catch (TorException e) {
            throw new Refusal(551, "Couldn't start circuit");
        }
    }

    /** The path, which looks like a keyword argument; null if there is none. */
    private static @Nullable String path(Arguments arguments) {
        if (arguments.keywords().isEmpty()) {
            return null;
        }
        Arguments.Keyword first = arguments.keywords().getFirst();
        if (first.text().isEmpty()) {
            return first.key();
        }
        return first.key().startsWith("$") ? first.key() + "=" + first.text() : null;
    }

    private static List<RsaId> relays(NetworkControl control, String path) throws Refusal {
        NetDir dir = control.directory();
        List<RsaId> relays = new ArrayList<>();
        for (String name : Arguments.items(path)) {
            int relay = dir == null ? -1 : RelayText.named(dir, name);
            if (dir == null || relay < 0) {
                throw new Refusal(552, "No such router \"" + name + "\"");
            }
            if (relay < dir.size() && !dir.hasMicrodesc(relay)) {
                throw new Refusal(552, "No descriptor for \"" + name + "\"");
            }
            relays.add(dir.rsaId(relay));
        }
        if (relays.isEmpty()) {
            throw new Refusal(512, "No router names provided");
        }
        return relays;
    }

    static Reply attach(Request request) throws Refusal {
        Arguments arguments = Arguments.parse(request, Arguments.Syntax.keywords(2, "HOP"));
        String stream = arguments.words().getFirst();
        String circuit = arguments.words().get(1);
        long streamId = NetworkCommands.number(stream);
        long circuitId = NetworkCommands.number(circuit);
        boolean any = circuit.equals("0");
        NetworkControl control = control(request);
        if (!control.hasStream(streamId)) {
            throw NetworkCommands.unknownStream(stream);
        }
        if (!any && !control.hasCircuit(circuitId)) {
            throw NetworkCommands.unknownCircuit(circuit);
        }
        String hop = any ? null : arguments.value("HOP");
        long hopNumber = hop == null ? 0 : NetworkCommands.number(hop);
        if (hopNumber < 0) {
            throw new Refusal(552, "Bad value hop=" + hop);
        }
        if (!control.isUnattached(streamId)) {
            throw new Refusal(555, "Connection is not managed by controller.");
        }
        if (!any) {
            checkCircuit(control.length(circuitId), hopNumber);
        }
        if (!control.attach(streamId, any ? 0 : circuitId)) {
            throw new Refusal(551, "Unable to attach stream");
        }
        return Reply.ok();
    }

    /** @param hop the one that the stream is to end at; 0 for the last, the only one that can be had */
    private static void checkCircuit(int length, long hop) throws Refusal {
        if (length == 0) {
            throw new Refusal(551, "Can't attach stream to non-open origin circuit");
        }
        if (length < 2 || hop == 1) {
            throw new Refusal(551, "Can't attach stream to this one-hop circuit.");
        }
        if (hop > length) {
            throw new Refusal(551, "Circuit doesn't have " + hop + " hops.");
        }
        if (hop > 0 && hop < length) {
            throw new Refusal(551, "Unable to attach stream");
        }
    }

    static Reply redirect(Request request) throws Refusal {
        Arguments arguments = Arguments.parse(request, Arguments.Syntax.words(2, Integer.MAX_VALUE));
        String stream = arguments.words().getFirst();
        long streamId = NetworkCommands.number(stream);
        NetworkControl control = control(request);
        if (!control.hasStream(streamId)) {
            throw NetworkCommands.unknownStream(stream);
        }
        String port = arguments.word(2);
        long number = port == null ? 0 : NetworkCommands.number(port);
        if (port != null && (number < 1 || number > 65_535)) {
            throw new Refusal(512, "Cannot parse port \"" + port + "\"");
        }
        String host = arguments.words().get(1);
        // Of a stream that is on its way the exit has been told already where it goes.
        if (!HostText.isDestination(host) || !control.redirect(streamId, host, (int) number)) {
            throw new Refusal(551, "Unable to redirect stream");
        }
        return Reply.ok();
    }
}
