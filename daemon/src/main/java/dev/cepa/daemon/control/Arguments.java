package dev.cepa.daemon.control;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What follows a command's keyword: words, then keyword arguments ({@code Key=value}, {@code Key="a value"}, flags), as C tor
 * takes them apart. Immutable.
 *
 * @param words the first ones, by place
 * @param keywords what follows them, in order
 */
record Arguments(List<String> words, List<Keyword> keywords) {
    /**
     * A keyword argument.
     *
     * @param key empty if there is a value alone
     * @param value null if there is a key alone
     */
    record Keyword(String key, @Nullable String value) {
        /** The value, empty if there is none. */
        String text() {
            return value == null ? "" : value;
        }
    }

    /** How values in quotes are written. */
    enum Quotes {
        /** Not at all. */
        NONE,
        /** With C's escapes ({@code \n}, {@code \"}, octal and hexadecimal numbers). */
        C,
        /** A backslash makes any character stand for itself: for authentication alone. */
        PLAIN
    }

    /**
     * What a command takes.
     *
     * @param least so many words at least
     * @param most so many words at most
     * @param keywords whether keyword arguments may follow
     * @param omitKeys whether values may stand alone
     * @param omitValues whether keys may stand alone
     * @param allowed the only keys, in any case; null for any
     */
    record Syntax(
            int least, int most, boolean keywords, boolean omitKeys, boolean omitValues, Quotes quotes,
            @Nullable List<String> allowed) {
        /** Words alone. */
        static Syntax words(int least, int most) {
            return new Syntax(least, most, false, false, false, Quotes.NONE, null);
        }

        /** So many words exactly, then {@code Key=value}. */
        static Syntax keywords(int words, String... allowed) {
            return new Syntax(words, words, true, false, false, Quotes.NONE, allowed.length == 0 ? null : List.of(allowed));
        }

        /** The same with values in quotes. */
        Syntax with(Quotes other) {
            return new Syntax(least, most, keywords, omitKeys, omitValues, other, allowed);
        }

        /** The same where values may stand alone. */
        Syntax omittingKeys() {
            return new Syntax(least, most, keywords, true, omitValues, quotes, allowed);
        }

        /** The same where keys may stand alone. */
        Syntax omittingValues() {
            return new Syntax(least, most, keywords, omitKeys, true, quotes, allowed);
        }

        /** The same with other numbers of words; keyword arguments begin after the most. */
        Syntax withWords(int atLeast, int atMost) {
            return new Syntax(atLeast, atMost, keywords, omitKeys, omitValues, quotes, allowed);
        }
    }

    /** All words of a line, between blanks. */
    static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        split(line, Integer.MAX_VALUE, words);
        return words;
    }

    /**
     * Takes a request's line apart.
     *
     * @throws Refusal 512 if it is not what the command takes
     */
    static Arguments parse(Request request, Syntax syntax) throws Refusal {
        return parse(request, request.line(), syntax);
    }

    /**
     * The same of the line's bytes: each character is one.
     *
     * @throws Refusal 512 if it is not what the command takes
     */
    static Arguments parseRaw(Request request, Syntax syntax) throws Refusal {
        return parse(request, request.rawLine(), syntax);
    }

    private static Arguments parse(Request request, String line, Syntax syntax) throws Refusal {
        try {
            return parse(line, syntax);
        } catch (Refusal e) {
            throw new Refusal(e.code(), "Bad arguments to " + request.keyword() + ": " + e.getMessage());
        }
    }

    /** The same of a line alone. */
    static Arguments parse(String line, Syntax syntax) throws Refusal {
        List<String> words = new ArrayList<>();
        String rest = split(line, syntax.most, words);
        if (words.size() < syntax.least) {
            throw new Refusal(512, "Need at least " + syntax.least + " argument(s)");
        }
        if (rest.isEmpty()) {
            return new Arguments(words, List.of());
        }
        if (!syntax.keywords) {
            throw new Refusal(512, "Cannot accept more than " + syntax.most + " argument(s)");
        }
        List<Keyword> keywords = new KeywordReader(rest, syntax).read();
        if (keywords == null) {
            throw new Refusal(512, "Cannot parse keyword argument(s)");
        }
        List<String> allowed = syntax.allowed;
        if (allowed != null) {
            for (Keyword keyword : keywords) {
                if (allowed.stream().noneMatch(keyword.key::equalsIgnoreCase)) {
                    throw new Refusal(512, "Unrecognized keyword argument " + Quoted.of(keyword.key));
                }
            }
        }
        return new Arguments(words, keywords);
    }

    /** Takes up to so many words from the front; returns what is left, without blanks at its ends. */
    private static String split(String line, int most, List<String> words) {
        int at = 0;
        while (at < line.length()) {
            int end = line.indexOf(' ', at);
            end = end < 0 ? line.length() : end;
            String word = line.substring(at, end).strip();
            if (!word.isEmpty()) {
                if (words.size() == most) {
                    return line.substring(at).strip();
                }
                words.add(word);
            }
            at = end + 1;
        }
        return "";
    }

    /** The word at a place; null if there is none. */
    @Nullable String word(int index) {
        return index < words.size() ? words.get(index) : null;
    }

    /** The value of the first keyword of that name in any case; null if there is none. */
    @Nullable String value(String key) {
        for (Keyword keyword : keywords) {
            if (keyword.key.equalsIgnoreCase(key)) {
                return keyword.text();
            }
        }
        return null;
    }

    /** All values of keywords of that name in any case, in order. */
    List<String> values(String key) {
        List<String> values = new ArrayList<>();
        for (Keyword keyword : keywords) {
            if (keyword.key.equalsIgnoreCase(key)) {
                values.add(keyword.text());
            }
        }
        return values;
    }

    /** Whether that keyword stands there without a value. */
    boolean hasFlag(String key) {
        for (Keyword keyword : keywords) {
            if (keyword.key.equalsIgnoreCase(key) && keyword.text().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /** The items of a value with commas, as written. */
    static List<String> items(@Nullable String list) {
        List<String> items = new ArrayList<>();
        for (int at = 0; list != null && at < list.length(); ) {
            int comma = list.indexOf(',', at);
            int end = comma < 0 ? list.length() : comma;
            if (end > at) {
                items.add(list.substring(at, end));
            }
            at = end + 1;
        }
        return items;
    }

    /** In capital letters, whatever the computer's language. */
    static String upper(String word) {
        return word.toUpperCase(Locale.ROOT);
    }
}
