package dev.cepa.netdoc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ProtocolException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Real documents with some damage are read or refused; nothing else happens, and it does not take long. */
class NetdocFuzz {
    private static final long MAX_NANOS = 2_000_000_000L;
    private static final String[] WORDS = {
        "\n", " ", "\n\n", "99999999999999999999", "-1", "=", ",", "-", "$", "r ", "\nr x\n", "\nm \n", "\ns \n",
        "\npr \n", "\na [::]:1\n",
        "accept ", "reject 1-65535", "\np accept 1-", "\nfamily $", "\nonion-key\n", "\ndirectory-footer\n",
        "\ndirectory-signature ",
        "-----BEGIN SIGNATURE-----\n", "-----END SIGNATURE-----\n", "\u0000", "\u00ff",
        "directory-signature sha256 A B\n", "1,$d\n",
        "0a\n", ".\n", "\nid ed25519 AAAA\n", "\nw Bandwidth=\n"
    };

    private final byte[] consensus = Documents.read("network-consensus.txt");
    private final byte[] microdescs = Documents.read("microdesc2.txt");
    private final byte[] certificates = Documents.read("network-certificates.txt");
    private final byte[] diff = Documents.read("diff.txt");
    private final byte[] diffOld = Documents.read("diff-old.txt");

    NetdocFuzz() throws IOException {}

    /** One to four of: a byte changed, a line lost or doubled or moved, a word put in, the end cut off. */
    static byte[] damage(byte[] document, long seed) {
        Random random = new Random(seed);
        String text = new String(document, StandardCharsets.ISO_8859_1);
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(text.length());
            int line = text.lastIndexOf('\n', at) + 1;
            int end = text.indexOf('\n', at) + 1;
            end = end == 0 ? text.length() : end;
            int there = random.nextInt(text.length());
            text = switch (random.nextInt(6)) {
                case 0 -> text.substring(0, at) + (char) random.nextInt(256) + text.substring(at + 1);
                case 1 -> text.substring(0, line) + text.substring(end);
                case 2 -> text.substring(0, end) + text.substring(line);
                case 3 -> text.substring(0, there) + text.substring(line, end) + text.substring(there);
                case 4 -> text.substring(0, at) + WORDS[random.nextInt(WORDS.length)] + text.substring(at);
                default -> random.nextInt(4) > 0 ? text : text.substring(0, at);
            };
            if (text.isEmpty()) {
                text = "\n";
            }
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void within(long start) {
        assertThat(System.nanoTime() - start).isLessThan(MAX_NANOS);
    }

    @Property(tries = 3000)
    void anyConsensusIsReadOrRefused(@ForAll long seed) {
        long start = System.nanoTime();
        try {
            Consensus read = Consensus.parse(damage(consensus, seed));
            NetDirBuilder builder = new NetDirBuilder(read);
            builder.add(microdescs, 0, microdescs.length);
            NetDir dir = builder.build();
            for (int relay = 0; relay < dir.size(); relay++) {
                dir.nickname(relay);
                dir.ipv4(relay);
                dir.ipv6(relay);
                dir.supports(relay, Protocols.Name.LINK, 4);
                dir.sameSubnet(relay, 0);
                assertThat(dir.indexOf(dir.rsaId(relay))).isEqualTo(relay);
            }
        } catch (ProtocolException e) {
            assertThat(e).hasMessageStartingWith("consensus: ");
        }
        within(start);
    }

    @Property(tries = 2000)
    void anyMicrodescriptorIsReadOrLeftOut(@ForAll long seed) {
        long start = System.nanoTime();
        byte[] damaged = damage(microdescs, seed);
        TestDirectory network = new TestDirectory();
        network.relay("whole").familyIds("a", "b").family("b", "c").policy("accept 80");
        // Each part that begins as a microdescriptor does is listed, so that it is parsed.
        String text = new String(damaged, StandardCharsets.ISO_8859_1);
        int from = 0;
        while (from < text.length()) {
            int to = text.indexOf("\nonion-key", from + 1) + 1;
            to = to == 0 ? text.length() : to;
            String part = text.substring(from, to);
            int annotation = part.indexOf("\n@");
            network.relay("damaged").microdescText(annotation < 0 ? part : part.substring(0, annotation + 1));
            from = to;
        }
        NetDir dir = network.build();
        for (int relay = 0; relay < dir.size(); relay++) {
            dir.sameFamily(relay, 0);
            dir.exitsTo4(relay, 80);
            dir.exitsTo6(relay, 80);
            dir.ntorKey(relay);
            if (dir.ed25519Id(relay) != null) {
                assertThat(dir.indexOf(dir.ed25519Id(relay))).isNotNegative();
            }
        }
        within(start);
    }

    @Property(tries = 100)
    void anyCertificateIsVerifiedOrLeftOut(@ForAll long seed) {
        long start = System.nanoTime();
        AuthorityCertificate.parseAll(damage(certificates, seed));
        within(start);
    }

    @Property(tries = 2000)
    void anyDiffIsAppliedOrRefused(@ForAll long seed) {
        long start = System.nanoTime();
        try {
            byte[] made = ConsensusDiff.apply(diffOld, damage(diff, seed), 20_000);
            assertThat(made.length).isLessThanOrEqualTo(20_000);
        } catch (ProtocolException e) {
            assertThat(e).hasMessageStartingWith("consensus diff: ");
        }
        within(start);
    }

    /** The digest of what comes out guards the rest; without it the commands themselves are tried. */
    @Property(tries = 2000)
    void anyCommandsAreCarriedOutOrRefused(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] old = Arrays.copyOfRange(diffOld, 0, diffOld.length);
        StringBuilder commands = new StringBuilder("network-status-diff-version 1\nhash ");
        String head = new String(diff, StandardCharsets.ISO_8859_1);
        commands.append(head, head.indexOf("hash ") + 5, head.indexOf('\n', 40)).append('\n');
        int line = 100;
        while (line > 0 && random.nextInt(12) != 0) {
            int low = Math.max(0, line - random.nextInt(20));
            String range = random.nextInt(3) == 0 ? "," + line : "";
            commands.append(low).append(range).append("acd".charAt(random.nextInt(3))).append("\nx\n.\n");
            line = low;
        }
        try {
            ConsensusDiff.apply(old, commands.toString().getBytes(StandardCharsets.ISO_8859_1), 20_000);
        } catch (ProtocolException e) {
            assertThat(e).hasMessageStartingWith("consensus diff: ");
        }
    }

    @Property(tries = 3000)
    void anyProtocolListIsReadOrRefused(@ForAll String text) {
        for (String list : new String[] {text, "Link=" + text, "Link=1," + text + " Relay=2"}) {
            try {
                Protocols read = Protocols.parse(list);
                assertThat(Protocols.parse(read.toString())).hasToString(read.toString());
                assertThat(read.missing(read)).doesNotContain("Link");
            } catch (ProtocolException e) {
                assertThat(e).hasMessageContaining("subprotocol");
            }
        }
    }
}
