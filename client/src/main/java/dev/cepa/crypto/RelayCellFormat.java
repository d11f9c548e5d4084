package dev.cepa.crypto;

/** How the 509 bytes of a relay cell are laid out; a property of the hop, not of the circuit (tor-spec section 6.1). */
public enum RelayCellFormat {
    /** command 1, recognized 2, stream 2, digest 4, length 2, then up to 498 bytes. */
    V0(11);

    private final int header;

    RelayCellFormat(int header) {
        this.header = header;
    }

    /** Bytes before a DATA message's data. */
    public int dataHeader() {
        return header;
    }

    /** Most data bytes in one cell. */
    public int maxData() {
        return 509 - header;
    }
}
