package dev.cepa.daemon.control;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Everything that GETINFO can tell (control-spec section 3.9). Filled at the start, then only read. */
final class Info {
    private record Prefix(String start, InfoSource source) {}

    private final Map<String, InfoSource> exact = new HashMap<>();
    private final List<Prefix> prefixes = new ArrayList<>();
    private final List<String> documentation = new ArrayList<>();

    /**
     * Adds a key.
     *
     * @param about as C tor says it; empty for one that info/names does not list
     */
    void add(String key, String about, InfoSource source) {
        exact.put(key, source);
        document(key, about);
    }

    /**
     * Adds all keys that begin so; of several beginnings the first that was added counts, and a whole key before any.
     *
     * @param about as C tor says it; empty for one that info/names does not list
     */
    void addPrefix(String start, String about, InfoSource source) {
        prefixes.add(new Prefix(start, source));
        document(start + "*", about);
    }

    /** Adds a line to info/names alone, for a key whose beginning has been added. */
    void document(String key, String about) {
        if (!about.isEmpty()) {
            documentation.add(key + " -- " + about);
        }
    }

    /** Who answers; null if nobody does. */
    @Nullable InfoSource find(String key) {
        InfoSource source = exact.get(key);
        if (source != null) {
            return source;
        }
        for (Prefix prefix : prefixes) {
            if (key.startsWith(prefix.start)) {
                return prefix.source;
            }
        }
        return null;
    }

    /** All keys with what they are about, a line each, in order. */
    String names() {
        List<String> sorted = new ArrayList<>(documentation);
        sorted.sort(null);
        return String.join("\n", sorted) + "\n";
    }

    /** GETINFO: all answers, or what is wrong with the keys. */
    Reply run(Request request) throws Refusal {
        Reply answers = Reply.of();
        Reply unrecognized = Reply.of();
        boolean allKnown = true;
        for (String key : Arguments.words(request.line())) {
            String answer = null;
            String problem = "Unrecognized key \"" + key + "\"";
            InfoSource source = find(key);
            if (source != null) {
                try {
                    answer = source.answer(key, request);
                } catch (Refusal e) {
                    if (e.code() != 552) {
                        throw e;
                    }
                    problem = String.valueOf(e.getMessage());
                }
            }
            if (answer == null) {
                unrecognized.line(552, problem);
                allKnown = false;
            } else {
                answers.value(key, answer);
            }
        }
        return allKnown ? answers.done() : unrecognized;
    }
}
