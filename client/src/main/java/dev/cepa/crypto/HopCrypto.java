package dev.cepa.crypto;

/**
 * The relay-cell cryptography that a client shares with one hop, in both directions; the seam behind which tor1 and its
 * successors live. Bodies are the 509 bytes of a cell from {@code offset} on and are changed in place.
 *
 * <p>Not thread-safe, but the two directions are independent: the caller guards outbound calls with the circuit's send
 * lock, and makes inbound calls from the channel's reader only. Nothing here blocks.
 */
public interface HopCrypto {
    /** How this hop's relay cells are laid out. */
    RelayCellFormat format();

    /** Bytes of a SENDME tag: 20 for tor1. */
    int tagLength();

    /**
     * Completes and encrypts a cell that is meant for this hop. The caller has written command, stream, length and data,
     * and then calls {@link #encrypt} of each hop nearer to the client, outermost last.
     *
     * @param command the cell command, RELAY or RELAY_EARLY
     */
    void originate(int command, byte[] cell, int offset);

    /** Adds this hop's layer to a cell that is meant for a hop behind it. */
    void encrypt(int command, byte[] cell, int offset);

    /**
     * Removes this hop's layer from an inbound cell.
     *
     * @param last whether no hop is behind this one: a cell that is not its own ends the circuit, so that what was learned
     *     of it need not be taken back
     * @return true if the cell comes from this hop: it is recognised, and its digest or tag verifies
     */
    boolean decrypt(int command, byte[] cell, int offset, boolean last);

    /** Copies the SENDME tag of the cell last given to {@link #originate} to {@code to[0..tagLength)}. */
    void sentTag(byte[] to);

    /** Copies the SENDME tag of the cell last recognised by {@link #decrypt} to {@code to[0..tagLength)}. */
    void receivedTag(byte[] to);
}
