package dev.cepa.circuit;

import dev.cepa.cell.ByteReader;
import dev.cepa.error.ProtocolException;

/** What is asked for and granted within an ntor-v3 handshake: count 1, then type 1, length 1 and body of each. */
final class CircuitExtensions {
    private static final int CONGESTION_REQUEST = 1;
    private static final int CONGESTION_ANSWER = 2;

    private CircuitExtensions() {}

    /** The client's. */
    static byte[] request(boolean congestionControl) {
        return congestionControl ? new byte[] {1, CONGESTION_REQUEST, 0} : new byte[] {0};
    }

    /**
     * Reads a relay's.
     *
     * @param asked whether congestion control was asked for
     * @return how many cells one SENDME confirms; 0 if the relay has not agreed to congestion control
     * @throws ProtocolException if it grants what was not asked for
     */
    static int grantedIncrement(byte[] extensions, boolean asked) throws ProtocolException {
        ByteReader in = new ByteReader(extensions);
        int granted = 0;
        for (int n = extensions.length == 0 ? 0 : in.u8(); n > 0; n--) {
            int type = in.u8();
            int length = in.u8();
            if (type != CONGESTION_ANSWER || length != 1 || !asked || granted != 0) {
                throw new ProtocolException("extension " + type + " that was not asked for");
            }
            granted = in.u8();
            if (granted == 0) {
                throw new ProtocolException("congestion control with SENDMEs for no cells");
            }
        }
        return granted;
    }
}
