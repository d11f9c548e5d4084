package dev.cepa.daemon;

/** Reads JSON only to see that it is JSON. */
final class JsonReader {
    private final String text;
    private int at;

    private JsonReader(String text) {
        this.text = text;
    }

    /** Fails unless the text is one JSON value, with blanks around it at most. */
    static void check(String text) {
        JsonReader reader = new JsonReader(text);
        reader.value();
        reader.blanks();
        reader.require(reader.at == text.length());
    }

    private void value() {
        blanks();
        switch (text.charAt(at)) {
            case '{' -> list('}', true);
            case '[' -> list(']', false);
            case '"' -> string();
            default -> {
                int start = at;
                while (at < text.length() && "+-.eE0123456789truefalsn".indexOf(text.charAt(at)) >= 0) {
                    at++;
                }
                String word = text.substring(start, at);
                require(word.equals("true") || word.equals("false") || word.equals("null")
                        || word.matches("-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?"));
            }
        }
    }

    private void list(char end, boolean named) {
        at++;
        blanks();
        for (boolean first = true; text.charAt(at) != end; first = false) {
            if (!first) {
                require(text.charAt(at++) == ',');
                blanks();
            }
            if (named) {
                string();
                blanks();
                require(text.charAt(at++) == ':');
            }
            value();
            blanks();
        }
        at++;
    }

    private void string() {
        require(text.charAt(at++) == '"');
        while (text.charAt(at) != '"') {
            char c = text.charAt(at++);
            require(c >= ' ');
            if (c == '\\') {
                char escape = text.charAt(at++);
                require("\"\\/bfnrtu".indexOf(escape) >= 0);
                if (escape == 'u') {
                    Integer.parseInt(text, at, at + 4, 16);
                    at += 4;
                }
            }
        }
        at++;
    }

    private void blanks() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private void require(boolean fine) {
        if (!fine) {
            throw new AssertionError("not JSON at " + at + ": " + text.substring(Math.max(0, at - 30), Math.min(text.length(), at + 10)));
        }
    }
}
