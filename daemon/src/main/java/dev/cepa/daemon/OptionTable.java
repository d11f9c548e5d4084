package dev.cepa.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All options of Tor. The table is one text that is searched, not hundreds of objects: a torrc has a few lines, and most
 * runs look at the table once. Immutable.
 */
final class OptionTable {
    private static final String RESOURCE = "torrc-options.tsv";

    private final String text;

    private OptionTable(String text) {
        this.text = text;
    }

    /** The table that is part of the program, without the options' effects: those are for documents. */
    static OptionTable load() {
        byte[] all = read();
        int length = 0;
        boolean effect = false;
        for (int i = 0; i < all.length; i++) {
            if (i == 0 || all[i - 1] == '\n') {
                effect = all[i] == '\t';
            }
            if (!effect) {
                all[length++] = all[i];
            }
        }
        return new OptionTable(new String(all, 0, length, StandardCharsets.ISO_8859_1));
    }

    /** The whole table. */
    static OptionTable loadWithEffects() {
        return new OptionTable(new String(read(), StandardCharsets.ISO_8859_1));
    }

    private static byte[] read() {
        try (InputStream in = OptionTable.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IOException(RESOURCE + " is missing");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What an option does, as a sentence; empty for one that belongs to relays, or if the effects are not loaded. */
    String effect(Option option) {
        int at = text.indexOf('\n', line(option.name())) + 1;
        return at < text.length() && text.charAt(at) == '\t' ? text.substring(at + 1, text.indexOf('\n', at)) : "";
    }

    /** The option of exactly that name but for case; null if there is none. */
    @Nullable Option find(String name) {
        int at = line(name);
        return at < 0 || name.isEmpty() ? null : read(at);
    }

    /** The first option whose name begins so; null if there is none. */
    @Nullable Option findAbbreviated(String start) {
        if (start.isEmpty()) {
            return null;
        }
        for (int at = firstLine(); at < text.length(); at = next(at)) {
            if (text.charAt(at) != '=' && text.regionMatches(true, at, start, 0, start.length())) {
                Option option = read(at);
                if (option.need() != Option.Need.OBSOLETE && !option.isOwn()) {
                    return option;
                }
            }
        }
        return null;
    }

    /**
     * The full name of an old or short one, as often as there is one; else the name itself.
     *
     * @param warnings told about names that Tor asks people to give up
     */
    String expand(String name, boolean commandLine, List<String> warnings) {
        String full = name;
        for (int at = firstLine(); at < text.length(); at = next(at)) {
            if (text.charAt(at) == '=' && isField(at + 1, full)) {
                String flags = field(at, 2);
                if (commandLine || flags.indexOf('c') < 0) {
                    String target = field(at, 1);
                    if (flags.indexOf('w') >= 0) {
                        warnings.add("The configuration option '" + full + "' is deprecated; use '" + target + "' instead.");
                    }
                    full = target;
                }
            }
        }
        return full;
    }

    /** All options that can be set, in the table's order. */
    List<Option> settable() {
        List<Option> options = listed();
        options.removeIf(option -> option.type() == OptionType.VIRTUAL);
        return options;
    }

    /** The same, with those that stand for a group. */
    List<Option> listed() {
        List<Option> options = new ArrayList<>(400);
        for (int at = firstLine(); at < text.length(); at = next(at)) {
            if (text.charAt(at) != '=') {
                Option option = read(at);
                if (option.need() != Option.Need.OBSOLETE) {
                    options.add(option);
                }
            }
        }
        return options;
    }

    /** The name that is most like a mistyped one; null if none is near. */
    @Nullable String nearest(String name) {
        String best = null;
        int bestDistance = (name.length() < 5 ? 1 : Math.max(2, name.length() / 3)) + 1;
        for (int at = firstLine(); at < text.length(); at = next(at)) {
            if (text.charAt(at) != '=') {
                String candidate = field(at, 0);
                int distance = distance(lower(name), lower(candidate), bestDistance);
                if (distance < bestDistance && read(at).need() != Option.Need.OBSOLETE) {
                    best = candidate;
                    bestDistance = distance;
                }
            }
        }
        return best;
    }

    private static String lower(String name) {
        return name.toLowerCase(java.util.Locale.ROOT);
    }

    /** Insertions, deletions, replacements and exchanges of neighbours that make one of the other; at most {@code limit}. */
    private static int distance(String a, String b, int limit) {
        if (Math.abs(a.length() - b.length()) >= limit) {
            return limit;
        }
        int[] before = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(Math.min(last[j], row[j - 1]) + 1, last[j - 1] + change);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], before[j - 2] + 1);
                }
            }
            int[] spare = before;
            before = last;
            last = row;
            row = spare;
        }
        return last[b.length()];
    }

    private int firstLine() {
        int at = 0;
        while (text.charAt(at) == '#') {
            at = next(at);
        }
        return at;
    }

    private int next(int at) {
        int next = at;
        do {
            next = text.indexOf('\n', next) + 1;
        } while (next < text.length() && text.charAt(next) == '\t');
        return next;
    }

    private int line(String name) {
        for (int at = firstLine(); at < text.length(); at = next(at)) {
            if (text.charAt(at) != '=' && isField(at, name)) {
                return at;
            }
        }
        return -1;
    }

    private boolean isField(int at, String name) {
        int end = at + name.length();
        return text.regionMatches(true, at, name, 0, name.length()) && (text.charAt(end) == '\t' || text.charAt(end) == '\n');
    }

    private String field(int lineStart, int index) {
        int end = text.indexOf('\n', lineStart);
        int at = lineStart;
        for (int i = 0; i < index; i++) {
            int tab = text.indexOf('\t', at);
            if (tab < 0 || tab > end) {
                return "";
            }
            at = tab + 1;
        }
        int tab = text.indexOf('\t', at);
        return text.substring(at, tab < 0 || tab > end ? end : tab);
    }

    private Option read(int at) {
        String name = field(at, 0);
        if (field(at, 1).equals("obsolete")) {
            return new Option(name, OptionType.STRING, Option.Need.OBSOLETE, "", "", "");
        }
        Option.Need need = switch (field(at, 2)) {
            case "accept" -> Option.Need.WITHOUT_EFFECT;
            case "refuse" -> Option.Need.REFUSED;
            case "later" -> Option.Need.LATER;
            case "vital" -> Option.Need.VITAL;
            default -> Option.Need.WORKS;
        };
        String testing = field(at, 5);
        String normal = field(at, 4);
        return new Option(
                name,
                OptionType.of(field(at, 1)),
                need,
                field(at, 3),
                normal,
                testing.isEmpty() ? normal : testing);
    }
}
