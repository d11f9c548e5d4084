package dev.cepa.testnet;

/** What a {@link Node} does in its network. */
public enum NodeKind {
    /** A directory authority, which is also a relay without exit. */
    AUTHORITY,
    /** A relay that refuses to be an exit; every relay is a guard and an onion-service directory too. */
    RELAY,
    /** A relay that exits to loopback. */
    EXIT,
    /** An unlisted entry, named by {@link TestNetwork#bridgeLines()}. */
    BRIDGE,
    /** A {@code tor} client or onion service: a partner for tests, see {@link TestNetwork#startClient}. */
    CLIENT;

    /** Prefix of the nicknames of this kind: {@code exit} for {@code exit0}, {@code exit1}. */
    String prefix() {
        return switch (this) {
            case AUTHORITY -> "auth";
            case RELAY -> "relay";
            case EXIT -> "exit";
            case BRIDGE -> "bridge";
            case CLIENT -> "client";
        };
    }
}
