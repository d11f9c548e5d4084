package dev.cepa.daemon;

import org.jspecify.annotations.Nullable;

/** The words of a line, one after the other. Not thread-safe. */
final class Words {
    private final String text;
    private int at;

    Words(String text) {
        this.text = text;
        skipBlanks();
    }

    /** The next word; null at the end. */
    @Nullable String next() {
        if (at == text.length()) {
            return null;
        }
        int start = at;
        while (at < text.length() && !isBlank(text.charAt(at))) {
            at++;
        }
        String word = text.substring(start, at);
        skipBlanks();
        return word;
    }

    /** Everything that is left, without blanks at its ends. */
    String rest() {
        String rest = text.substring(at).strip();
        at = text.length();
        return rest;
    }

    private void skipBlanks() {
        while (at < text.length() && isBlank(text.charAt(at))) {
            at++;
        }
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }
}
