package dev.cepa.daemon;

import java.util.List;

/** The option table as a JSON schema, for editors and for programs that write configurations. */
final class OptionSchema {
    private final OptionTable table;
    private final StringBuilder out = new StringBuilder(150_000);
    private final Json json = new Json(out);

    private OptionSchema(OptionTable table) {
        this.table = table;
    }

    /**
     * One object with a property for each option: a number, a text, or a list of texts for options that may be given several
     * times.
     *
     * @param table with effects
     */
    static String write(OptionTable table) {
        return new OptionSchema(table).write();
    }

    private String write() {
        json.open('{').name("$schema").text("https://json-schema.org/draft/2020-12/schema");
        json.name("title").text("Options of Cepa");
        json.name("type").text("object").name("additionalProperties").flag(false);
        json.name("properties").open('{');
        for (Option option : table.settable()) {
            out.append('\n');
            json.name(option.name()).open('{');
            json.name("description").text(OptionDocs.effect(table, option));
            type(option);
            String value = option.defaultValue();
            if (!value.isEmpty() && !option.name().equals("__OwningControllerFD")) {
                json.name("default");
                value(option.type(), value);
            }
            json.name("x-type").text(option.type().title());
            json.name("x-scope").text(OptionDocs.scope(option));
            json.name("x-status").text(OptionDocs.status(option));
            json.name("x-restart").flag(option.fixed());
            json.close('}');
        }
        json.close('}').close('}');
        return out.append('\n').toString();
    }

    private void type(Option option) {
        List<String> words = OptionChecks.words(option.name());
        if (!words.isEmpty()) {
            json.name("enum").open('[');
            words.forEach(json::text);
            json.close(']');
            return;
        }
        switch (option.type()) {
            case BOOLEAN -> json.name("enum").open('[').number(0).number(1).close(']');
            case BOOLEAN_OR_AUTO -> json.name("enum").open('[').number(0).number(1).text("auto").close(']');
            case INTEGER -> integer(0);
            case SIGNED_INTEGER -> integer(Integer.MIN_VALUE);
            case FLOAT -> json.name("type").text("number");
            case DATA_SIZE -> withUnits(Units.MEMORY);
            case SECONDS, FIRST_SECONDS -> withUnits(Units.SECONDS);
            case MILLISECONDS -> withUnits(Units.MILLISECONDS);
            case STRING, FILE_NAME -> json.name("type").text("string");
            case COMMA_LIST, RELAY_LIST, LINE_LIST, DEPENDENT, VIRTUAL -> {
                json.name("type").text("array");
                json.name("items").open('{').name("type").text("string").close('}');
            }
        }
    }

    private void integer(int least) {
        json.name("type").text("integer").name("minimum").number(least).name("maximum").number(Integer.MAX_VALUE);
    }

    /** A number, or a text of a number and a unit, in any case. */
    private void withUnits(Object[] units) {
        json.name("type").open('[').text("integer").text("string").close(']').name("minimum").number(0);
        StringBuilder pattern = new StringBuilder("^([0-9]+[.]?[0-9]*|[.][0-9]+) *(");
        for (int i = 2; i < units.length; i += 2) {
            pattern.append(i == 2 ? "" : "|");
            String unit = (String) units[i];
            for (int j = 0; j < unit.length(); j++) {
                char c = unit.charAt(j);
                pattern.append('[').append(Character.toUpperCase(c)).append(c).append(']');
            }
        }
        json.name("pattern").text(pattern.append(")?$").toString());
    }

    private void value(OptionType type, String value) {
        switch (type) {
            case BOOLEAN, INTEGER, SIGNED_INTEGER -> json.number(Long.parseLong(value));
            case BOOLEAN_OR_AUTO -> {
                if (value.equals("auto")) {
                    json.text(value);
                } else {
                    json.number(Long.parseLong(value));
                }
            }
            case FLOAT -> json.number(Double.parseDouble(value));
            case COMMA_LIST, RELAY_LIST, LINE_LIST, DEPENDENT, VIRTUAL -> {
                json.open('[');
                for (String item : value.split(",")) {
                    json.text(item);
                }
                json.close(']');
            }
            default -> json.text(value);
        }
    }
}
