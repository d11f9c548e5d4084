package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import dev.cepa.netdoc.Consensus;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.netdoc.TestAuthority;
import dev.cepa.netdoc.TestDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A network of three authorities with real keys, whose directory servers all answer as they should, or nearly so. */
final class ScriptedNetwork implements ScriptedLink.Script {
    static final Instant VALID_AFTER = Instant.parse("2026-11-24T06:00:00Z");

    private static final TestAuthority[] AUTHORITIES = {new TestAuthority(), new TestAuthority(), new TestAuthority()};

    /** The same for all networks: making keys takes longer than anything else here. */
    final TestAuthority[] authorities = AUTHORITIES;
    final TestDirectory relays = new TestDirectory();
    private final Set<String> lacking = ConcurrentHashMap.newKeySet();
    /** Whether whoever is asked first for a microdescriptor lacks it. */
    volatile boolean forgetful;

    volatile boolean givesDiffs;
    volatile boolean givesBadDiffs;
    volatile byte[] consensus;
    private final Map<String, byte[]> older = new HashMap<>();
    private final Map<String, byte[]> microdescs = new HashMap<>();

    ScriptedNetwork(int count) {
        relays.realWeights().validAfter(VALID_AFTER);
        for (int i = 0; i < count; i++) {
            TestDirectory.Relay relay = relays.relay("relay" + i).bandwidth(1000 + i);
            if (i % 3 == 0) {
                relay.with(RelayFlags.GUARD);
            } else if (i % 3 == 1) {
                relay.with(RelayFlags.EXIT).policy("accept 1-65535");
            }
        }
        publish();
    }

    /** Makes the next consensus of the relays as they are, signed by all. */
    void publish() {
        try {
            if (consensus != null) {
                older.put(HexFormat.of().withUpperCase().formatHex(Consensus.diffDigest(consensus)), consensus);
            }
            MicrodescReader.read(new ByteArrayInputStream(relays.microdescs()), (buf, offset, length, lastListed) -> {
                byte[] text = Arrays.copyOfRange(buf, offset, offset + length);
                microdescs.put(Base64.getEncoder().withoutPadding().encodeToString(hash("SHA-256", text)), text);
            });
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        consensus = relays.signed(authorities);
    }

    DirectorySettings settings() {
        List<DirectoryAuthority> trusted = new ArrayList<>();
        for (int i = 0; i < authorities.length; i++) {
            try {
                trusted.add(DirectoryAuthority.parse(
                        "auth orport=1 v3ident=" + authorities[i].identity() + " 10.0.0.1:2 " + "A".repeat(39) + i));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
        return DirectorySettings.DEFAULT.withNetwork(trusted, List.of()).forTestingNetwork();
    }

    @Override
    public byte @Nullable [] answer(RsaId server, DirectoryRequest request) throws IOException {
        String path = request.path();
        if (path.startsWith("/tor/status-vote/")) {
            byte[] base = request.diffFrom() == null || !givesDiffs
                    ? null
                    : older.get(HexFormat.of().withUpperCase().formatHex(request.diffFrom()));
            return base == null ? consensus : diff(base, consensus, givesBadDiffs);
        }
        if (path.startsWith("/tor/keys/fp-sk/")) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (TestAuthority authority : authorities) {
                if (path.contains(authority.identity() + "-" + authority.signingKeyDigest())) {
                    out.writeBytes(authority.certificate(VALID_AFTER.plusSeconds(86_400 * 60)));
                }
            }
            return out.toByteArray();
        }
        return microdescs(path.substring("/tor/micro/d/".length(), path.length() - 2));
    }

    private byte[] microdescs(String digests) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String digest : digests.split("-")) {
            byte[] text = microdescs.get(digest);
            if (text != null && !(forgetful && lacking.add(digest))) {
                out.writeBytes(text);
            }
        }
        return out.toByteArray();
    }

    /** A difference that replaces everything. */
    private static byte[] diff(byte[] from, byte[] to, boolean bad) throws ProtocolException {
        String head = "network-status-diff-version 1\nhash "
                + HexFormat.of().formatHex(Consensus.diffDigest(from)) + " "
                + HexFormat.of().formatHex(bad ? new byte[32] : hash("SHA3-256", to)) + "\n2,$d\n1c\n";
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(to);
        out.writeBytes(".\n".getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }

    /** How many different servers. */
    static int servers(List<ScriptedLink.Question> questions) {
        Set<RsaId> servers = new HashSet<>();
        questions.forEach(question -> servers.add(question.server()));
        return servers.size();
    }

    private static byte[] hash(String algorithm, byte[] bytes) {
        try {
            return MessageDigest.getInstance(algorithm).digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
