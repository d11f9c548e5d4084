package dev.cepa.channel;

import dev.cepa.crypto.Ed25519;
import dev.cepa.crypto.X25519;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Our end of TLS to relays (tor-spec section 2): TLS 1.2 or 1.3, any certificate, since CERTS says who the relay is; no
 * client certificate; a new random server name for each link, and no session ever resumed, so that one link cannot be
 * tied to another. What we offer follows Firefox in kind and order as far as the JDK can, because C tor does too.
 * Thread-safe.
 */
final class TlsClient {
    private static final Logger LOG = LoggerFactory.getLogger(TlsClient.class);
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    /** Firefox's list without the suites that have no forward secrecy: no relay takes them, and neither do we. */
    private static final List<String> CIPHER_SUITES = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
            "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA");

    /**
     * The JDK sends a key share for the first group of each kind, here x25519 and secp256r1. Relays before 0.4.8.17 take
     * only the latter.
     */
    private static final String[] GROUPS = {"x25519", "secp256r1", "secp384r1", "secp521r1"};

    /** The first of RFC 8032's examples: a key, and what it signs nothing with. */
    private static final byte[] SOME_KEY =
            HexFormat.of().parseHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

    private static final byte[] SOME_SIGNATURE = HexFormat.of().parseHex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974"
            + "d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");

    private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

    private final SSLContext context;
    private final String[] cipherSuites;
    private final SecureRandom random;

    TlsClient(SecureRandom random) {
        this.random = random;
        try {
            context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new AnyCertificate()}, random);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java platform has no TLS", e);
        }
        context.getClientSessionContext().setSessionCacheSize(1);
        Set<String> supported = Set.of(context.getSupportedSSLParameters().getCipherSuites());
        List<String> usable = new ArrayList<>(CIPHER_SUITES);
        usable.removeIf(suite -> !supported.contains(suite));
        cipherSuites = usable.toArray(new String[0]);
    }

    /** Does the TLS handshake on a connected socket, and returns the TLS socket on top of it. */
    SSLSocket handshake(Socket tcp) throws IOException {
        String label = randomLabel();
        // A name is passed here too, or the JDK would look the address's name up. One without a dot: others it would take
        // for the server's name.
        SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(new BufferedSocket(tcp), label, tcp.getPort(), true);
        tls.setSSLParameters(adapt(tls.getSSLParameters(), label));
        tls.startHandshake();
        tls.getSession().invalidate(); // takes it out of the cache, no more
        return tls;
    }

    private SSLParameters adapt(SSLParameters parameters, String label) {
        parameters.setProtocols(PROTOCOLS);
        parameters.setCipherSuites(cipherSuites);
        parameters.setNamedGroups(GROUPS);
        parameters.setServerNames(List.of(new ServerName("www." + label + ".com")));
        return parameters;
    }

    /**
     * Makes what a client says first, for nobody, verifies a signature and makes a key that is not used. The first of each in a
     * process takes the JDK a tenth of a second and more, for its tables and classes: to be done on a thread of its own while
     * there is something else to do before the first relay is asked.
     */
    void rehearse() {
        try {
            SSLEngine engine = context.createSSLEngine();
            engine.setUseClientMode(true);
            engine.setSSLParameters(adapt(engine.getSSLParameters(), randomLabel()));
            engine.wrap(ByteBuffer.allocate(0), ByteBuffer.allocate(engine.getSession().getPacketBufferSize()));
            Ed25519.verify(SOME_KEY, new byte[0], SOME_SIGNATURE);
            X25519.generate(random).wipe();
        } catch (SSLException e) {
            LOG.debug("TLS could not be rehearsed: {}", e.getMessage()); // whoever needs it will be told
        }
    }

    private String randomLabel() {
        StringBuilder name = new StringBuilder();
        for (int n = 4 + random.nextInt(22); n > 0; n--) {
            name.append(BASE32.charAt(random.nextInt(BASE32.length())));
        }
        return name.toString();
    }

    /** An ASCII host name. The JDK's own class for it loads tables of international names, a megabyte with what they need. */
    private static final class ServerName extends SNIServerName {
        ServerName(String name) {
            super(StandardConstants.SNI_HOST_NAME, name.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** Extended, because the JDK adds checks of its own to one that isn't. */
    private static final class AnyCertificate extends X509ExtendedTrustManager {
        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {
            throw new UnsupportedOperationException("client only");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {
            throw new UnsupportedOperationException("client only");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
            throw new UnsupportedOperationException("client only");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
