package dev.cepa.daemon;

/** Tor's log domains, by number: which part of the program a line is from. A set of them is the bits of an int. */
final class LogDomains {
    /** All of them. */
    static final int ALL = (1 << 30) - 1;

    static final int GENERAL = 0;

    private static final String[] NAMES = {
        "GENERAL", "CRYPTO", "NET", "CONFIG", "FS", "PROTOCOL", "MM", "HTTP", "APP", "CONTROL", "CIRC", "REND", "BUG", "DIR",
        "DIRSERV", "OR", "EDGE", "ACCT", "HIST", "HANDSHAKE", "HEARTBEAT", "CHANNEL", "SCHED", "GUARD", "CONSDIFF", "DOS",
        "PROCESS", "PT", "BTRACK", "MESG"
    };

    private LogDomains() {}

    /** As in log lines and Log options. */
    static String name(int domain) {
        return NAMES[domain];
    }

    /** The domain of that name; -1 if there is none. */
    static int of(String name) {
        for (int i = 0; i < NAMES.length; i++) {
            if (NAMES[i].equalsIgnoreCase(name)) {
                return i;
            }
        }
        return -1;
    }

    /** The domain of what a class logs, by its package, and by its name where that says more. */
    static int ofLogger(String className) {
        String prefix = "dev.cepa.";
        if (!className.startsWith(prefix)) {
            return GENERAL;
        }
        int end = className.indexOf('.', prefix.length());
        String room = end < 0 ? "" : className.substring(prefix.length(), end);
        return of(switch (room) {
            case "channel" -> "CHANNEL";
            case "circuit", "pool" -> "CIRC";
            case "path" -> className.endsWith("Manager") ? "GUARD" : "CIRC";
            case "onion" -> "REND";
            case "directory", "netdoc" -> "DIR";
            case "proxy", "http" -> "APP";
            case "crypto" -> "CRYPTO";
            case "control" -> "CONTROL";
            case "transport", "bridge" -> "PT";
            case "daemon" -> switch (className.substring(end + 1)) {
                case "Main" -> "CONFIG";
                case "Services" -> "REND";
                case "Heartbeat" -> "HEARTBEAT";
                case "EventLog" -> "CONTROL";
                default -> className.startsWith("control.", end + 1) ? "CONTROL" : "GENERAL";
            };
            default -> "GENERAL";
        });
    }
}
