package dev.cepa.daemon;

import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Everything that is to be said of a configuration file, with the places. Made by {@link #of}; then only read. */
final class ConfigCheck {
    private static final String USUAL_REMEDY = "Correct the setting that the message names.";

    /**
     * Something to be said.
     *
     * @param severity {@code error}, {@code warning} or {@code notice}
     * @param file where; empty if it is about no one line
     * @param line from 1; 0 if it is about no one line
     * @param column in bytes, from 1; 0 if it is not known
     * @param remedy what to do about it, as a sentence; empty if there is nothing to do
     */
    record Problem(String severity, String file, int line, int column, String message, String remedy) {}

    private final List<Problem> problems = new ArrayList<>();
    private final Set<String> messages = new HashSet<>();

    private ConfigCheck() {}

    /**
     * Checks what a start with that file would check, short of opening anything, but does not stop at the first error.
     *
     * @param file its name; {@code -} for standard input
     * @param stdin the text of standard input, if that is to be read
     */
    static ConfigCheck of(String file, String stdin) {
        ConfigCheck check = new ConfigCheck();
        Findings findings = Findings.ofEverything();
        try {
            Configuration configuration = Configuration.read(CommandLine.parse("-f", file), stdin, findings);
            Settings settings = configuration.settings();
            List<String> warnings = configuration.warnings();
            ConfigMapper mapper = new ConfigMapper(settings, warnings, findings);
            for (Step step : List.<Step>of(
                    mapper::client, () -> ServiceLines.readAll(settings), () -> metrics(settings, warnings),
                    () -> ControlLines.readAll(settings, warnings),
                    () -> mapper.logs(0))) {
                check.run(step, findings);
            }
        } catch (TorException e) {
            check.error(e);
        }
        // One without a place follows from those that have one, more often than not.
        boolean placed = findings.errors().stream().anyMatch(ConfigException.class::isInstance);
        for (TorException e : findings.errors()) {
            if (!placed || e instanceof ConfigException) {
                check.error(e);
            }
        }
        for (String warning : findings.warnings()) {
            check.say("warning", warning);
        }
        for (String notice : findings.notices()) {
            if (!notice.contains("onfiguration file \"") && !notice.startsWith("Read configuration")) {
                check.say("notice", notice);
            }
        }
        return check;
    }

    private static List<String> metrics(Settings settings, List<String> warnings) throws TorException {
        MetricsLine.read(settings, warnings);
        return warnings;
    }

    private interface Step {
        Object run() throws TorException;
    }

    private void run(Step step, Findings findings) throws TorException {
        try {
            step.run();
        } catch (TorException e) {
            findings.error(e);
        }
    }

    private void error(TorException e) {
        if (!messages.add(String.valueOf(e.getMessage()))) {
            return;
        }
        problems.add(e instanceof ConfigException c
                ? new Problem("error", c.source(), c.line(), c.column(), c.text(), c.advice())
                : new Problem("error", "", 0, 0, String.valueOf(e.getMessage()), USUAL_REMEDY));
    }

    /** Takes a message that may begin with {@code file:line: }. */
    private void say(String severity, String message) {
        if (!messages.add(message)) {
            return;
        }
        int end = message.indexOf(": ");
        int colon = end < 0 ? -1 : message.lastIndexOf(':', end - 1);
        int line = 0;
        for (int i = colon + 1; colon > 0 && i < end; i++) {
            char c = message.charAt(i);
            line = c >= '0' && c <= '9' && i < colon + 9 ? line * 10 + c - '0' : 0;
        }
        problems.add(line == 0
                ? new Problem(severity, "", 0, 0, message, "")
                : new Problem(severity, message.substring(0, colon), line, 0, message.substring(end + 2), ""));
    }

    /** What is to be said, errors first. */
    List<Problem> problems() {
        return problems;
    }

    int count(String severity) {
        int count = 0;
        for (Problem problem : problems) {
            count += problem.severity.equals(severity) ? 1 : 0;
        }
        return count;
    }

    /** Lines as compilers write them, with the remedy below, and the numbers at the end. */
    String text(String file) {
        StringBuilder out = new StringBuilder();
        for (Problem problem : problems) {
            out.append(problem.file.isEmpty() ? file : problem.file);
            if (problem.line > 0) {
                out.append(':').append(problem.line);
            }
            if (problem.column > 0) {
                out.append(':').append(problem.column);
            }
            out.append(": ").append(problem.severity).append(": ").append(problem.message).append('\n');
            if (!problem.remedy.isEmpty()) {
                out.append("    ").append(problem.remedy).append('\n');
            }
        }
        int errors = count("error");
        out.append(file).append(errors == 0 ? " is valid: " : " is not valid: ");
        append(out, errors, "error");
        append(out.append(", "), count("warning"), "warning");
        return out.append(".\n").toString();
    }

    private static void append(StringBuilder out, int count, String what) {
        out.append(count == 0 ? "no" : Integer.toString(count)).append(' ').append(what).append(count == 1 ? "" : "s");
    }

    /** The same for programs: one JSON object. Places that are not known are left out. */
    String json(String file) {
        StringBuilder out = new StringBuilder();
        Json json = new Json(out).open('{');
        json.name("file").text(file);
        json.name("valid").flag(count("error") == 0);
        json.name("errors").number(count("error"));
        json.name("warnings").number(count("warning"));
        json.name("problems").open('[');
        for (Problem problem : problems) {
            json.open('{').name("severity").text(problem.severity);
            if (problem.line > 0) {
                json.name("file").text(problem.file).name("line").number(problem.line);
            }
            if (problem.column > 0) {
                json.name("column").number(problem.column);
            }
            json.name("message").text(problem.message);
            if (!problem.remedy.isEmpty()) {
                json.name("remedy").text(problem.remedy);
            }
            json.close('}');
        }
        json.close(']').close('}');
        return out.append('\n').toString();
    }
}
