package dev.cepa.event;

/** What is known of the program of this computer that a stream is for. It names a person: it is for controllers, not for logs. */
public interface StreamOrigin {
    /** {@return how it asked: {@code SOCKS4}, {@code SOCKS5}, {@code HTTP}, {@code DNS}, {@code TRANS}} */
    String protocol();

    /** {@return where it is, address and port; empty if it came by the file system} */
    String source();

    /** {@return its user name, one character a byte; empty without one} */
    String user();

    /** {@return its password, one character a byte; empty without one} */
    String password();

    /** {@return the number that events have told of the stream under, before it had a circuit; 0 if they have not} */
    default long streamId() {
        return 0;
    }
}
