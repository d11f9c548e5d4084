package dev.cepa.netdoc;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.error.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A network made by hand: writes a consensus and microdescriptors as authorities would, and reads them again. Relays
 * are numbered as they are added, unless one is given an identity of its own. Changing one and building again makes
 * the next consensus.
 *
 * <pre>{@code
 * TestDirectory network = new TestDirectory();
 * network.relay("guard").flags(RelayFlags.GUARD | RelayFlags.FAST).bandwidth(5000);
 * network.relay("exit").flags(RelayFlags.EXIT).policy("accept 80,443");
 * NetDir dir = network.build();
 * }</pre>
 */
public final class TestDirectory {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final String[] FLAG_WORDS = {
        "Authority", "BadExit", "Exit", "Fast", "Guard", "HSDir", "MiddleOnly", "NoEdConsensus", "Stable", "StaleDesc",
        "Sybil", "Running", "Valid", "V2Dir"
    };
    private static final String PROTOCOLS = "Conflux=1 Cons=1-2 Desc=1-4 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5"
            + " HSRend=1-2 Link=3-5 LinkAuth=3 Microdesc=1-3 Padding=2 Relay=2-6";

    private final List<Relay> relays = new ArrayList<>();
    private final Map<String, Integer> params = new TreeMap<>();
    private final Map<String, Integer> weights = new TreeMap<>();
    private Instant validAfter = Instant.parse("2026-11-24T00:00:00Z");
    private Instant freshUntil = validAfter.plusSeconds(3600);
    private Instant validUntil = validAfter.plusSeconds(3 * 3600);
    private String requiredClientProtocols = "Cons=2 Desc=2 FlowCtrl=1 Link=4 Microdesc=2 Relay=2";
    private String recommendedClientProtocols = requiredClientProtocols;

    /** One relay. Running, valid, fast, stable and a directory cache; an address in a /16 of its own; exits nowhere. */
    public static final class Relay {
        private final String nickname;
        private RsaId id;
        private byte[] ed25519;
        private byte[] ntorKey;
        private int flags =
                RelayFlags.RUNNING | RelayFlags.VALID | RelayFlags.FAST | RelayFlags.STABLE | RelayFlags.V2_DIR;
        private long bandwidth = 1000;
        private boolean unmeasured;
        private String ipv4;
        private int port = 9001;
        private String ipv6;
        private String protocols = PROTOCOLS;
        private String policy;
        private String policy6;
        private String family;
        private String familyIds;
        private boolean microdesc = true;
        private String microdescText;

        private Relay(String nickname, int number) {
            this.nickname = nickname;
            byte[] rsa = new byte[RsaId.LENGTH];
            rsa[0] = (byte) (number >> 8);
            rsa[1] = (byte) number;
            rsa[19] = 1;
            id = RsaId.of(rsa);
            ed25519 = sha256(("ed25519 " + nickname + number).getBytes(StandardCharsets.ISO_8859_1));
            ntorKey = sha256(("ntor " + nickname + number).getBytes(StandardCharsets.ISO_8859_1));
            ipv4 = (10 + number / 250) + "." + number % 250 + ".0.1";
        }

        public RsaId rsaId() {
            return id;
        }

        public Ed25519Id ed25519Id() {
            return Ed25519Id.of(ed25519);
        }

        /** In place of the one made up; gives the relay another number, as they go by identity. */
        public Relay rsaId(RsaId id) {
            this.id = id;
            return this;
        }

        /** 32 bytes, or null to have none. */
        public Relay ed25519(byte[] id) {
            this.ed25519 = id;
            return this;
        }

        /** 32 bytes. */
        public Relay ntorKey(byte[] key) {
            this.ntorKey = key;
            return this;
        }

        /** All of {@link RelayFlags} that it has, in place of those of the start. */
        public Relay flags(int flags) {
            this.flags = flags;
            return this;
        }

        /** Beside those it has. */
        public Relay with(int flags) {
            this.flags |= flags;
            return this;
        }

        /** Kilobytes a second. */
        public Relay bandwidth(long bandwidth) {
            this.bandwidth = bandwidth;
            return this;
        }

        public Relay unmeasured() {
            this.unmeasured = true;
            return this;
        }

        public Relay ipv4(String address, int port) {
            this.ipv4 = address;
            this.port = port;
            return this;
        }

        /** Such as {@code [2001:db8::1]:9001}; null for none. */
        public Relay ipv6(String addressAndPort) {
            this.ipv6 = addressAndPort;
            return this;
        }

        public Relay protocols(String list) {
            this.protocols = list;
            return this;
        }

        /** Such as {@code accept 80,443} or {@code reject 25}; null for none. */
        public Relay policy(String summary) {
            this.policy = summary;
            return this;
        }

        public Relay policy6(String summary) {
            this.policy6 = summary;
            return this;
        }

        /** As a family line has them: {@code $FINGERPRINT} and nicknames. */
        public Relay family(String... members) {
            this.family = String.join(" ", members);
            return this;
        }

        public Relay familyIds(String... ids) {
            this.familyIds = String.join(" ", ids);
            return this;
        }

        /** Whether {@link TestDirectory#build} knows its microdescriptor. */
        public Relay microdesc(boolean known) {
            this.microdesc = known;
            return this;
        }

        /** The whole microdescriptor, in place of the one made of what is said here; one character a byte. */
        public Relay microdescText(String text) {
            this.microdescText = text;
            return this;
        }

        String microdescText() {
            if (microdescText != null) {
                return microdescText;
            }
            StringBuilder out = new StringBuilder("onion-key\nntor-onion-key ").append(base64(ntorKey)).append('\n');
            line(out, "family", family);
            line(out, "family-ids", familyIds);
            line(out, "p", policy);
            line(out, "p6", policy6);
            if (ed25519 != null) {
                out.append("id ed25519 ").append(base64(ed25519)).append('\n');
            }
            return out.toString();
        }

        private static void line(StringBuilder out, String keyword, String arguments) {
            if (arguments != null) {
                out.append(keyword).append(' ').append(arguments).append('\n');
            }
        }

        private void write(StringBuilder out) {
            out.append("r ").append(nickname).append(' ').append(base64(id.toBytes()));
            out.append(" 2038-01-01 00:00:00 ").append(ipv4).append(' ').append(port).append(" 0\n");
            if (ipv6 != null) {
                out.append("a ").append(ipv6).append('\n');
            }
            byte[] digest = sha256(microdescText().getBytes(StandardCharsets.ISO_8859_1));
            out.append("m ").append(base64(digest)).append("\ns");
            for (int i = 0; i < FLAG_WORDS.length; i++) {
                if ((flags >> i & 1) != 0) {
                    out.append(' ').append(FLAG_WORDS[i]);
                }
            }
            out.append("\nv Tor 0.4.9.11\npr ").append(protocols).append("\nw Bandwidth=").append(bandwidth);
            out.append(unmeasured ? " Unmeasured=1\n" : "\n");
        }
    }

    /** Adds a relay. */
    public Relay relay(String nickname) {
        Relay relay = new Relay(nickname, relays.size());
        relays.add(relay);
        return relay;
    }

    /** The relay that was added as that number. */
    public Relay relay(int number) {
        return relays.get(number);
    }

    public int size() {
        return relays.size();
    }

    public TestDirectory param(String name, int value) {
        params.put(name, value);
        return this;
    }

    /** Pairs such as {@code Wgg=5869}. */
    public TestDirectory weights(String... pairs) {
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            weights.put(pair.substring(0, equals), Integer.parseInt(pair.substring(equals + 1)));
        }
        return this;
    }

    /** The weights of a day on the real network. */
    public TestDirectory realWeights() {
        return weights(
                "Wbd=0", "Wbe=0", "Wbg=4131", "Wbm=10000", "Wdb=10000", "Web=10000", "Wed=10000", "Wee=10000",
                "Weg=10000", "Wem=10000", "Wgb=10000", "Wgd=0", "Wgg=5869", "Wgm=5869", "Wmb=10000", "Wmd=0",
                "Wme=0", "Wmg=4131", "Wmm=10000");
    }

    /** Fresh for an hour and valid for three from then on. */
    public TestDirectory validAfter(Instant time) {
        return lifetime(time, time.plusSeconds(3600), time.plusSeconds(3 * 3600));
    }

    public TestDirectory lifetime(Instant validAfter, Instant freshUntil, Instant validUntil) {
        this.validAfter = validAfter;
        this.freshUntil = freshUntil;
        this.validUntil = validUntil;
        return this;
    }

    public TestDirectory clientProtocols(String required, String recommended) {
        this.requiredClientProtocols = required;
        this.recommendedClientProtocols = recommended;
        return this;
    }

    /** The snapshot, without checking any signature. */
    public NetDir build() {
        try {
            NetDirBuilder builder =
                    new NetDirBuilder(Consensus.parse(unsignedText().getBytes(StandardCharsets.ISO_8859_1)));
            byte[] microdescs = microdescs();
            builder.add(microdescs, 0, microdescs.length);
            return builder.build();
        } catch (ProtocolException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The microdescriptors that are known, in a row, as a directory sends them. */
    public byte[] microdescs() {
        StringBuilder out = new StringBuilder();
        for (Relay relay : relays) {
            if (relay.microdesc) {
                out.append(relay.microdescText());
            }
        }
        return out.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** A consensus with a signature that is none. */
    String unsignedText() {
        String id = "00".repeat(RsaId.LENGTH);
        return text(List.of(id)) + "sha256 " + id + " " + id
                + "\n-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n";
    }

    /** The consensus of those authorities, signed by them. */
    public byte[] signed(TestAuthority... authorities) {
        return signed(Arrays.asList(authorities), Arrays.asList(authorities));
    }

    /** The consensus of some authorities, signed by some. */
    public byte[] signed(List<TestAuthority> voters, List<TestAuthority> signers) {
        List<String> ids = new ArrayList<>();
        for (TestAuthority voter : voters) {
            ids.add(voter.identity().toString());
        }
        String text = text(ids);
        byte[] digest = sha256(text.getBytes(StandardCharsets.ISO_8859_1));
        StringBuilder out = new StringBuilder(text);
        String keyword = "";
        for (TestAuthority signer : signers) {
            out.append(keyword).append("sha256 ").append(signer.identity());
            out.append(' ').append(signer.signingKeyDigest()).append('\n');
            out.append(TestAuthority.object("SIGNATURE", signer.sign(digest)));
            keyword = "directory-signature ";
        }
        return out.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** All that is signed, up to and with the first "directory-signature ". */
    private String text(List<String> voters) {
        StringBuilder out = new StringBuilder("network-status-version 3 microdesc\nvote-status consensus\n");
        out.append("consensus-method 35\nvalid-after ").append(TIME.format(validAfter));
        out.append("\nfresh-until ").append(TIME.format(freshUntil));
        out.append("\nvalid-until ").append(TIME.format(validUntil));
        out.append("\nvoting-delay 300 300\nclient-versions \nserver-versions \nknown-flags ");
        String[] flags = FLAG_WORDS.clone();
        Arrays.sort(flags);
        out.append(String.join(" ", flags)).append('\n');
        out.append("recommended-client-protocols ").append(recommendedClientProtocols);
        out.append("\nrequired-client-protocols ").append(requiredClientProtocols).append('\n');
        if (!params.isEmpty()) {
            out.append("params");
            // Authorities sort whole words, and '=' comes after the digits.
            params.entrySet().stream().map(p -> " " + p.getKey() + "=" + p.getValue()).sorted().forEach(out::append);
            out.append('\n');
        }
        for (String voter : voters) {
            out.append("dir-source auth ").append(voter).append(" 127.0.0.1 127.0.0.1 80 443\n");
            out.append("contact nobody\nvote-digest ").append(voter).append('\n');
        }
        List<Relay> sorted = new ArrayList<>(relays);
        sorted.sort((a, b) -> Arrays.compareUnsigned(a.id.toBytes(), b.id.toBytes()));
        for (Relay relay : sorted) {
            relay.write(out);
        }
        out.append("directory-footer\n");
        if (!weights.isEmpty()) {
            out.append("bandwidth-weights");
            weights.forEach((name, value) -> out.append(' ').append(name).append('=').append(value));
            out.append('\n');
        }
        return out.append("directory-signature ").toString();
    }

    static byte[] sha256(byte[] text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().withoutPadding().encodeToString(bytes);
    }
}
