package dev.cepa.daemon.control;

import dev.cepa.daemon.control.Arguments.Keyword;
import dev.cepa.daemon.control.Arguments.Quotes;
import dev.cepa.daemon.control.Arguments.Syntax;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configuration: GETCONF, SETCONF, RESETCONF, SAVECONF, LOADCONF (control-spec sections 3.1 to 3.3, 3.6 and 3.20). */
final class ConfigCommands implements Feature {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigCommands.class);
    private static final Syntax SETTINGS = Syntax.keywords(0).with(Quotes.C).omittingValues();
    private static final Syntax FLAGS = Syntax.keywords(0).omittingValues();

    @Override
    public void addTo(ControlServer server) {
        Commands commands = server.commands();
        commands.add("GETCONF", ConfigCommands::get);
        commands.add("SETCONF", request -> set(request, false));
        commands.add("RESETCONF", request -> set(request, true));
        commands.add("SAVECONF", ConfigCommands::save);
        commands.add("+LOADCONF", ConfigCommands::load);
        Info info = server.info();
        info.add("config-file", "Current location of the \"torrc\" file.", (key, request) -> request.host().options().torrc());
        info.add(
                "config-defaults-file", "Current location of the defaults file.",
                (key, request) -> request.host().options().defaultsTorrc());
        info.add(
                "config-text", "Return the string that would be written by a saveconf command.",
                (key, request) -> request.host().options().dump());
        info.add(
                "config-can-saveconf", "Is it possible to save the configuration to the \"torrc\" file?",
                (key, request) -> request.host().options().canSave() ? "1" : "0");
        info.addPrefix("config/", "Current configuration values.", (key, request) -> switch (key) {
            case "config/names" -> request.host().options().names();
            case "config/defaults" -> request.host().options().defaults();
            default -> null;
        });
        info.document("config/names", "List of configuration options, types, and documentation.");
        info.document(
                "config/defaults", "List of default values for configuration options. See also config/names");
    }

    private static Reply get(Request request) {
        ControlOptions options = request.host().options();
        Reply answers = Reply.of();
        Reply unrecognized = Reply.of();
        boolean any = false;
        boolean allKnown = true;
        for (String word : Arguments.words(request.line())) {
            any = true;
            String name = options.nameOf(word);
            if (name == null) {
                unrecognized.line(552, "Unrecognized configuration key \"" + word + "\"");
                allKnown = false;
                continue;
            }
            List<ControlOptions.Line> lines = options.lines(name);
            if (lines.isEmpty()) {
                answers.line(name);
            }
            for (ControlOptions.Line line : lines) {
                answers.line(line.key() + "=" + (line.value() == null ? "" : line.value()));
            }
        }
        return !allKnown ? unrecognized : any ? answers : Reply.ok();
    }

    private static Reply set(Request request, boolean toDefaults) throws Refusal {
        List<ControlOptions.Line> lines = new ArrayList<>();
        for (Keyword keyword : Arguments.parse(request, SETTINGS).keywords()) {
            lines.add(new ControlOptions.Line(keyword.key(), keyword.value()));
        }
        try {
            request.host().options().set(lines, toDefaults);
        } catch (Refusal e) {
            LOG.warn("Controller gave us config lines that didn't validate: {}", reason(e));
            throw e;
        }
        return Reply.ok();
    }

    /** Without what the reply says first. */
    private static String reason(Refusal e) {
        String text = String.valueOf(e.getMessage());
        return text.substring(text.indexOf(": ") + 1).strip();
    }

    private static Reply save(Request request) throws Refusal {
        request.host().options().save(Arguments.parse(request, FLAGS).hasFlag("FORCE"));
        return Reply.ok();
    }

    private static Reply load(Request request) throws Refusal {
        if (request.body().isEmpty()) {
            throw new Refusal(512, "Bad arguments to +LOADCONF: Empty body");
        }
        try {
            request.host().options().load(request.body());
        } catch (Refusal e) {
            LOG.warn("Controller gave us config file that didn't validate: {}", reason(e));
            throw e;
        }
        return Reply.ok();
    }
}
