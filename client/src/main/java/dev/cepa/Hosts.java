package dev.cepa;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;

/** What may stand as a host: the exit reads it as text, so nothing else may slip in. */
final class Hosts {
    /** Fits a BEGIN message together with the longest port. */
    private static final int MAX_LENGTH = 255;

    private Hosts() {}

    /** The host without brackets around an IPv6 address. */
    static String check(String host) throws TorException {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        if (bare.isEmpty() || bare.length() > MAX_LENGTH) {
            throw new TorException(
                    ErrorKind.BAD_REQUEST, "a host name has 1 to " + MAX_LENGTH + " characters, not " + bare.length());
        }
        for (int i = 0; i < bare.length(); i++) {
            char c = bare.charAt(i);
            if (c <= ' ' || c >= 127) {
                throw new TorException(
                        ErrorKind.BAD_REQUEST,
                        "a host name is printable ASCII (names in other scripts are written as xn--…); character " + i
                                + " is not");
            }
        }
        return bare;
    }
}
