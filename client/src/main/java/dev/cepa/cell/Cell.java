package dev.cepa.cell;

/**
 * The shape of cells on links of protocol 4 and 5 (tor-spec section 3): circuit id 4, command 1, then either a body of
 * 509 bytes or, for variable-length commands, a length of 2 and that many bytes. Before VERSIONS is settled the circuit
 * id has 2 bytes.
 */
public final class Cell {
    /** Bytes of a fixed-length cell. */
    public static final int LENGTH = 514;
    /** Bytes before the body of a fixed-length cell. */
    public static final int HEADER = 5;
    /** Bytes of a fixed-length cell's body. */
    public static final int BODY = 509;
    /** Bytes before the body of a variable-length cell. */
    public static final int VARIABLE_HEADER = 7;

    public static final int PADDING = 0;
    public static final int RELAY = 3;
    public static final int DESTROY = 4;
    public static final int CREATE_FAST = 5;
    public static final int CREATED_FAST = 6;
    public static final int VERSIONS = 7;
    public static final int NETINFO = 8;
    public static final int RELAY_EARLY = 9;
    public static final int CREATE2 = 10;
    public static final int CREATED2 = 11;
    public static final int PADDING_NEGOTIATE = 12;
    public static final int VPADDING = 128;
    public static final int CERTS = 129;
    public static final int AUTH_CHALLENGE = 130;
    public static final int AUTHENTICATE = 131;

    private Cell() {}

    /** Whether cells of this command carry a length (tor-spec section 3: VERSIONS and all from 128 on). */
    public static boolean isVariable(int command) {
        return command == VERSIONS || command >= 128;
    }

    /** The command's name for logs. */
    public static String name(int command) {
        return switch (command) {
            case PADDING -> "PADDING";
            case RELAY -> "RELAY";
            case DESTROY -> "DESTROY";
            case CREATE_FAST -> "CREATE_FAST";
            case CREATED_FAST -> "CREATED_FAST";
            case VERSIONS -> "VERSIONS";
            case NETINFO -> "NETINFO";
            case RELAY_EARLY -> "RELAY_EARLY";
            case CREATE2 -> "CREATE2";
            case CREATED2 -> "CREATED2";
            case PADDING_NEGOTIATE -> "PADDING_NEGOTIATE";
            case VPADDING -> "VPADDING";
            case CERTS -> "CERTS";
            case AUTH_CHALLENGE -> "AUTH_CHALLENGE";
            case AUTHENTICATE -> "AUTHENTICATE";
            default -> "command " + command;
        };
    }
}
