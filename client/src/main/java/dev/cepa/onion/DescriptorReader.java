package dev.cepa.onion;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.crypto.Ed25519;
import dev.cepa.crypto.Ed25519Certificate;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import dev.cepa.error.ProtocolException;
import dev.cepa.netdoc.LineReader;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verifies and decrypts descriptors (rend-spec-v3 sections 2.4 and 2.5). What comes from a directory is not trusted, and
 * neither is what the service itself says. Thread-safe: keeps no state.
 */
final class DescriptorReader {
    /** More than this a descriptor can't have; parameter HSV3MaxDescriptorSize. */
    static final int MAX_BYTES = 50_000;

    private static final Logger LOG = LoggerFactory.getLogger(DescriptorReader.class);
    private static final String CERTIFICATE = "ED25519 CERT";
    private static final int NTOR = 2;

    private DescriptorReader() {}

    /**
     * Reads a descriptor whole.
     *
     * @param keys whose it must be
     * @param auth our key for this service; null if we have none
     * @param sendmeIncrement the consensus parameter {@code cc_sendme_inc}, which the service's may differ from by one
     * @throws OnionServiceException with reason CLIENT_AUTH_MISSING or CLIENT_AUTH_WRONG, if all but that is well
     * @throws ProtocolException if it is malformed or not authentic
     */
    static HsDescriptor read(
            byte[] document, PeriodKeys keys, @Nullable ClientAuthKey auth, int sendmeIncrement, Instant now)
            throws ProtocolException, OnionServiceException {
        return open(SealedDescriptor.parse(document, keys.blindedKey(), now), keys, auth, sendmeIncrement, now);
    }

    /** The same with one that is verified already. */
    static HsDescriptor open(
            SealedDescriptor sealed, PeriodKeys keys, @Nullable ClientAuthKey auth, int sendmeIncrement, Instant now)
            throws ProtocolException, OnionServiceException {
        byte[] blinded = keys.blindedKey();
        byte[] subcredential = keys.subcredential();
        long revision = sealed.revision();
        byte[] middle = DescriptorLayer.OUTER.decrypt(blinded, subcredential, revision, sealed.content());
        Middle layer = readMiddle(middle);
        byte[] cookie = auth == null ? null : layer.cookie(auth, subcredential);
        byte[] secret = blinded;
        if (cookie != null) {
            secret = Arrays.copyOf(blinded, blinded.length + cookie.length);
            System.arraycopy(cookie, 0, secret, blinded.length, cookie.length);
        }
        byte[] inner;
        try {
            inner = DescriptorLayer.INNER.decrypt(secret, subcredential, revision, layer.content);
        } catch (ProtocolException e) {
            throw auth == null
                    ? new OnionServiceException(
                            Reason.CLIENT_AUTH_MISSING, "the onion service is for clients with a key, and we have none", e)
                    : new OnionServiceException(
                            Reason.CLIENT_AUTH_WRONG, "the onion service does not know our client key", e);
        }
        return new Inner(inner, sealed, sendmeIncrement, now).read();
    }

    /** The layer between: who may read on. */
    private record Middle(byte[] ephemeralKey, List<byte[]> clients, byte[] content) {
        /** The descriptor cookie; null if this client is not among those that get it. */
        byte @Nullable [] cookie(ClientAuthKey auth, byte[] subcredential) throws ProtocolException {
            ClientAuthKey.Shared shared = auth.with(ephemeralKey, subcredential);
            for (byte[] client : clients) {
                if (shared.isOf(Arrays.copyOf(client, ClientAuthKey.ID))) {
                    int iv = ClientAuthKey.ID;
                    int cookie = iv + ClientAuthKey.IV;
                    return shared.crypt(
                            Arrays.copyOfRange(client, iv, cookie),
                            Arrays.copyOfRange(client, cookie, cookie + ClientAuthKey.COOKIE));
                }
            }
            return null;
        }
    }

    private static Middle readMiddle(byte[] text) throws ProtocolException {
        LineReader in = new LineReader(text, 0, text.length, "onion descriptor, outer layer");
        byte[] ephemeralKey = null;
        List<byte[]> clients = new ArrayList<>();
        byte[] content = null;
        boolean typed = false;
        while (in.nextLine()) {
            if (in.is("desc-auth-type") && !typed) {
                typed = in.word().is("x25519");
            } else if (in.is("desc-auth-ephemeral-key") && ephemeralKey == null) {
                ephemeralKey = key(in);
            } else if (in.is("auth-client")) {
                byte[] client = new byte[ClientAuthKey.ID + ClientAuthKey.IV + ClientAuthKey.COOKIE];
                in.word().base64(client, 0, ClientAuthKey.ID);
                in.word().base64(client, ClientAuthKey.ID, ClientAuthKey.IV);
                in.word().base64(client, ClientAuthKey.ID + ClientAuthKey.IV, ClientAuthKey.COOKIE);
                clients.add(client);
            } else if (in.is("encrypted") && content == null) {
                content = in.object("MESSAGE");
            } else {
                in.skipUnknown();
            }
        }
        if (!typed || ephemeralKey == null || content == null) {
            throw new ProtocolException("onion descriptor, outer layer: lacks an item");
        }
        return new Middle(ephemeralKey, clients, content);
    }

    private static byte[] key(LineReader in) throws ProtocolException {
        byte[] key = new byte[32];
        in.word().base64(key, 0, key.length);
        if (isZero(key)) {
            throw in.error("has a key of zeros");
        }
        return key;
    }

    private static boolean isZero(byte[] key) {
        int or = 0;
        for (byte b : key) {
            or |= b;
        }
        return or == 0;
    }

    /** The innermost text, and what it is read with. */
    record Inner(byte[] text, SealedDescriptor sealed, int sendmeIncrement, Instant now) {
        private static final String NAME = "onion descriptor, inner layer";

        HsDescriptor read() throws ProtocolException {
            int[] starts = introPointStarts();
            LineReader in = new LineReader(text, 0, starts[0], NAME);
            boolean ntor = false;
            boolean singleOnion = false;
            HsDescriptor.FlowControl flowControl = null;
            PowParams pow = null;
            while (in.nextLine()) {
                if (in.is("create2-formats")) {
                    while (in.nextWord()) {
                        ntor |= in.number(0xffff) == NTOR;
                    }
                } else if (in.is("intro-auth-required")) {
                    expectEd25519(in);
                } else if (in.is("single-onion-service")) {
                    singleOnion = true;
                } else if (in.is("flow-control") && flowControl == null) {
                    flowControl = flowControl(in);
                } else if (in.is("pow-params") && in.word().is("v1")) {
                    if (pow != null) {
                        throw in.error("repeats an item");
                    }
                    pow = pow(in);
                } else {
                    in.skipUnknown();
                }
            }
            if (!ntor) {
                throw new ProtocolException(NAME + ": the service does not take ntor handshakes");
            }
            if (starts.length - 1 > HsDescriptor.MAX_INTRO_POINTS) {
                throw new ProtocolException(NAME + ": " + (starts.length - 1) + " introduction points are too many");
            }
            return new HsDescriptor(
                    sealed.lifetime(), sealed.revision(), sealed.expiry(), singleOnion, introPoints(starts), flowControl, pow);
        }

        /** Where each introduction point's lines begin, and behind them where the text ends. */
        private int[] introPointStarts() throws ProtocolException {
            LineReader in = new LineReader(text, 0, text.length, NAME);
            int[] starts = new int[8];
            int count = 0;
            while (in.nextLine()) {
                if (in.is("introduction-point")) {
                    if (count + 1 == starts.length) {
                        starts = Arrays.copyOf(starts, 2 * starts.length);
                    }
                    starts[count++] = in.lineStart();
                }
            }
            starts[count++] = text.length;
            return Arrays.copyOf(starts, count);
        }

        private static void expectEd25519(LineReader in) throws ProtocolException {
            while (in.nextWord()) {
                if (in.is("ed25519")) {
                    return;
                }
            }
            throw in.error("wants a kind of authentication that is not known");
        }

        private HsDescriptor.FlowControl flowControl(LineReader in) throws ProtocolException {
            String versions = in.word().wordText();
            int increment = (int) in.word().number(255);
            if (increment < 1 || Math.abs(increment - sendmeIncrement) > 1) {
                throw in.error("has an increment that is far from the network's");
            }
            return new HsDescriptor.FlowControl(versions, increment);
        }

        private static PowParams pow(LineReader in) throws ProtocolException {
            byte[] seed = new byte[32];
            in.word().base64(seed, 0, seed.length);
            long effort = in.word().number(0xffff_ffffL);
            String expiry = in.word().wordText();
            try {
                return new PowParams(seed, effort, LocalDateTime.parse(expiry).toInstant(ZoneOffset.UTC));
            } catch (DateTimeParseException e) {
                throw in.error("has a time that is none");
            }
        }

        /** One that can't be read is left out: it may be of a kind that is yet to come. */
        private List<IntroPoint> introPoints(int[] starts) {
            List<IntroPoint> points = new ArrayList<>(starts.length - 1);
            for (int i = 0; i + 1 < starts.length; i++) {
                try {
                    points.add(introPoint(new LineReader(text, starts[i], starts[i + 1], "introduction point")));
                } catch (ProtocolException e) {
                    LOG.debug("An onion service's introduction point is left out: {}", e.getMessage());
                }
            }
            return points;
        }

        private IntroPoint introPoint(LineReader in) throws ProtocolException {
            in.nextLine();
            List<LinkSpecifier> specifiers = specifiers(in.word());
            byte[] ntorKey = null;
            byte[] encryptionKey = null;
            byte[] authCertificate = null;
            byte[] encryptionCertificate = null;
            while (in.nextLine()) {
                if (in.is("onion-key") && ntorKey == null && in.word().is("ntor")) {
                    ntorKey = key(in);
                } else if (in.is("auth-key") && authCertificate == null) {
                    authCertificate = in.object(CERTIFICATE);
                } else if (in.is("enc-key") && encryptionKey == null && in.word().is("ntor")) {
                    encryptionKey = key(in);
                } else if (in.is("enc-key-cert") && encryptionCertificate == null) {
                    encryptionCertificate = in.object(CERTIFICATE);
                } else {
                    in.skipUnknown();
                }
            }
            if (ntorKey == null || encryptionKey == null || authCertificate == null || encryptionCertificate == null) {
                throw new ProtocolException("introduction point: lacks an item");
            }
            Ed25519Id signer = Ed25519Id.of(sealed.signingKey());
            byte[] authKey = SealedDescriptor.certificate(
                            authCertificate, Ed25519Certificate.HS_INTRO_AUTH, signer, now)
                    .certifiedKey();
            byte[] crossCertified = SealedDescriptor.certificate(
                            encryptionCertificate, Ed25519Certificate.HS_INTRO_ENCRYPTION, signer, now)
                    .certifiedKey();
            // The certificate is of the key's Ed25519 form, in which nobody can foretell the sign.
            crossCertified[31] &= 0x7f;
            if (!MessageDigest.isEqual(crossCertified, Ed25519.fromX25519(encryptionKey))) {
                throw new ProtocolException("introduction point: the certificate is of another encryption key");
            }
            if (isZero(authKey)) {
                throw new ProtocolException("introduction point: the authentication key is zeros");
            }
            return new IntroPoint(specifiers, ntorKey, authKey, encryptionKey);
        }

        private static List<LinkSpecifier> specifiers(LineReader in) throws ProtocolException {
            byte[] bytes;
            try {
                bytes = Base64.getDecoder().decode(in.wordText());
            } catch (IllegalArgumentException e) {
                throw in.error("has link specifiers that are no base64");
            }
            ByteReader from = new ByteReader(bytes);
            List<LinkSpecifier> specifiers = new ArrayList<>();
            for (int n = from.u8(); n > 0; n--) {
                specifiers.add(LinkSpecifier.read(from));
            }
            from.expectEnd("link specifiers");
            return specifiers;
        }
    }
}
