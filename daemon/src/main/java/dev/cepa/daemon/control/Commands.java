package dev.cepa.daemon.control;

import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All commands by keyword. Filled at the start, then only read. */
final class Commands {
    private static final Logger LOG = LoggerFactory.getLogger(Commands.class);

    private final Map<String, Command> table = new HashMap<>();

    /**
     * Adds one.
     *
     * @param keyword in capital letters, with a {@code +} if a body follows
     */
    void add(String keyword, Command command) {
        table.put(keyword, command);
    }

    /**
     * Carries one out, if whoever sends it may. Never fails: what goes wrong is in the reply.
     *
     * @param typed the keyword as it was sent
     */
    Reply run(Request request, String typed) {
        String keyword = request.keyword();
        if (keyword.equals("QUIT")) {
            return Reply.error(250, "closing connection").closing();
        }
        if (!request.connection().session().allows(keyword)) {
            return Reply.error(514, "Authentication required.").closing();
        }
        Command command = table.get(keyword);
        if (command == null) {
            return Reply.error(510, "Unrecognized command \"" + typed + "\"");
        }
        try {
            return command.run(request);
        } catch (Refusal e) {
            return e.reply();
        } catch (RuntimeException e) {
            LOG.warn("The command {} of a controller could not be carried out", keyword, e);
            return Reply.error(551, "Internal error");
        }
    }
}
