package dev.cepa.pool;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What somebody wants for his streams alone, as text: {@code session=42;exit={de},{fr};lifetime=10m} or {@code fresh}.
 * Immutable.
 *
 * <p>{@code session} is a name, so that streams with another one share no circuit with these; {@code exit} lists the only
 * exits that will do, as torrc's {@code ExitNodes}; {@code lifetime} is how long a circuit takes streams after its first, in
 * {@code s}, {@code m}, {@code h} or {@code d}; {@code fresh} is a new circuit for each request.
 *
 * @param exit fingerprints, nicknames, addresses or countries; empty for any
 * @param lifetime null for that of the settings
 * @param fresh whether each request has a circuit of its own
 */
public record SessionParameters(String exit, @Nullable Duration lifetime, boolean fresh) {
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final String FRESH = "fresh";

    /** Whether a user name is meant to be parameters: it is {@code fresh}, or has a key. */
    public static boolean isMeant(String user) {
        int end = user.indexOf(';');
        String first = end < 0 ? user : user.substring(0, end);
        return first.equals(FRESH) || first.indexOf('=') >= 0;
    }

    /**
     * Reads them.
     *
     * @throws TorException of kind BAD_REQUEST for an unknown or repeated key, or a value that makes no sense: nothing is
     *     ignored
     */
    public static SessionParameters parse(String text) throws TorException {
        String exit = "";
        Duration lifetime = null;
        boolean fresh = false;
        boolean named = false;
        for (String part : text.split(";", -1)) {
            int equals = part.indexOf('=');
            String key = equals < 0 ? part : part.substring(0, equals);
            String value = equals < 0 ? "" : part.substring(equals + 1);
            boolean repeated = switch (key) {
                case "session" -> named;
                case "exit" -> !exit.isEmpty();
                case "lifetime" -> lifetime != null;
                case FRESH -> fresh;
                default -> throw bad("unknown key \"" + printable(key) + "\"; there are session, exit, lifetime and fresh");
            };
            if (repeated) {
                throw bad("\"" + key + "\" is given twice");
            }
            if (key.equals(FRESH) ? equals >= 0 : value.isEmpty()) {
                throw bad(key.equals(FRESH) ? "\"fresh\" takes no value" : "\"" + key + "\" needs a value");
            }
            switch (key) {
                case "session" -> named = true;
                case "exit" -> exit = value;
                case "lifetime" -> lifetime = lifetime(value);
                default -> fresh = true;
            }
        }
        if (fresh && lifetime != null) {
            throw bad("\"fresh\" and \"lifetime\" exclude one another");
        }
        return new SessionParameters(exit, lifetime, fresh);
    }

    private static Duration lifetime(String value) throws TorException {
        int last = value.length() - 1;
        long unit = switch (value.charAt(last)) {
            case 's' -> 1;
            case 'm' -> 60;
            case 'h' -> 3600;
            case 'd' -> 86_400;
            default -> 0;
        };
        long number = 0;
        for (int i = 0; i < (unit == 0 ? last + 1 : last); i++) {
            char c = value.charAt(i);
            number = c < '0' || c > '9' || i > 8 ? Integer.MIN_VALUE : 10 * number + c - '0';
        }
        long seconds = number * Math.max(1, unit);
        if (seconds < 1 || seconds > LONGEST.toSeconds()) {
            throw bad("a lifetime is from 1s to 1d, such as 10m");
        }
        return Duration.ofSeconds(seconds);
    }

    private static String printable(String key) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < Math.min(key.length(), 20); i++) {
            char c = key.charAt(i);
            out.append(c > ' ' && c < 127 ? c : '?');
        }
        return out.toString();
    }

    private static TorException bad(String what) {
        return new TorException(ErrorKind.BAD_REQUEST, "Session parameters: " + what + ".");
    }
}
