package dev.cepa.testrelay;

import dev.cepa.cell.ByteWriter;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;

/** Writes self-signed X.509 certificates, which the JDK can only read. */
final class X509 {
    private static final byte[] SHA256_WITH_RSA = HexFormat.of().parseHex("300d06092a864886f70d01010b0500");
    private static final byte[] COMMON_NAME = HexFormat.of().parseHex("0603550403");
    private static final byte[] VERSION_3 = HexFormat.of().parseHex("a003020102");
    private static final DateTimeFormatter UTC_TIME =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

    private X509() {}

    /** A certificate for an RSA key, signed with it, DER. */
    static byte[] selfSigned(KeyPair keys, String name, Instant notBefore, Instant notAfter) {
        return signed(keys, keys, name, notBefore, notAfter);
    }

    /** A certificate for a key, signed with another. */
    static byte[] signed(KeyPair subject, KeyPair issuer, String name, Instant notBefore, Instant notAfter) {
        byte[] serial = new byte[8];
        new SecureRandom().nextBytes(serial);
        serial[0] = (byte) (serial[0] & 0x3f | 0x40);
        byte[] distinguishedName =
                der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, name.getBytes(StandardCharsets.US_ASCII)))));
        byte[] body = der(
                0x30,
                VERSION_3,
                der(0x02, serial),
                SHA256_WITH_RSA,
                distinguishedName,
                der(0x30, time(notBefore), time(notAfter)),
                distinguishedName,
                subject.getPublic().getEncoded());
        try {
            Signature signer = Signature.getInstance("SHA256withRSA");
            signer.initSign(issuer.getPrivate());
            signer.update(body);
            return der(0x30, body, SHA256_WITH_RSA, der(0x03, new byte[1], signer.sign()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] time(Instant time) {
        return der(0x17, UTC_TIME.format(time).getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] der(int tag, byte[]... parts) {
        ByteWriter body = new ByteWriter();
        for (byte[] part : parts) {
            body.bytes(part);
        }
        ByteWriter out = new ByteWriter().u8(tag);
        int length = body.size();
        if (length < 0x80) {
            out.u8(length);
        } else if (length < 0x100) {
            out.u8(0x81).u8(length);
        } else {
            out.u8(0x82).u16(length);
        }
        return out.bytes(body.toByteArray()).toByteArray();
    }
}
