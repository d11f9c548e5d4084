package dev.cepa.onion;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.ConsensusInfo;

/**
 * How long descriptors become that {@link DescriptorWriter} makes, at most, before the introduction points are known: one
 * too long is refused by every directory.
 */
final class DescriptorSize {
    /** Directories take what is shorter, if the consensus does not say otherwise. */
    static final int DEFAULT_LIMIT = 50_000;

    /** More is never fetched. */
    private static final int MOST = 1 << 20;
    /** Salt and authentication code of a layer. */
    private static final int LAYER = 48;
    /** Certificate with the key that signed it. */
    private static final int CERTIFICATE = 140;
    /** Number of link specifiers, and one of each kind: RSA and Ed25519 identity, IPv4 and IPv6 address. */
    private static final int SPECIFIERS = 1 + 22 + 34 + 8 + 20;

    private static final String KEY = "0".repeat(44);
    private static final String REVISION = "0".repeat(20);

    private DescriptorSize() {}

    /** Bytes that directories don't take any more. */
    static int limit(ConsensusInfo consensus) {
        return consensus.param("HSV3MaxDescriptorSize", DEFAULT_LIMIT, 1, MOST);
    }

    /** The greatest length with so many introduction points and authorised clients. */
    static int of(int points, int clients) {
        int inner = "create2-formats 2\nsingle-onion-service\nflow-control 1-2 254\n".length()
                + ("pow-params v1 " + KEY + " 4294967295 2026-01-01T00:00:00\n").length()
                + points * point();
        int padded = Math.max(1, Math.ceilDiv(clients, DescriptorWriter.CLIENTS)) * DescriptorWriter.CLIENTS;
        int line = ("auth-client " + "0".repeat(11) + " " + "0".repeat(22) + " " + "0".repeat(22) + "\n").length();
        int middle = ("desc-auth-type x25519\ndesc-auth-ephemeral-key " + KEY + "\n").length()
                + padded * line
                + "encrypted\n".length()
                + object("MESSAGE", LAYER + inner);
        int filled = Math.ceilDiv(middle, DescriptorWriter.PADDING) * DescriptorWriter.PADDING;
        return "hs-descriptor 3\ndescriptor-lifetime 180\ndescriptor-signing-key-cert\n".length()
                + object("ED25519 CERT", CERTIFICATE)
                + ("revision-counter " + REVISION + "\nsuperencrypted\n").length()
                + object("MESSAGE", LAYER + filled)
                + ("signature " + "0".repeat(86) + "\n").length();
    }

    private static int point() {
        return "introduction-point ".length() + base64(SPECIFIERS)
                + ("\nonion-key ntor " + KEY + "\nauth-key\n").length()
                + object("ED25519 CERT", CERTIFICATE)
                + ("enc-key ntor " + KEY + "\nenc-key-cert\n").length()
                + object("ED25519 CERT", CERTIFICATE);
    }

    private static int base64(int bytes) {
        return Math.ceilDiv(bytes, 3) * 4;
    }

    private static int object(String tag, int bytes) {
        int text = base64(bytes);
        return "-----BEGIN -----\n-----END -----\n".length() + 2 * tag.length()
                + text + Math.ceilDiv(text, DescriptorWriter.LINE);
    }

    /**
     * Refuses what may make a descriptor too long.
     *
     * @param limit of {@link #limit}
     * @throws TorException of kind CONFIG, which says what would fit
     */
    static void check(ServiceSettings settings, int limit) throws TorException {
        int points = settings.introPoints();
        int clients = settings.clients().size();
        if (of(points, clients) < limit) {
            return;
        }
        throw new TorException(ErrorKind.CONFIG, tooLong(points, clients, of(points, clients), limit));
    }

    /** What to say of a descriptor that is too long. */
    static String tooLong(int points, int clients, int length, int limit) {
        return "the onion service's descriptor has up to " + length + " bytes with " + points + " introduction points and "
                + clients + " authorised clients, and directories take less than " + limit + ": with " + points
                + " introduction points there is room for " + mostClients(points, limit) + " clients, and with " + clients
                + " clients for " + mostPoints(clients, limit) + " introduction points";
    }

    /** How many clients can be authorised; 0 if not even one. */
    static int mostClients(int points, int limit) {
        int most = 0;
        while (of(points, most + DescriptorWriter.CLIENTS) < limit) {
            most += DescriptorWriter.CLIENTS;
        }
        return most;
    }

    /** How many introduction points there can be; 0 if not even one. */
    static int mostPoints(int clients, int limit) {
        int most = ServiceSettings.MAX_INTRO_POINTS;
        while (most > 0 && of(most, clients) >= limit) {
            most--;
        }
        return most;
    }
}
