package dev.cepa.daemon.control;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What every conversation needs: PROTOCOLINFO, AUTHENTICATE, GETINFO, SETEVENTS, SIGNAL, USEFEATURE, ownership. */
final class SessionCommands implements Feature {
    private static final Logger LOG = LoggerFactory.getLogger(SessionCommands.class);

    @Override
    public void addTo(ControlServer server) {
        Commands commands = server.commands();
        commands.add("PROTOCOLINFO", SessionCommands::protocolInfo);
        commands.add("AUTHCHALLENGE", server.auth()::challenge);
        commands.add("AUTHENTICATE", server.auth()::authenticate);
        commands.add("GETINFO", server.info()::run);
        commands.add("SETEVENTS", SessionCommands::setEvents);
        commands.add("SIGNAL", SessionCommands::signal);
        commands.add("TAKEOWNERSHIP", request -> own(request, true));
        commands.add("DROPOWNERSHIP", request -> own(request, false));
        commands.add("USEFEATURE", SessionCommands::useFeature);
    }

    /** PROTOCOLINFO (section 3.21). */
    private static Reply protocolInfo(Request request) {
        ControlAuth.Session session = request.connection().session();
        session.noteProtocolInfo();
        for (String word : Arguments.words(request.line())) {
            if (!isNumber(word)) {
                Reply reply = Reply.error(513, "No such version " + Quoted.of(word));
                return session.isAuthenticated() ? reply : reply.closing();
            }
        }
        return Reply.of()
                .line("PROTOCOLINFO 1")
                .line("AUTH " + request.server().auth().methods())
                .line("VERSION Tor=" + Quoted.of(request.host().version()))
                .done();
    }

    private static boolean isNumber(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (word.charAt(i) < '0' || word.charAt(i) > '9') {
                return false;
            }
        }
        return word.length() < 19;
    }

    /** SETEVENTS (section 3.4). */
    private static Reply setEvents(Request request) throws Refusal {
        List<String> names = Arguments.words(request.line());
        long bits = 0;
        for (String name : names) {
            EventName event = EventName.of(name);
            if (event != null) {
                bits |= event.bit();
            } else if (name.equalsIgnoreCase("EXTENDED") || name.equalsIgnoreCase("AUTHDIR_NEWDESCS")) {
                LOG.warn("The \"{}\" SETEVENTS argument is no longer supported.", name);
            } else {
                throw new Refusal(552, "Unrecognized event \"" + name + "\"");
            }
        }
        long wanted = bits;
        ControlConnection connection = request.connection();
        // What is no longer wanted does not come after the reply, and what is wanted not before it.
        request.server().events().subscribe(connection, wanted & connection.events());
        return Reply.ok().then(() -> request.server().events().subscribe(connection, wanted));
    }

    /** SIGNAL (section 3.7): the reply is on its way before anything is done. */
    private static Reply signal(Request request) throws Refusal {
        String name = Arguments.parse(request, Arguments.Syntax.words(1, 1)).words().getFirst();
        ControlSignal signal = ControlSignal.of(name);
        if (signal == null) {
            throw new Refusal(552, "Unrecognized signal code \"" + name + "\"");
        }
        return Reply.ok().then(() -> request.host().signal(signal));
    }

    /** TAKEOWNERSHIP and DROPOWNERSHIP (sections 3.23 and 3.28). */
    private static Reply own(Request request, boolean owns) {
        request.connection().setOwner(owns);
        LOG.debug(
                "Control connection {} has {} ownership of this Tor instance.", request.connection().number(),
                owns ? "taken" : "dropped");
        return Reply.ok();
    }

    /** USEFEATURE (section 3.19): what could be asked for is always on. */
    private static Reply useFeature(Request request) throws Refusal {
        for (String name : Arguments.words(request.line())) {
            if (!name.equalsIgnoreCase("VERBOSE_NAMES") && !name.equalsIgnoreCase("EXTENDED_EVENTS")) {
                throw new Refusal(552, "Unrecognized feature \"" + name + "\"");
            }
        }
        return Reply.ok();
    }
}
