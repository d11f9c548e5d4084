package dev.cepa.daemon.control;

import dev.cepa.cell.RsaId;
import dev.cepa.error.TorException;
import dev.cepa.onion.OnionAddress;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Addresses of onion services, and relays, as controllers write them. */
final class Onions {
    private static final int FINGERPRINT = 40;

    private Onions() {}

    /** A service's 56 characters, without ".onion"; null if that is something else. */
    static @Nullable OnionAddress address(String text) {
        try {
            return text.length() == OnionAddress.TEXT_LENGTH ? OnionAddress.parseLabel(text) : null;
        } catch (TorException e) {
            return null;
        }
    }

    /** A relay: 40 hexadecimal digits, with a dollar sign before and {@code ~} or {@code =} and a name behind it, or not. */
    static @Nullable RsaId relay(String text) {
        String digits = text.startsWith("$") ? text.substring(1) : text;
        if (digits.length() > FINGERPRINT && (digits.charAt(FINGERPRINT) == '~' || digits.charAt(FINGERPRINT) == '=')) {
            digits = digits.substring(0, FINGERPRINT);
        }
        try {
            return digits.length() == FINGERPRINT ? RsaId.of(HexFormat.of().parseHex(digits)) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
