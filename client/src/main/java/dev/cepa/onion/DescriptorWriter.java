package dev.cepa.onion;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.crypto.Ed25519;
import dev.cepa.crypto.Ed25519Certificate;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.X25519;
import dev.cepa.error.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;

/**
 * Makes the descriptor of a service, signed and encrypted (rend-spec-v3 sections 2.4 and 2.5). Thread-safe: keeps no state.
 */
final class DescriptorWriter {
    /** Lengths are rounded up to a multiple of this, so that they say little of the content. */
    static final int PADDING = 10_000;
    /** There are always a multiple of so many clients, most of them often made up. */
    static final int CLIENTS = 16;

    static final int LINE = 64;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss").withZone(ZoneOffset.UTC);

    private final SecureRandom random;

    DescriptorWriter(SecureRandom random) {
        this.random = random;
    }

    /**
     * Makes a descriptor.
     *
     * @param own what the service signs with in the descriptor's time period
     * @param clients public X25519 keys of 32 bytes of those who may read it; none: everybody who knows the address
     */
    byte[] write(HsDescriptor descriptor, DescriptorKeys own, List<byte[]> clients) throws ProtocolException {
        PeriodKeys keys = own.keys();
        Ed25519KeyPair signing = own.signing();
        byte[] cookie = new byte[clients.isEmpty() ? 0 : ClientAuthKey.COOKIE];
        random.nextBytes(cookie);
        byte[] secret = Arrays.copyOf(keys.blindedKey(), 32 + cookie.length);
        System.arraycopy(cookie, 0, secret, 32, cookie.length);
        byte[] inner = DescriptorLayer.INNER.encrypt(
                secret, keys.subcredential(), descriptor.revision(), ascii(inner(descriptor, signing)), random);
        byte[] middle = ascii(middle(inner, cookie, clients, keys.subcredential()));
        byte[] padded = Arrays.copyOf(middle, (middle.length + PADDING - 1) / PADDING * PADDING);
        byte[] outer = DescriptorLayer.OUTER.encrypt(
                keys.blindedKey(), keys.subcredential(), descriptor.revision(), padded, random);
        StringBuilder out = new StringBuilder(2 * outer.length);
        out.append("hs-descriptor 3\ndescriptor-lifetime ").append(descriptor.lifetime().toMinutes());
        out.append("\ndescriptor-signing-key-cert\n");
        object(out, "ED25519 CERT", own.certificate(descriptor.expiry()));
        out.append("revision-counter ").append(Long.toUnsignedString(descriptor.revision()));
        out.append("\nsuperencrypted\n");
        object(out, "MESSAGE", outer);
        byte[] signature = signing.sign(SealedDescriptor.SIGNATURE_PREFIX, ascii(out));
        return ascii(out.append("signature ").append(base64(signature)).append('\n'));
    }

    private StringBuilder middle(byte[] inner, byte[] cookie, List<byte[]> clients, byte[] subcredential)
            throws ProtocolException {
        byte[] ephemeral = new byte[X25519.LENGTH];
        random.nextBytes(ephemeral);
        StringBuilder out = new StringBuilder(2 * inner.length);
        out.append("desc-auth-type x25519\ndesc-auth-ephemeral-key ");
        out.append(padded(X25519.of(ephemeral).publicKey())).append('\n');
        List<String> lines = new ArrayList<>();
        for (byte[] client : clients) {
            ClientAuthKey.Shared shared = ClientAuthKey.shared(X25519.of(ephemeral), client, subcredential);
            byte[] iv = new byte[ClientAuthKey.IV];
            random.nextBytes(iv);
            lines.add(client(shared.id(), iv, shared.crypt(iv, cookie)));
        }
        do {
            byte[] made = new byte[ClientAuthKey.ID + ClientAuthKey.IV + ClientAuthKey.COOKIE];
            if (lines.size() % CLIENTS != 0 || lines.isEmpty()) {
                random.nextBytes(made);
                int iv = ClientAuthKey.ID;
                int end = iv + ClientAuthKey.IV;
                lines.add(client(
                        Arrays.copyOf(made, iv), Arrays.copyOfRange(made, iv, end), Arrays.copyOfRange(made, end, made.length)));
            }
        } while (lines.size() % CLIENTS != 0);
        Collections.shuffle(lines, random);
        for (String line : lines) {
            out.append(line);
        }
        out.append("encrypted\n");
        object(out, "MESSAGE", inner);
        return out;
    }

    private static String client(byte[] id, byte[] iv, byte[] cookie) {
        return "auth-client " + base64(id) + " " + base64(iv) + " " + base64(cookie) + "\n";
    }

    private static StringBuilder inner(HsDescriptor descriptor, Ed25519KeyPair signing) {
        StringBuilder out = new StringBuilder(2048).append("create2-formats 2\n");
        if (descriptor.singleOnion()) {
            out.append("single-onion-service\n");
        }
        HsDescriptor.FlowControl flow = descriptor.flowControl();
        if (flow != null) {
            out.append("flow-control ").append(flow.versions()).append(' ').append(flow.sendmeIncrement()).append('\n');
        }
        PowParams pow = descriptor.pow();
        if (pow != null) {
            out.append("pow-params v1 ").append(padded(pow.seed())).append(' ');
            out.append(pow.suggestedEffort()).append(' ').append(TIME.format(pow.expiry())).append('\n');
        }
        for (IntroPoint point : descriptor.introPoints()) {
            introPoint(out, point, descriptor.expiry(), signing);
        }
        return out;
    }

    private static void introPoint(StringBuilder out, IntroPoint point, Instant expiry, Ed25519KeyPair signing) {
        ByteWriter specifiers = new ByteWriter().u8(point.specifiers().size());
        for (LinkSpecifier specifier : point.specifiers()) {
            specifier.write(specifiers);
        }
        out.append("introduction-point ").append(padded(specifiers.toByteArray()));
        out.append("\nonion-key ntor ").append(padded(point.ntorKey())).append("\nauth-key\n");
        object(out, "ED25519 CERT", Ed25519Certificate.sign(
                Ed25519Certificate.HS_INTRO_AUTH, expiry, point.authKey(), signing));
        out.append("enc-key ntor ").append(padded(point.encryptionKey())).append("\nenc-key-cert\n");
        object(out, "ED25519 CERT", Ed25519Certificate.sign(
                Ed25519Certificate.HS_INTRO_ENCRYPTION, expiry, Ed25519.fromX25519(point.encryptionKey()), signing));
    }

    private static void object(StringBuilder out, String tag, byte[] bytes) {
        out.append("-----BEGIN ").append(tag).append("-----\n");
        String text = padded(bytes);
        for (int at = 0; at < text.length(); at += LINE) {
            out.append(text, at, Math.min(text.length(), at + LINE)).append('\n');
        }
        out.append("-----END ").append(tag).append("-----\n");
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().withoutPadding().encodeToString(bytes);
    }

    private static String padded(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static byte[] ascii(CharSequence text) {
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
