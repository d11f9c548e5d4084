package dev.cepa.daemon.control;

import dev.cepa.daemon.control.Arguments.Keyword;
import dev.cepa.daemon.control.Arguments.Quotes;
import dev.cepa.daemon.control.Arguments.Syntax;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads keyword arguments as C tor does. Used once; not thread-safe. */
final class KeywordReader {
    private final String text;
    private final Syntax syntax;
    private int at;

    KeywordReader(String text, Syntax syntax) {
        this.text = text;
        this.syntax = syntax;
    }

    /** All of them; null if they can't be read. */
    @Nullable List<Keyword> read() {
        List<Keyword> keywords = new ArrayList<>();
        if (text.indexOf(0) >= 0) {
            return null;
        }
        while (true) {
            while (at < text.length() && isBlank(text.charAt(at))) {
                at++;
            }
            if (at == text.length()) {
                return keywords;
            }
            Keyword keyword = next();
            if (keyword == null) {
                return null;
            }
            keywords.add(keyword);
        }
    }

    private @Nullable Keyword next() {
        String key = "";
        if (text.charAt(at) != '"') {
            int end = at;
            while (end < text.length() && !isBlank(text.charAt(end)) && text.charAt(end) != '=') {
                end++;
            }
            if (end < text.length() && text.charAt(end) == '=') {
                key = text.substring(at, end);
                at = end + 1;
                if (!isKey(key)) {
                    return null;
                }
            } else if (syntax.omitValues()) {
                key = text.substring(at, end);
                at = end;
                return isKey(key) ? new Keyword(key, null) : null;
            } else if (!syntax.omitKeys()) {
                return null;
            }
        }
        if (key.isEmpty() && !syntax.omitKeys()) {
            return null;
        }
        boolean inQuotes = at < text.length() && text.charAt(at) == '"';
        String value = inQuotes ? quoted() : word();
        return value == null || syntax.quotes() == Quotes.NONE && !isPlain(value) ? null : new Keyword(key, value);
    }

    private String word() {
        int start = at;
        while (at < text.length() && !isBlank(text.charAt(at))) {
            at++;
        }
        return text.substring(start, at);
    }

    private @Nullable String quoted() {
        if (syntax.quotes() == Quotes.NONE) {
            return null;
        }
        Quoted.Found found = syntax.quotes() == Quotes.C ? Quoted.read(text, at) : Quoted.readPlain(text, at);
        if (found == null) {
            return null;
        }
        at = found.end();
        return found.text();
    }

    /** Keys that would need quotes can't be. */
    private boolean isKey(String key) {
        return !key.isEmpty() && (syntax.quotes() == Quotes.PLAIN || isPlain(key));
    }

    private static boolean isPlain(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c <= ' ' || c >= 127 || c == '"' || c == '\'') {
                return false;
            }
        }
        return true;
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0x0b;
    }
}
