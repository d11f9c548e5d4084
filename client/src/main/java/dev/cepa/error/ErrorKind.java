package dev.cepa.error;

import java.util.Locale;

/** What kind of thing went wrong, and what a user can do about it. Callers may switch on it. */
public enum ErrorKind {
    /** The configuration can't be used. */
    CONFIG(Category.CONFIGURATION, Severity.ERROR, "Correct the setting that the message names."),
    /** The data directory can't be read or written, or belongs to somebody else. */
    STORAGE(Category.STORAGE, Severity.ERROR, "Check the data directory's owner, permissions and free space."),
    /** Another instance uses the data directory. */
    ALREADY_RUNNING(Category.STORAGE, Severity.ERROR,
            "Stop the other instance, or give this one a data directory of its own."),
    /** No relay could be reached at all. */
    NETWORK_DOWN(Category.NETWORK, Severity.ERROR, "Check the network connection; Cepa goes on trying by itself."),
    /** One relay could not be reached, or the link to it broke. */
    RELAY_UNREACHABLE(Category.NETWORK, Severity.NOTICE, "Nothing to do: another relay is tried."),
    /** A relay or directory broke the protocol, or is not who it should be. */
    PROTOCOL(Category.NETWORK, Severity.NOTICE,
            "Nothing to do: another relay is tried. If it happens everywhere, something intercepts the connection."),
    /** A signature or certificate does not verify. */
    BAD_SIGNATURE(Category.DIRECTORY, Severity.WARNING,
            "Another directory is asked. If it happens everywhere, check the configured directory authorities."),
    /** The local clock and the network disagree. */
    CLOCK_SKEW(Category.CLOCK, Severity.ERROR, "Set this computer's clock and time zone."),
    /** There is not enough directory information to build circuits. */
    NO_DIRECTORY(Category.DIRECTORY, Severity.WARNING,
            "Wait for bootstrapping to end; if it does not, see its last message."),
    /** The network requires a protocol that this version lacks. */
    OUTDATED(Category.DIRECTORY, Severity.ERROR, "Install a newer version of Cepa."),
    /** No usable relay fits the configured restrictions. */
    NO_PATH(Category.CIRCUIT, Severity.WARNING, "Loosen EntryNodes, ExitNodes, ExcludeNodes or ReachableAddresses."),
    /** No exit allows this port or address. */
    NO_EXIT(Category.CIRCUIT, Severity.WARNING, "No exit relay takes connections to this port; use another port."),
    /** A circuit could not be built, or was closed by a relay. */
    CIRCUIT_FAILED(Category.CIRCUIT, Severity.NOTICE, "Try again: another circuit is used."),
    /** The exit refused to connect, by its policy. */
    EXIT_POLICY(Category.DESTINATION, Severity.NOTICE, "Try again: another exit is used."),
    /** The destination refused the connection. */
    CONNECTION_REFUSED(Category.DESTINATION, Severity.NOTICE, "The far end is not listening on this port."),
    /** The destination can't be reached from the exit. */
    HOST_UNREACHABLE(Category.DESTINATION, Severity.NOTICE,
            "The far end can't be reached from the exit; try again later."),
    /** The name does not resolve, seen from the exit. */
    NAME_NOT_FOUND(Category.DESTINATION, Severity.NOTICE, "Check the host name."),
    /** The far end closed or reset the stream. */
    STREAM_CLOSED(Category.DESTINATION, Severity.NOTICE, "Try again."),
    /** An onion service's descriptor can't be found, or the service can't be reached. */
    ONION_SERVICE(Category.ONION_SERVICE, Severity.NOTICE, "Check the address; the service may be offline."),
    /** An onion service is for clients with a key, and we have none, or another. */
    ONION_CLIENT_AUTH(Category.ONION_SERVICE, Severity.NOTICE,
            "Get a key from the service's operator, and put it where ClientOnionAuthDir says."),
    /** Something took longer than its deadline. */
    TIMEOUT(Category.CIRCUIT, Severity.NOTICE, "Try again, or allow more time."),
    /** A bound on memory, circuits, streams or connections was reached. */
    RESOURCE_LIMIT(Category.LIMIT, Severity.WARNING, "Close something, or raise the limit that the message names."),
    /** The caller's input makes no sense: a bad host name or port. */
    BAD_REQUEST(Category.REQUEST, Severity.NOTICE, "Correct the request."),
    /** The client, circuit or stream was closed by this side. */
    CLOSED(Category.REQUEST, Severity.NOTICE, "Open a new one."),
    /** A mistake in Cepa itself. */
    INTERNAL(Category.INTERNAL, Severity.ERROR, "Please report it with the log.");

    /** What is in trouble. */
    public enum Category {
        /** What the user has set. */
        CONFIGURATION,
        /** The data directory. */
        STORAGE,
        /** The way to relays. */
        NETWORK,
        /** This computer's clock. */
        CLOCK,
        /** What is known of the Tor network. */
        DIRECTORY,
        /** Circuits through it. */
        CIRCUIT,
        /** Whom a stream goes to. */
        DESTINATION,
        /** An onion service. */
        ONION_SERVICE,
        /** A bound that was reached. */
        LIMIT,
        /** What was asked for. */
        REQUEST,
        /** Cepa itself. */
        INTERNAL
    }

    /** How much it matters to whoever runs the client. */
    public enum Severity {
        /** One of many things failed, as happens; others go on. */
        NOTICE,
        /** Something is worth a look if it stays. */
        WARNING,
        /** Nothing works until somebody does something. */
        ERROR
    }

    private final Category category;
    private final Severity severity;
    private final String remedy;

    ErrorKind(Category category, Severity severity, String remedy) {
        this.category = category;
        this.severity = severity;
        this.remedy = remedy;
    }

    /** {@return what is in trouble} */
    public Category category() {
        return category;
    }

    /** {@return how much it matters to whoever runs the client} */
    public Severity severity() {
        return severity;
    }

    /** {@return its name in small letters, as metrics, health and traces have it: {@code relay_unreachable}} */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** {@return what a user can do, as one sentence} */
    public String remedy() {
        return remedy;
    }
}
