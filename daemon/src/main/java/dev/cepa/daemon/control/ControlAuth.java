package dev.cepa.daemon.control;

import dev.cepa.daemon.control.Arguments.Keyword;
import dev.cepa.daemon.control.Arguments.Quotes;
import dev.cepa.daemon.control.Arguments.Syntax;
import dev.cepa.error.TorException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may come in: everybody, those who can read the cookie, those who know a password (control-spec sections 3.5, 3.24 and
 * 5.1). Secrets are compared in constant time. Thread-safe.
 */
final class ControlAuth {
    private static final Logger LOG = LoggerFactory.getLogger(ControlAuth.class);
    private static final int NONCE_BYTES = 32;
    private static final int HASH_BYTES = 32;
    private static final String SERVER_KEY = "Tor safe cookie authentication server-to-controller hash";
    private static final String CONTROLLER_KEY = "Tor safe cookie authentication controller-to-server hash";
    /** One value, in quotes or as hexadecimal digits. */
    private static final Syntax SECRET = Syntax.keywords(0).with(Quotes.PLAIN).omittingKeys();

    private static final Syntax CHALLENGE = Syntax.keywords(1).with(Quotes.PLAIN).omittingKeys();

    private final ControlHost host;
    private final SecureRandom random;
    private final AuthCookie cookie;

    ControlAuth(ControlHost host) {
        this.host = host;
        random = new SecureRandom();
        cookie = new AuthCookie(host, random);
    }

    /** How far one connection is. Owned by its reading thread, but for whether it is authenticated. */
    static final class Session {
        private volatile boolean authenticated;
        private boolean toldProtocol;
        /** What the controller has to answer to AUTHCHALLENGE; null without one. */
        private byte @Nullable [] expected;

        boolean isAuthenticated() {
            return authenticated;
        }

        /** Whether a command is one that may be given now. */
        boolean allows(String keyword) {
            return authenticated || switch (keyword) {
                case "PROTOCOLINFO" -> !toldProtocol && expected == null;
                case "AUTHCHALLENGE" -> expected == null;
                case "AUTHENTICATE" -> true;
                default -> false;
            };
        }

        void noteProtocolInfo() {
            toldProtocol = true;
        }
    }

    Session session() {
        return new Session();
    }

    private boolean usesPasswords() {
        return !host.options().lines("HashedControlPassword").isEmpty()
                || !host.options().lines("__HashedControlSessionPassword").isEmpty();
    }

    /** What whoever can read it comes in with. */
    AuthCookie cookie() {
        return cookie;
    }

    /** What PROTOCOLINFO says after {@code AUTH}. */
    String methods() {
        StringBuilder methods = new StringBuilder("METHODS=");
        boolean withCookie = cookie.isUsed();
        boolean withPassword = usesPasswords();
        methods.append(withCookie ? "COOKIE,SAFECOOKIE" : "");
        if (withPassword) {
            methods.append(withCookie ? "," : "").append("HASHEDPASSWORD");
        }
        if (!withCookie && !withPassword) {
            methods.append("NULL");
        }
        if (withCookie) {
            try {
                Path file = cookie.file();
                methods.append(file == null ? "" : " COOKIEFILE=" + Quoted.of(file.toString()));
            } catch (TorException e) {
                LOG.debug("no cookie file: {}", e.getMessage());
            }
        }
        return methods.toString();
    }

    /** AUTHCHALLENGE: whoever can't prove it after that is sent away. */
    Reply challenge(Request request) throws Refusal {
        Arguments arguments = Arguments.parseRaw(request, CHALLENGE);
        try {
            return answer(request, arguments);
        } catch (Refusal e) {
            return e.reply().closing();
        }
    }

    private Reply answer(Request request, Arguments arguments) throws Refusal {
        if (!"SAFECOOKIE".equalsIgnoreCase(arguments.word(0))) {
            throw new Refusal(513, "AUTHCHALLENGE only supports SAFECOOKIE authentication");
        }
        byte[] secret = cookie.value();
        if (secret == null) {
            throw new Refusal(515, "Cookie authentication is disabled");
        }
        if (arguments.keywords().size() != 1) {
            throw new Refusal(512, "Wrong number of arguments for AUTHCHALLENGE");
        }
        Keyword keyword = arguments.keywords().getFirst();
        if (!keyword.key().isEmpty()) {
            throw new Refusal(512, "AUTHCHALLENGE does not accept keyword arguments.");
        }
        byte[] clientNonce = bytes(request, keyword);
        if (clientNonce == null) {
            throw new Refusal(513, "Invalid base16 client nonce");
        }
        byte[] serverNonce = new byte[NONCE_BYTES];
        random.nextBytes(serverNonce);
        request.connection().session().expected = hmac(CONTROLLER_KEY, secret, clientNonce, serverNonce);
        HexFormat hex = HexFormat.of().withUpperCase();
        return Reply.of().line("AUTHCHALLENGE SERVERHASH=" + hex.formatHex(hmac(SERVER_KEY, secret, clientNonce, serverNonce))
                + " SERVERNONCE=" + hex.formatHex(serverNonce));
    }

    /** With C tor's key for that direction, over cookie and nonces. */
    static byte[] hmac(String key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** AUTHENTICATE: whoever fails is sent away. */
    Reply authenticate(Request request) throws Refusal {
        List<Keyword> keywords = Arguments.parseRaw(request, SECRET).keywords();
        try {
            if (keywords.size() > 1) {
                throw new Refusal(512, "Too many arguments to AUTHENTICATE.");
            }
            byte[] secret = new byte[0];
            if (!keywords.isEmpty()) {
                if (!keywords.getFirst().key().isEmpty()) {
                    throw new Refusal(512, "AUTHENTICATE does not accept keyword arguments.");
                }
                byte[] given = bytes(request, keywords.getFirst());
                if (given == null) {
                    throw new Refusal(551, "Invalid hexadecimal encoding.  Maybe you tried a plain text password?  If so, the "
                            + "standard requires that you put it in double quotes.");
                }
                secret = given;
            }
            Session session = request.connection().session();
            String problem = problem(session, secret, isQuoted(request));
            if (problem != null) {
                throw new Refusal(515, "Authentication failed: " + problem);
            }
            session.expected = null;
            session.authenticated = true;
            LOG.debug("Authenticated control connection ({})", request.connection().number());
            return Reply.ok();
        } catch (Refusal e) {
            return e.reply().closing();
        }
    }

    /** What is wrong with a secret; null if it lets in whoever has sent it. */
    private @Nullable String problem(Session session, byte[] secret, boolean quoted) {
        byte[] expected = session.expected;
        if (expected != null) {
            if (secret.length != HASH_BYTES) {
                LOG.warn("Got safe cookie authentication response with wrong length ({})", secret.length);
                return "Wrong length for safe cookie response.";
            }
            if (!MessageDigest.isEqual(expected, secret)) {
                LOG.warn("Got incorrect safe cookie authentication response");
                return "Safe cookie response did not match expected value.";
            }
            return null;
        }
        boolean withCookie = cookie.isUsed();
        boolean withPassword = usesPasswords();
        if (!withCookie && !withPassword) {
            return null;
        }
        byte[] known = cookie.value();
        if (withCookie && known != null && MessageDigest.isEqual(known, secret)
                || withPassword && host.isPassword(secret)) {
            return null;
        }
        if (withCookie && withPassword) {
            LOG.warn("Bad password or authentication cookie on controller.");
            return "Password did not match HashedControlPassword *or* authentication cookie.";
        }
        if (withPassword) {
            return "Password did not match HashedControlPassword value from configuration" + (quoted ? ""
                    : ". Maybe you tried a plain text password? If so, the standard requires that you put it in double "
                            + "quotes.");
        }
        if (secret.length != AuthCookie.BYTES) {
            LOG.warn("Got authentication cookie with wrong length ({})", secret.length);
            return "Wrong length on authentication cookie.";
        }
        LOG.warn("Got mismatched authentication cookie");
        return "Authentication cookie did not match expected value.";
    }

    private static boolean isQuoted(Request request) {
        return request.rawLine().indexOf('"') >= 0;
    }

    /** What is in quotes, or hexadecimal digits stand for; null if they are none. */
    private static byte @Nullable [] bytes(Request request, Keyword keyword) {
        if (isQuoted(request)) {
            return keyword.text().getBytes(StandardCharsets.ISO_8859_1);
        }
        try {
            return HexFormat.of().parseHex(keyword.text());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
