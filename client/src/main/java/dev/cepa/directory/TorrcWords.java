package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** The small parts of torrc's directory server lines. */
final class TorrcWords {
    private TorrcWords() {}

    /** Splits at spaces and tabs. */
    static List<String> of(String value) {
        List<String> words = new ArrayList<>();
        int start = -1;
        for (int i = 0; i <= value.length(); i++) {
            boolean blank = i == value.length() || value.charAt(i) <= ' ';
            if (blank && start >= 0) {
                words.add(value.substring(start, i));
                start = -1;
            } else if (!blank && start < 0) {
                start = i;
            }
        }
        return words;
    }

    /** 1 to 19 ASCII letters and digits. */
    static boolean isNickname(String word) {
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9')) {
                return false;
            }
        }
        return !word.isEmpty() && word.length() <= 19;
    }

    static boolean startsWithDigit(String word) {
        return word.charAt(0) >= '0' && word.charAt(0) <= '9';
    }

    /** What stands before the first equals sign, or the whole word. */
    static String key(String word) {
        int equals = word.indexOf('=');
        return equals < 0 ? word : word.substring(0, equals);
    }

    /** What stands after the first equals sign, or nothing. */
    static String argument(String word) {
        return word.substring(word.indexOf('=') < 0 ? word.length() : word.indexOf('=') + 1);
    }

    static RsaId fingerprint(String hex, String what) throws TorException {
        if (hex.length() != 2 * RsaId.LENGTH) {
            throw new TorException(ErrorKind.CONFIG, what + " must have 40 hexadecimal digits, not \"" + hex + "\"");
        }
        try {
            return RsaId.ofHex(hex);
        } catch (IllegalArgumentException e) {
            throw new TorException(ErrorKind.CONFIG, what + " is not hexadecimal: \"" + hex + "\"", e);
        }
    }

    static InetSocketAddress ipv6(String text) throws TorException {
        InetSocketAddress address = IpLiteral.socketAddress(text, -1);
        if (!(address.getAddress() instanceof Inet6Address)) {
            throw new TorException(ErrorKind.CONFIG, "\"" + text + "\" is not an IPv6 address and port");
        }
        return address;
    }
}
