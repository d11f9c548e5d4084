package dev.cepa.netdoc;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.crypto.Ed25519;
import dev.cepa.crypto.Ed25519Certificate;
import dev.cepa.crypto.Primitives;
import dev.cepa.crypto.RsaPublicKey;
import dev.cepa.error.ProtocolException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads one server descriptor and verifies it whole (dir-spec section 2.1.1): the Ed25519 identity vouches for a signing key,
 * that key and the RSA identity sign the text, and the onion keys sign the identities. Used once.
 */
final class ServerDescriptorParser {
    private static final byte[] SIGNATURE_PREFIX = "Tor router descriptor signature v1".getBytes(StandardCharsets.US_ASCII);
    private static final String ED25519_SIGNATURE = "router-sig-ed25519";
    private static final int NTOR_CROSS = 10;
    private static final int FAMILY = 12;
    private static final int MAX_NICKNAME = 19;
    private static final int MAX_FAMILY_IDS = 4096;

    private final byte[] text;
    private final int from;
    private final LineReader lines;

    private String nickname = "";
    private final List<InetSocketAddress> addresses = new ArrayList<>(2);
    private @Nullable Ed25519Certificate identity;
    private byte @Nullable [] masterKey;
    private @Nullable RsaPublicKey signingKey;
    private byte @Nullable [] tapKey;
    private byte @Nullable [] tapCross;
    private byte @Nullable [] ntorKey;
    private @Nullable Ed25519Certificate ntorCross;
    private boolean ntorSignBit;
    private byte @Nullable [] fingerprint;
    private long published = -1;
    private @Nullable Protocols protocols;
    private byte @Nullable [] family;
    private final List<Ed25519Certificate> familyCertificates = new ArrayList<>(0);

    ServerDescriptorParser(byte[] text, int from, int to) {
        this.text = text;
        this.from = from;
        this.lines = new LineReader(text, from, to, "server descriptor");
    }

    ServerDescriptor parse() throws ProtocolException {
        if (!lines.nextLine() || !lines.is("router")) {
            throw lines.error("is not router");
        }
        readRouter();
        if (!lines.nextLine() || !lines.is("identity-ed25519")) {
            throw lines.error("is not identity-ed25519");
        }
        identity = Ed25519Certificate.parse(lines.object("ED25519 CERT"));
        while (lines.nextLine()) {
            if (lines.is(ED25519_SIGNATURE)) {
                return verified();
            }
            readItem();
        }
        throw lines.error("is the last, without the signatures");
    }

    private void readRouter() throws ProtocolException {
        nickname = lines.word().wordText();
        if (!isNickname(nickname)) {
            throw lines.error("has a nickname that is none");
        }
        lines.word();
        long address = Text.ipv4(text, lines.wordStart(), lines.wordEnd());
        if (address < 0) {
            throw lines.error("has an address that is none");
        }
        int port = (int) lines.word().number(65_535);
        lines.word().number(65_535);
        lines.word().number(65_535);
        if (address != 0 && port != 0) {
            addresses.add(socketAddress(
                    new byte[] {(byte) (address >> 24), (byte) (address >> 16), (byte) (address >> 8), (byte) address}, port));
        }
    }

    private void readItem() throws ProtocolException {
        if (lines.is("master-key-ed25519")) {
            once(masterKey == null);
            masterKey = key();
        } else if (lines.is("or-address")) {
            readAddress();
        } else if (lines.is("fingerprint")) {
            once(fingerprint == null);
            fingerprint = readFingerprint();
        } else if (lines.is("published")) {
            once(published < 0);
            published = lines.time();
        } else if (lines.is("proto")) {
            once(protocols == null);
            protocols = Protocols.parse(lines.restText());
        } else if (lines.is("onion-key")) {
            once(tapKey == null);
            tapKey = lines.object("RSA PUBLIC KEY");
        } else if (lines.is("onion-key-crosscert")) {
            once(tapCross == null);
            tapCross = lines.object("CROSSCERT");
        } else if (lines.is("signing-key")) {
            once(signingKey == null);
            signingKey = RsaPublicKey.parse(lines.object("RSA PUBLIC KEY"));
        } else if (lines.is("ntor-onion-key")) {
            once(ntorKey == null);
            ntorKey = key();
        } else if (lines.is("ntor-onion-key-crosscert")) {
            once(ntorCross == null);
            ntorSignBit = lines.word().number(1) == 1;
            ntorCross = Ed25519Certificate.parse(lines.object("ED25519 CERT"));
        } else if (lines.is("family")) {
            once(family == null);
            family = Families.encode(lines);
        } else if (lines.is("family-cert")) {
            familyCertificates.add(Ed25519Certificate.parse(lines.object("FAMILY CERT")));
        } else {
            lines.skipUnknown();
        }
    }

    private byte[] key() throws ProtocolException {
        byte[] key = new byte[32];
        lines.word().base64(key, 0, 32);
        return key;
    }

    /** An IPv6 address in brackets and a port; one of IPv4 is no news. */
    private void readAddress() throws ProtocolException {
        lines.word();
        int start = lines.wordStart();
        int end = lines.wordEnd();
        int colon = end - 1;
        while (colon > start && text[colon] != ':') {
            colon--;
        }
        long port = Text.number(text, colon + 1, end, 65_535);
        if (colon == start || port <= 0) {
            throw lines.error("has an address without a port");
        }
        byte[] address = new byte[16];
        if (text[start] == '[') {
            if (text[colon - 1] != ']' || !Text.ipv6(text, start + 1, colon - 1, address, 0)) {
                throw lines.error("has an address that is none");
            }
            if (addresses.size() < 2) {
                addresses.add(socketAddress(address, (int) port));
            }
        }
    }

    /** Forty hexadecimal digits with blanks between them. */
    private byte[] readFingerprint() throws ProtocolException {
        byte[] digits = new byte[2 * RsaId.LENGTH];
        int count = 0;
        while (lines.nextWord()) {
            for (int i = lines.wordStart(); i < lines.wordEnd(); i++) {
                if (count == digits.length) {
                    throw lines.error("has a fingerprint that is too long");
                }
                digits[count++] = text[i];
            }
        }
        byte[] id = new byte[RsaId.LENGTH];
        if (count != digits.length || !Text.hex(digits, 0, id, 0, RsaId.LENGTH)) {
            throw lines.error("has a fingerprint that is none");
        }
        return id;
    }

    /** At the line of the first signature. */
    private ServerDescriptor verified() throws ProtocolException {
        MessageDigest sha256 = Primitives.sha256();
        sha256.update(SIGNATURE_PREFIX);
        // Up to and with the blank behind the keyword.
        sha256.update(text, from, lines.lineStart() + ED25519_SIGNATURE.length() + 1 - from);
        byte[] digest256 = sha256.digest();
        byte[] ed25519Signature = new byte[Ed25519.SIGNATURE_LENGTH];
        lines.word().base64(ed25519Signature, 0, ed25519Signature.length);
        if (!lines.nextLine() || !lines.is("router-signature")) {
            throw lines.error("is not router-signature");
        }
        MessageDigest sha1 = Primitives.sha1();
        sha1.update(text, from, lines.lineEnd() + 1 - from);
        byte[] digest = sha1.digest();
        byte[] signature = lines.object("SIGNATURE");
        if (lines.nextLine()) {
            throw lines.error("comes after the signature");
        }
        Ed25519Certificate certificate = required(identity, "identity-ed25519");
        RsaPublicKey rsa = required(signingKey, "signing-key");
        byte[] ntor = required(ntorKey, "ntor-onion-key");
        Ed25519Certificate cross = required(ntorCross, "ntor-onion-key-crosscert");
        if (published < 0) {
            throw lines.error("ends a descriptor without its date");
        }
        Ed25519Id id = verifyIdentity(certificate);
        require(
                Ed25519.verify(certificate.certifiedKey(), digest256, ed25519Signature),
                "that its Ed25519 signing key did not sign");
        require(rsa.hasStandardExponent() && rsa.bits() == 1024, "whose RSA identity key is not of the usual form");
        require(rsa.verifies(digest, signature), "that its RSA identity key did not sign");
        RsaId rsaId = rsa.identity();
        byte[] told = fingerprint;
        require(
                told == null || MessageDigest.isEqual(told, rsaId.toBytes()),
                "whose fingerprint is not its RSA identity key's");
        verifyNtorCross(cross, ntor, id);
        verifyTapCross(rsaId, id);
        return new ServerDescriptor(
                rsaId, id, ntor, nickname, published,
                Math.min(certificate.expiry().getEpochSecond(), cross.expiry().getEpochSecond()), addresses,
                required(protocols, "proto"), family == null ? new byte[0] : family, familyIds(id));
    }

    private Ed25519Id verifyIdentity(Ed25519Certificate certificate) throws ProtocolException {
        Ed25519Id id = required(certificate.signingKey(), "key in identity-ed25519");
        require(
                certificate.type() == Ed25519Certificate.IDENTITY_SIGNING
                        && certificate.keyType() == Ed25519Certificate.KEY_ED25519,
                "whose Ed25519 identity certificate is for something else");
        require(certificate.verify(id), "whose Ed25519 identity did not sign its certificate");
        byte[] master = masterKey;
        require(
                master == null || MessageDigest.isEqual(master, id.toBytes()),
                "whose Ed25519 identity is not its certificate's");
        return id;
    }

    /** The onion key says that it is of that identity: else somebody could have us use a key that is not the relay's. */
    private void verifyNtorCross(Ed25519Certificate cross, byte[] ntor, Ed25519Id id) throws ProtocolException {
        byte[] signer = Ed25519.fromX25519(ntor);
        if (ntorSignBit) {
            signer[31] |= (byte) 0x80;
        }
        require(
                cross.type() == NTOR_CROSS && cross.keyType() == Ed25519Certificate.KEY_ED25519
                        && MessageDigest.isEqual(cross.certifiedKey(), id.toBytes()),
                "whose ntor key vouches for something else");
        require(cross.verify(Ed25519Id.of(signer)), "whose ntor key did not sign its identity");
    }

    /** The key of a handshake of the past, which relays of today may leave out. */
    private void verifyTapCross(RsaId rsaId, Ed25519Id id) throws ProtocolException {
        byte[] key = tapKey;
        byte[] signature = tapCross;
        require((key == null) == (signature == null), "with an onion key and no cross-certificate, or the reverse");
        if (key != null && signature != null) {
            byte[] signed = Arrays.copyOf(rsaId.toBytes(), RsaId.LENGTH + Ed25519Id.LENGTH);
            System.arraycopy(id.toBytes(), 0, signed, RsaId.LENGTH, Ed25519Id.LENGTH);
            require(RsaPublicKey.parse(key).verifies(signed, signature), "whose onion key did not sign its identities");
        }
    }

    /** The families whose keys vouch for this relay. */
    private byte[] familyIds(Ed25519Id id) throws ProtocolException {
        StringBuilder ids = new StringBuilder();
        for (Ed25519Certificate certificate : familyCertificates) {
            Ed25519Id key = required(certificate.signingKey(), "key in family-cert");
            require(
                    certificate.type() == FAMILY && certificate.verify(key)
                            && MessageDigest.isEqual(certificate.certifiedKey(), id.toBytes()),
                    "with a family certificate that is not for it");
            if (ids.length() < MAX_FAMILY_IDS) {
                ids.append(ids.isEmpty() ? "ed25519:" : " ed25519:").append(key);
            }
        }
        return ids.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static boolean isNickname(String text) {
        if (text.isEmpty() || text.length() > MAX_NICKNAME) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')) {
                return false;
            }
        }
        return true;
    }

    private static InetSocketAddress socketAddress(byte[] address, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // 4 or 16 bytes
        }
    }

    private void once(boolean first) throws ProtocolException {
        if (!first) {
            throw lines.error("repeats an item that may be there once");
        }
    }

    private <T> T required(@Nullable T item, String name) throws ProtocolException {
        if (item == null) {
            throw lines.error("ends a descriptor without " + name);
        }
        return item;
    }

    private void require(boolean fits, String otherwise) throws ProtocolException {
        if (!fits) {
            throw lines.error("ends a descriptor " + otherwise);
        }
    }
}
