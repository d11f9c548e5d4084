package dev.cepa.daemon;

import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/** {@code cepa config}: checks configuration files, and prints samples, the schema and the reference of all options. */
public final class ConfigTool implements ToolProvider {
    private static final String USAGE = """
            usage: cepa config check FILE [--json]     say what is wrong with a torrc (- for standard input); 1 if anything is
                   cepa config sample [minimal|desktop|server|onion]
                                                       print a torrc to begin with
                   cepa config schema                  print a JSON schema of all options
                   cepa config reference               print docs/configuration.md
            """;

    @Override
    public String name() {
        return "config";
    }

    @Override
    public int run(PrintWriter out, PrintWriter err, String... args) {
        List<String> words = new ArrayList<>(List.of(args));
        boolean json = words.remove("--json");
        String what = words.isEmpty() ? "" : words.get(0);
        try {
            switch (what) {
                case "check" -> {
                    if (words.size() == 2) {
                        return check(words.get(1), json, out);
                    }
                }
                case "sample" -> {
                    if (words.size() <= 2 && !json) {
                        return sample(words.size() == 2 ? words.get(1) : "minimal", out, err);
                    }
                }
                case "schema", "reference" -> {
                    if (words.size() == 1 && !json) {
                        OptionTable table = OptionTable.loadWithEffects();
                        out.print(what.equals("schema") ? OptionSchema.write(table) : OptionDocs.write(table));
                        out.flush();
                        return 0;
                    }
                }
                default -> {}
            }
        } catch (IOException e) {
            err.println("cepa config: " + e.getMessage());
            err.flush();
            return 1;
        }
        err.print(USAGE);
        err.flush();
        return 2;
    }

    @Override
    public int run(PrintStream out, PrintStream err, String... args) {
        return run(
                new PrintWriter(out, false, StandardCharsets.UTF_8), new PrintWriter(err, false, StandardCharsets.UTF_8), args);
    }

    private static int check(String file, boolean json, PrintWriter out) throws TorException {
        ConfigCheck check = ConfigCheck.of(file, file.equals("-") ? Configuration.standardInput(System.in) : "");
        out.print(json ? check.json(file) : check.text(file));
        out.flush();
        return check.count("error") == 0 ? 0 : 1;
    }

    private static int sample(String kind, PrintWriter out, PrintWriter err) throws IOException {
        InputStream found = List.of("minimal", "desktop", "server", "onion").contains(kind)
                ? ConfigTool.class.getResourceAsStream("sample-" + kind + ".torrc")
                : null;
        if (found == null) {
            err.print(USAGE);
            err.flush();
            return 2;
        }
        try (InputStream in = found) {
            out.print(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
        out.flush();
        return 0;
    }
}
