package dev.cepa.netdoc;

/** The flags that a consensus gives a relay, as bits of an int (dir-spec section 3.4.1, {@code s} lines). */
public final class RelayFlags {
    public static final int AUTHORITY = 1;
    public static final int BAD_EXIT = 1 << 1;
    public static final int EXIT = 1 << 2;
    public static final int FAST = 1 << 3;
    public static final int GUARD = 1 << 4;
    public static final int HS_DIR = 1 << 5;
    public static final int MIDDLE_ONLY = 1 << 6;
    public static final int NO_ED_CONSENSUS = 1 << 7;
    public static final int STABLE = 1 << 8;
    public static final int STALE_DESC = 1 << 9;
    public static final int SYBIL = 1 << 10;
    public static final int RUNNING = 1 << 11;
    public static final int VALID = 1 << 12;
    public static final int V2_DIR = 1 << 13;

    private RelayFlags() {}
}
