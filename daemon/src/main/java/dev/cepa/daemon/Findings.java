package dev.cepa.daemon;

import dev.cepa.error.TorException;
import java.util.ArrayList;
import java.util.List;

/**
 * What is found in a configuration: errors, and what the user should or may know. The program stops at the first error; who
 * checks a file wants all of them. Not thread-safe.
 */
final class Findings {
    private final boolean all;
    private final List<TorException> errors = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();

    private Findings(boolean all) {
        this.all = all;
    }

    /** Throws the first error. */
    static Findings untilFirstError() {
        return new Findings(false);
    }

    /** Keeps errors and goes on. */
    static Findings ofEverything() {
        return new Findings(true);
    }

    /** Takes an error. */
    void error(TorException e) throws TorException {
        if (!all) {
            throw e;
        }
        errors.add(e);
    }

    /** Takes what the user should know. */
    void warn(String warning) {
        warnings.add(warning);
    }

    /** Takes what the user may want to know. */
    void note(String notice) {
        notices.add(notice);
    }

    List<TorException> errors() {
        return errors;
    }

    List<String> warnings() {
        return warnings;
    }

    List<String> notices() {
        return notices;
    }
}
