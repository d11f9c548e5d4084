package dev.cepa.daemon;

import org.jspecify.annotations.Nullable;

/** The types of torrc values: what is allowed, and how Tor writes it back. */
enum OptionType {
    BOOLEAN("Boolean"),
    BOOLEAN_OR_AUTO("Boolean+Auto"),
    INTEGER("Integer"),
    SIGNED_INTEGER("SignedInteger"),
    FLOAT("Float"),
    DATA_SIZE("DataSize"),
    SECONDS("TimeInterval"),
    /** A time; of several with commas, which it was once, the first counts. */
    FIRST_SECONDS("TimeIntervals"),
    MILLISECONDS("TimeMsecInterval"),
    STRING("String"),
    FILE_NAME("Filename"),
    COMMA_LIST("CommaList"),
    RELAY_LIST("RouterList"),
    LINE_LIST("LineList"),
    DEPENDENT("Dependent"),
    VIRTUAL("Virtual");

    private static final OptionType[] ALL = values();

    private final String title;

    OptionType(String title) {
        this.title = title;
    }

    /** The type of that name in the table and in GETINFO. */
    static OptionType of(String title) {
        for (OptionType type : ALL) {
            if (type.title.equals(title)) {
                return type;
            }
        }
        throw new IllegalArgumentException("option type " + title);
    }

    /** Whether its values are numbers, or words that stand for such. */
    boolean isNumber() {
        return switch (this) {
            case BOOLEAN, BOOLEAN_OR_AUTO, INTEGER, SIGNED_INTEGER, FLOAT, DATA_SIZE, SECONDS, FIRST_SECONDS, MILLISECONDS -> true;
            default -> false;
        };
    }

    /** Whether it is a list with commas, which is written even when it is empty. */
    boolean isSplit() {
        return this == COMMA_LIST || this == RELAY_LIST;
    }

    /** What is wrong with a value, null if nothing is. */
    @Nullable String problem(String value) {
        return switch (this) {
            case BOOLEAN -> value.equals("0") || value.equals("1")
                    ? null
                    : "Unrecognized value " + value + ". Allowed values are 0 and 1.";
            case BOOLEAN_OR_AUTO -> value.equals("0") || value.equals("1") || value.equalsIgnoreCase("auto")
                    ? null
                    : "Unrecognized value " + value + ". Allowed values are 0, 1, and auto.";
            case INTEGER -> isInteger(value, 0) || isUnsignedLong(value)
                    ? null
                    : "Integer " + value + " is malformed or out of bounds. Allowed values are between 0 and 2147483647.";
            case SIGNED_INTEGER -> isInteger(value, Integer.MIN_VALUE)
                    ? null
                    : "Integer " + value
                            + " is malformed or out of bounds. Allowed values are between -2147483648 and 2147483647.";
            case FLOAT -> isFloat(value) ? null : "Could not convert \"" + value + "\" to a number.";
            case DATA_SIZE -> Units.problem(value, Units.MEMORY, Long.MAX_VALUE);
            case SECONDS -> Units.problem(value, Units.SECONDS, Integer.MAX_VALUE);
            case FIRST_SECONDS -> Units.problem(beforeComma(value), Units.SECONDS, Integer.MAX_VALUE);
            case MILLISECONDS -> Units.problem(value, Units.MILLISECONDS, Integer.MAX_VALUE);
            case VIRTUAL -> "Cannot assign directly to virtual option.";
            case STRING, FILE_NAME, COMMA_LIST, RELAY_LIST, LINE_LIST, DEPENDENT -> null;
        };
    }

    /** What may be written, as the end of a sentence. */
    String expects() {
        return switch (this) {
            case BOOLEAN -> "0 or 1";
            case BOOLEAN_OR_AUTO -> "0, 1 or auto";
            case INTEGER -> "a whole number from 0 to 2147483647";
            case SIGNED_INTEGER -> "a whole number from -2147483648 to 2147483647";
            case FLOAT -> "a number, such as 0.5";
            case DATA_SIZE -> "a size, such as 10 KBytes or 1 GB";
            case SECONDS, FIRST_SECONDS -> "a time, such as 30 seconds, 10 minutes, 2 hours or 1 week";
            case MILLISECONDS -> "a time, such as 100 msec or 1 second";
            case STRING -> "a text";
            case FILE_NAME -> "a file name";
            case COMMA_LIST -> "a list with commas";
            case RELAY_LIST -> "relays with commas between them: fingerprints, nicknames, addresses or {countries}";
            case LINE_LIST, DEPENDENT -> "a line; the option may be given several times";
            case VIRTUAL -> "the options that it stands for";
        };
    }

    /** Its name in the table, in GETINFO and in the documentation. */
    String title() {
        return this == FIRST_SECONDS ? SECONDS.title : title;
    }

    /** A valid value as Tor writes it back: sizes in bytes, times in seconds or milliseconds, lists without spaces. */
    String canonical(String value) {
        return switch (this) {
            case DATA_SIZE -> Long.toString(Units.parse(value, Units.MEMORY));
            case SECONDS -> Long.toString(Units.parse(value, Units.SECONDS));
            case FIRST_SECONDS -> Long.toString(Units.parse(beforeComma(value), Units.SECONDS));
            case MILLISECONDS -> Long.toString(Units.parse(value, Units.MILLISECONDS));
            case INTEGER, SIGNED_INTEGER -> value.length() == 20 ? value : Integer.toString(Integer.parseInt(value.stripLeading()));
            case BOOLEAN_OR_AUTO -> value.equalsIgnoreCase("auto") ? "auto" : value;
            case FLOAT -> fixedPoint(Double.parseDouble(value));
            case COMMA_LIST, RELAY_LIST -> withoutBlanks(value);
            default -> value;
        };
    }

    private static String beforeComma(String value) {
        // Some intervals were lists once; Tor still reads the first.
        int comma = value.indexOf(',');
        return comma < 0 ? value : value.substring(0, comma);
    }

    private static boolean isInteger(String value, int least) {
        try {
            return Integer.parseInt(value.stripLeading()) >= least;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static boolean isUnsignedLong(String value) {
        try {
            Long.parseUnsignedLong(value);
            // Only __OwningControllerFD is that wide; its default is the largest.
            return value.length() == 20;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static boolean isFloat(String value) {
        String number = value.stripLeading();
        for (int i = 0; i < number.length(); i++) {
            // Java would take more: a letter at the end, NaN, blanks.
            if ("+-.0123456789eE".indexOf(number.charAt(i)) < 0) {
                return false;
            }
        }
        try {
            return !Double.isInfinite(Double.parseDouble(number));
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** With six digits after the point, as {@code %f} does it. */
    private static String fixedPoint(double value) {
        long millionths = Math.round(Math.abs(value) * 1e6);
        String fraction = Long.toString(1_000_000 + millionths % 1_000_000).substring(1);
        return (value < 0 && millionths != 0 ? "-" : "") + millionths / 1_000_000 + "." + fraction;
    }

    private static String withoutBlanks(String value) {
        StringBuilder out = new StringBuilder(value.length());
        int start = 0;
        while (start <= value.length()) {
            int comma = value.indexOf(',', start);
            int end = comma < 0 ? value.length() : comma;
            String item = value.substring(start, end).strip();
            if (!item.isEmpty()) {
                out.append(out.isEmpty() ? "" : ",").append(item);
            }
            start = end + 1;
        }
        return out.toString();
    }
}
