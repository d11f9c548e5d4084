package dev.cepa.error;

/** What kind of thing went wrong, and what a user can do about it. Callers may switch on it. */
public enum ErrorKind {
    /** The configuration can't be used. */
    CONFIG("Correct the setting that the message names."),
    /** The data directory can't be read or written, or belongs to somebody else. */
    STORAGE("Check the data directory's owner, permissions and free space."),
    /** Another instance uses the data directory. */
    ALREADY_RUNNING("Stop the other instance, or give this one a data directory of its own."),
    /** No relay could be reached at all. */
    NETWORK_DOWN("Check the network connection; Cepa goes on trying by itself."),
    /** One relay could not be reached, or the link to it broke. */
    RELAY_UNREACHABLE("Nothing to do: another relay is tried."),
    /** A relay or directory broke the protocol, or is not who it should be. */
    PROTOCOL("Nothing to do: another relay is tried. If it happens everywhere, something intercepts the connection."),
    /** A signature or certificate does not verify. */
    BAD_SIGNATURE("Another directory is asked. If it happens everywhere, check the configured directory authorities."),
    /** The local clock and the network disagree. */
    CLOCK_SKEW("Set this computer's clock and time zone."),
    /** There is not enough directory information to build circuits. */
    NO_DIRECTORY("Wait for bootstrapping to end; if it does not, see its last message."),
    /** The network requires a protocol that this version lacks. */
    OUTDATED("Install a newer version of Cepa."),
    /** No usable relay fits the configured restrictions. */
    NO_PATH("Loosen EntryNodes, ExitNodes, ExcludeNodes or ReachableAddresses."),
    /** No exit allows this port or address. */
    NO_EXIT("No exit relay takes connections to this port; use another port."),
    /** A circuit could not be built, or was closed by a relay. */
    CIRCUIT_FAILED("Try again: another circuit is used."),
    /** The exit refused to connect, by its policy. */
    EXIT_POLICY("Try again: another exit is used."),
    /** The destination refused the connection. */
    CONNECTION_REFUSED("The far end is not listening on this port."),
    /** The destination can't be reached from the exit. */
    HOST_UNREACHABLE("The far end can't be reached from the exit; try again later."),
    /** The name does not resolve, seen from the exit. */
    NAME_NOT_FOUND("Check the host name."),
    /** The far end closed or reset the stream. */
    STREAM_CLOSED("Try again."),
    /** An onion service's descriptor can't be found, or the service can't be reached. */
    ONION_SERVICE("Check the address; the service may be offline."),
    /** An onion service is for clients with a key, and we have none, or another. */
    ONION_CLIENT_AUTH("Get a key from the service's operator, and put it where ClientOnionAuthDir says."),
    /** Something took longer than its deadline. */
    TIMEOUT("Try again, or allow more time."),
    /** A bound on memory, circuits, streams or connections was reached. */
    RESOURCE_LIMIT("Close something, or raise the limit that the message names."),
    /** The caller's input makes no sense: a bad host name or port. */
    BAD_REQUEST("Correct the request."),
    /** The client, circuit or stream was closed by this side. */
    CLOSED("Open a new one."),
    /** A mistake in Cepa itself. */
    INTERNAL("Please report it with the log.");

    private final String remedy;

    ErrorKind(String remedy) {
        this.remedy = remedy;
    }

    /** {@return what a user can do, as one sentence} */
    public String remedy() {
        return remedy;
    }
}
