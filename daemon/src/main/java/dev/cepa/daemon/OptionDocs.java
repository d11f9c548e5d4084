package dev.cepa.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The option table as a document in Markdown. */
final class OptionDocs {
    private static final String HEAD = "configuration.md";

    private final OptionTable table;
    private final StringBuilder out = new StringBuilder(60_000);

    private OptionDocs(OptionTable table) {
        this.table = table;
    }

    /**
     * The whole document: how configuration works, then every option.
     *
     * @param table with effects
     */
    static String write(OptionTable table) {
        return new OptionDocs(table).write();
    }

    /** What an option belongs to. */
    static String scope(Option option) {
        if (option.isOwn()) {
            return "cepa";
        }
        if (option.flags().indexOf('d') >= 0) {
            return "authority";
        }
        if (option.flags().indexOf('t') >= 0) {
            return "testing";
        }
        boolean used = option.isUsed() || option.flags().indexOf('c') >= 0;
        return !used ? "relay" : option.name().startsWith("HiddenService") ? "onion service" : "client";
    }

    /**
     * What becomes of it: {@code works}; {@code not yet}, with a warning; {@code refused}, as it would make this a relay, or
     * because leaving it out would protect less than asked; {@code no effect}.
     */
    static String status(Option option) {
        return switch (option.need()) {
            case WORKS -> "works";
            case LATER -> "not yet";
            case VITAL, REFUSED -> "refused";
            default -> "no effect";
        };
    }

    /** What it does, as a sentence. */
    static String effect(OptionTable table, Option option) {
        String effect = table.effect(option);
        return !effect.isEmpty()
                ? effect
                : switch (scope(option)) {
                    case "authority" -> "Belongs to directory authorities.";
                    case "testing" -> "Belongs to tests of Tor.";
                    default -> "Belongs to relays.";
                };
    }

    private String write() {
        head();
        List<Option> options = table.settable();
        section("Cepa's own", "Tor does not know these; `--dump-config full` leaves them out unless they are set.", options, "cepa");
        section("Clients", "", options, "client");
        section("Onion services", "", options, "onion service");
        others(options);
        return out.toString();
    }

    private void head() {
        try (InputStream in = OptionDocs.class.getResourceAsStream(HEAD)) {
            if (in == null) {
                throw new IOException(HEAD + " is missing");
            }
            out.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void section(String title, String text, List<Option> options, String scope) {
        out.append("\n### ").append(title).append("\n\n");
        if (!text.isEmpty()) {
            out.append(text).append("\n\n");
        }
        out.append("| Option | Type | Default | Effect |\n|---|---|---|---|\n");
        for (Option option : options) {
            if (scope(option).equals(scope)) {
                row(option);
            }
        }
    }

    private void row(Option option) {
        out.append("| `").append(option.name()).append("` | ").append(option.type().title()).append(" | ");
        String value = option.defaultValue();
        if (!value.isEmpty()) {
            out.append('`').append(value.replace(",", ", ")).append('`');
        }
        if (!option.testingDefault().equals(value)) {
            out.append(" (tests: `").append(option.testingDefault()).append("`)");
        }
        out.append(" | ").append(effect(table, option).replace("|", "\\|").replace("*", "\\*"));
        switch (status(option)) {
            case "not yet" -> out.append(" **Not yet.**");
            case "refused" -> out.append(" **Not yet: refused.**");
            case "no effect" -> out.append(" **No effect.**");
            default -> {}
        }
        if (option.fixed()) {
            out.append(" *Restart.*");
        }
        out.append(" |\n");
    }

    private void others(List<Option> options) {
        out.append("\n### Relays, authorities and tests\n\nAccepted, kept and shown by `--dump-config`, without effect; "
                + "the log names them once.\n\n");
        names(options, "no effect");
        out.append("""

                These would make this a relay or an authority. With a value other than 0 the program does not start, unless
                `ClientOnly 1` says that an `ORPort`, `DirPort` or `ExtORPort` is not meant:

                """);
        names(options, "refused");
    }

    private void names(List<Option> options, String status) {
        List<String> names = new ArrayList<>();
        for (Option option : options) {
            if (!option.isUsed() && option.flags().indexOf('c') < 0 && status(option).equals(status)) {
                names.add(option.name());
            }
        }
        int column = 0;
        for (int i = 0; i < names.size(); i++) {
            String name = "`" + names.get(i) + (i + 1 < names.size() ? "`," : "`.");
            if (column > 0 && column + name.length() > 118) {
                out.append('\n');
                column = 0;
            }
            out.append(column > 0 ? " " : "").append(name);
            column += name.length() + 1;
        }
        out.append('\n');
    }
}
