package dev.cepa.circuit;

import dev.cepa.cell.RelayMessage;
import dev.cepa.crypto.RelayCellFormat;

/** Where command, stream and length are in a decrypted relay cell of each format (tor-spec section 6.1). */
final class RelayCells {
    private RelayCells() {}

    static int command(RelayCellFormat format, byte[] cell, int offset) {
        return switch (format) {
            case V0 -> cell[offset] & 0xff;
        };
    }

    static int streamId(RelayCellFormat format, byte[] cell, int offset) {
        return switch (format) {
            case V0 -> u16(cell, offset + 3);
        };
    }

    /** The body's length as the sender claims it. */
    static int length(RelayCellFormat format, byte[] cell, int offset) {
        return switch (format) {
            case V0 -> u16(cell, offset + 9);
        };
    }

    /** Writes all that precedes the body; what the cipher fills in becomes zero. */
    static void writeHeader(RelayCellFormat format, byte[] cell, int command, int streamId, int length) {
        switch (format) {
            case V0 -> {
                cell[0] = (byte) command;
                cell[1] = 0;
                cell[2] = 0;
                cell[3] = (byte) (streamId >>> 8);
                cell[4] = (byte) streamId;
                cell[5] = 0;
                cell[6] = 0;
                cell[7] = 0;
                cell[8] = 0;
                cell[9] = (byte) (length >>> 8);
                cell[10] = (byte) length;
            }
        }
    }

    /**
     * Whether a message belongs to a stream, so that its place among the other streams' messages matters: what is counted on
     * the legs of a set (proposal 329 section 2.4.1).
     */
    static boolean isOfStream(int command) {
        return switch (command) {
            case RelayMessage.DATA,
                    RelayMessage.BEGIN,
                    RelayMessage.END,
                    RelayMessage.CONNECTED,
                    RelayMessage.RESOLVE,
                    RelayMessage.RESOLVED,
                    RelayMessage.XOFF,
                    RelayMessage.XON ->
                    true;
            default -> false;
        };
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }
}
