package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.netdoc.ServerDescriptor;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A question to a directory server (dir-spec section 6), in HTTP/1.0. Immutable.
 *
 * @param path what is asked for
 * @param maxBytes the most bytes that the answer may have, received or decompressed
 * @param anonymous whether the server must not learn what kind of client asks: then no encodings are named
 * @param ifModifiedSince answer 304 if nothing is newer; null to ask for it in any case
 * @param diffFrom 32-byte SHA3-256 of the signed part of the consensus that we have, if a diff from it will do; else null
 * @param body what is posted; null to get
 */
public record DirectoryRequest(
        String path,
        long maxBytes,
        boolean anonymous,
        @Nullable Instant ifModifiedSince,
        byte @Nullable [] diffFrom,
        byte @Nullable [] body) {
    /** A consensus has 3 MB in 2026. */
    private static final int MAX_CONSENSUS = 16 * 1024 * 1024 - 1;

    private static final int MIN_MAX_CONSENSUS = 4 * 1024 * 1024;

    /** Of one microdescriptor; they have 500 bytes on average. */
    static final int MAX_MICRODESC = 8 * 1024;

    /** Of one authority's certificate. */
    static final int MAX_CERTIFICATE = 16 * 1024;

    /** How many microdescriptors may be asked for at once: longer addresses than these make are refused by some proxies. */
    public static final int MAX_MICRODESCS_A_REQUEST = 92;

    /**
     * How many bytes a consensus may have: {@value #MAX_CONSENSUS}, or a quarter of a small heap. Whoever sends one is not
     * trusted, and one that filled the heap would end the program.
     */
    static int maxConsensus() {
        return Math.clamp(Runtime.getRuntime().maxMemory() / 4, MIN_MAX_CONSENSUS, MAX_CONSENSUS);
    }

    /** A document that is not described below. */
    public static DirectoryRequest get(String path, long maxBytes, boolean anonymous) {
        return new DirectoryRequest(path, maxBytes, anonymous, null, null, null);
    }

    /** Hands a document in, anonymously; the answer has no body that matters. */
    public static DirectoryRequest post(String path, byte[] body) {
        return new DirectoryRequest(path, 64 * 1024, true, null, null, body);
    }

    /**
     * The current consensus of microdescriptors.
     *
     * @param authorities those that we trust: a server that knows a consensus with too few of their signatures says so
     */
    static DirectoryRequest consensus(
            List<DirectoryAuthority> authorities, @Nullable Instant ifModifiedSince, byte @Nullable [] diffFrom) {
        List<String> prefixes = new ArrayList<>();
        for (DirectoryAuthority authority : authorities) {
            if (authority.v3Ident() != null) {
                prefixes.add(authority.v3Ident().toString().substring(0, 6));
            }
        }
        prefixes.sort(null);
        String path = "/tor/status-vote/current/consensus-microdesc";
        if (!prefixes.isEmpty()) {
            path += "/" + String.join("+", prefixes);
        }
        return new DirectoryRequest(path + ".z", maxConsensus(), false, ifModifiedSince, diffFrom, null);
    }

    /** Authority certificates, by the digests of their identity key and their signing key; at least one. */
    static DirectoryRequest certificates(List<RsaId> identities, List<RsaId> signingKeys) {
        StringBuilder path = new StringBuilder("/tor/keys/fp-sk/");
        for (int i = 0; i < identities.size(); i++) {
            path.append(i == 0 ? "" : "+").append(identities.get(i)).append('-').append(signingKeys.get(i));
        }
        return get(path.append(".z").toString(), (long) MAX_CERTIFICATE * (1 + identities.size()), false);
    }

    /** The server descriptor of whoever is asked. */
    static DirectoryRequest ownDescriptor() {
        return get("/tor/server/authority.z", ServerDescriptor.MAX_LENGTH, false);
    }

    /** Microdescriptors by their 32-byte SHA-256 digests; 1 to {@link #MAX_MICRODESCS_A_REQUEST}. */
    static DirectoryRequest microdescs(List<byte[]> digests) {
        StringBuilder path = new StringBuilder(20 + 44 * digests.size()).append("/tor/micro/d/");
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        for (int i = 0; i < digests.size(); i++) {
            path.append(i == 0 ? "" : "-").append(base64.encodeToString(digests.get(i)));
        }
        return get(path.append(".z").toString(), (long) MAX_MICRODESC * digests.size(), false);
    }

    /** What is asked for, in one word for events. */
    String document() {
        if (path.startsWith("/tor/micro/")) {
            return "microdescriptors";
        }
        if (path.startsWith("/tor/server/")) {
            return "descriptor";
        }
        return path.startsWith("/tor/keys/") ? "certificates" : "consensus";
    }

    /** The head of the request as it is sent, with the empty line behind it; ASCII. */
    String head(String acceptEncoding) {
        StringBuilder out = new StringBuilder(256).append(body == null ? "GET " : "POST ").append(path).append(" HTTP/1.0\r\n");
        if (!anonymous) {
            out.append("Accept-Encoding: ").append(acceptEncoding).append("\r\n");
        }
        if (ifModifiedSince != null) {
            out.append("If-Modified-Since: ").append(DirectoryTime.format(ifModifiedSince)).append("\r\n");
        }
        if (diffFrom != null) {
            out.append("X-Or-Diff-From-Consensus: ").append(HexFormat.of().withUpperCase().formatHex(diffFrom)).append("\r\n");
        }
        if (body != null) {
            out.append("Content-Length: ").append(body.length).append("\r\n");
        }
        return out.append("\r\n").toString();
    }
}
