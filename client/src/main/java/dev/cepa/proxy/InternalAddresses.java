package dev.cepa.proxy;

/** Addresses that mean something within one network only. */
final class InternalAddresses {
    private InternalAddresses() {}

    /** Whether it is private, of this computer, of this link, or of nobody: 4 or 16 bytes. */
    static boolean contains(byte[] address) {
        if (address.length == 4) {
            return contains4(address, 0);
        }
        int first = address[0] & 0xff;
        int second = address[1] & 0xff;
        boolean local = (first & 0xfe) == 0xfc || first == 0xfe && (second & 0x80) != 0;
        boolean zeros = true;
        for (int i = 0; i < 10; i++) {
            zeros &= address[i] == 0;
        }
        if (zeros && address[10] == -1 && address[11] == -1) {
            return contains4(address, 12);
        }
        for (int i = 10; i < 15; i++) {
            zeros &= address[i] == 0;
        }
        return local || zeros && (address[15] & 0xfe) == 0;
    }

    private static boolean contains4(byte[] address, int at) {
        int first = address[at] & 0xff;
        int second = address[at + 1] & 0xff;
        return first == 0
                || first == 10
                || first == 127
                || first == 100 && (second & 0xc0) == 64
                || first == 169 && second == 254
                || first == 172 && (second & 0xf0) == 16
                || first == 192 && second == 168;
    }

    /** Whether a name stands for such an address everywhere. */
    static boolean isLocalName(String host) {
        int end = host.endsWith(".") ? host.length() - 1 : host.length();
        return end == 9 && host.regionMatches(true, 0, "localhost", 0, 9)
                || end > 6 && host.regionMatches(true, end - 6, ".local", 0, 6);
    }
}
