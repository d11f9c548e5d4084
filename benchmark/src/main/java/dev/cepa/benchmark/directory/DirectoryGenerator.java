package dev.cepa.benchmark.directory;

import dev.cepa.testnet.Node;
import dev.cepa.testnet.NodeKind;
import dev.cepa.testnet.TestNetwork;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives a private network a directory of the public network's size: its real relays as they are, and made-up ones
 * that have no weight, so that clients hold them and never use them. A real relay that has no weight yet gets the least
 * there is. It is signed by the network's own authorities, with keys from their data directories, so every client
 * verifies and believes it; and it is valid for so long that no client refreshes it during a run. Stateless.
 */
public final class DirectoryGenerator {
    private static final Duration AGE = Duration.ofMinutes(5);
    private static final Duration FRESH = Duration.ofHours(12);
    private static final Duration VALID = Duration.ofHours(24);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final String SIGNATURE = "directory-signature ";
    private static final String FOOTER = "directory-footer\n";

    private DirectoryGenerator() {}

    /** A consensus, its microdescriptors in a row, and the certificates of those who signed it. */
    record Documents(byte[] consensus, byte[] microdescs, byte[] certificates) {}

    /**
     * Writes {@code cached-microdesc-consensus}, {@code cached-microdescs} and {@code cached-certs} into a data directory,
     * which is made if need be, for its owner only.
     *
     * @param relays how many the consensus is to list, the real ones included
     * @throws IOException if the network has no consensus yet, or a file can't be read or written
     */
    public static void write(TestNetwork network, int relays, Path dataDirectory) throws IOException {
        List<Path> authorities = new ArrayList<>();
        for (Node node : network.nodes(NodeKind.AUTHORITY)) {
            authorities.add(node.folder());
        }
        Documents documents = make(authorities, relays, Instant.now());
        Files.createDirectories(dataDirectory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        writePrivate(dataDirectory.resolve("cached-microdesc-consensus"), documents.consensus());
        writePrivate(dataDirectory.resolve("cached-microdescs"), documents.microdescs());
        writePrivate(dataDirectory.resolve("cached-certs"), documents.certificates());
    }

    /** @param authorities the data directories of the network's authorities */
    static Documents make(List<Path> authorities, int relays, Instant now) throws IOException {
        Path source = authorities.getFirst();
        String real = Files.readString(source.resolve("cached-microdesc-consensus"), StandardCharsets.ISO_8859_1);
        int firstRelay = real.indexOf("\nr ") + 1;
        int footer = real.indexOf("\n" + FOOTER) + 1;
        int signatures = real.indexOf("\n" + SIGNATURE) + 1;
        if (firstRelay == 0 || footer < firstRelay || signatures < footer) {
            throw new IOException("the network's consensus lists no relays");
        }
        List<MadeUpRelays.Relay> all = realRelays(real.substring(firstRelay, footer), microdescs(source));
        if (all.size() > relays) {
            throw new IOException("the network has more than " + relays + " relays already");
        }
        all.addAll(new MadeUpRelays(1, false).make(relays - all.size()));
        all.sort((a, b) -> Arrays.compareUnsigned(a.identity(), b.identity()));

        StringBuilder consensus = new StringBuilder(400 * relays);
        consensus.append(withLifetime(real.substring(0, firstRelay), now.truncatedTo(ChronoUnit.SECONDS).minus(AGE)));
        StringBuilder microdescs = new StringBuilder(1000 * relays);
        String annotation = "@last-listed " + TIME.format(now) + "\n";
        for (MadeUpRelays.Relay relay : all) {
            consensus.append(relay.entry());
            microdescs.append(annotation).append(relay.microdesc());
        }
        consensus.append(real, footer, signatures);
        ByteArrayOutputStream certificates = new ByteArrayOutputStream();
        // All that is signed ends with the keyword of the first signature and the space after it.
        byte[] digest = MadeUpRelays.sha256(consensus + SIGNATURE);
        for (Path folder : authorities) {
            SigningAuthority authority = SigningAuthority.read(folder);
            consensus.append(SIGNATURE).append(authority.signature(digest));
            certificates.writeBytes(authority.text());
        }
        return new Documents(bytes(consensus), bytes(microdescs), certificates.toByteArray());
    }

    /** The preamble with its three times replaced. */
    private static String withLifetime(String preamble, Instant validAfter) {
        StringBuilder out = new StringBuilder(preamble.length());
        preamble.lines().forEach(line -> {
            if (line.startsWith("valid-after ")) {
                out.append("valid-after ").append(TIME.format(validAfter));
            } else if (line.startsWith("fresh-until ")) {
                out.append("fresh-until ").append(TIME.format(validAfter.plus(FRESH)));
            } else if (line.startsWith("valid-until ")) {
                out.append("valid-until ").append(TIME.format(validAfter.plus(VALID)));
            } else {
                out.append(line);
            }
            out.append('\n');
        });
        return out.toString();
    }

    private static List<MadeUpRelays.Relay> realRelays(String entries, Map<String, String> microdescs) throws IOException {
        List<MadeUpRelays.Relay> relays = new ArrayList<>();
        for (int at = 0; at < entries.length();) {
            int next = entries.indexOf("\nr ", at) + 1;
            int end = next == 0 ? entries.length() : next;
            // Where no relay that fits has weight, clients would choose among all.
            String entry = entries.substring(at, end).replace("\nw Bandwidth=0", "\nw Bandwidth=1");
            int digest = entry.indexOf("\nm ") + 3;
            String microdesc = microdescs.get(entry.substring(digest, entry.indexOf('\n', digest)));
            if (microdesc == null) {
                throw new IOException("the authority lacks the microdescriptor of a relay that it lists");
            }
            relays.add(new MadeUpRelays.Relay(Base64.getDecoder().decode(entry.split(" ", 4)[2]), entry, microdesc));
            at = end;
        }
        return relays;
    }

    /** The microdescriptors that an authority keeps, by digest in base64. */
    private static Map<String, String> microdescs(Path dataDirectory) throws IOException {
        Map<String, String> known = new HashMap<>();
        for (String name : new String[] {"cached-microdescs", "cached-microdescs.new"}) {
            String text;
            try {
                text = Files.readString(dataDirectory.resolve(name), StandardCharsets.ISO_8859_1);
            } catch (NoSuchFileException e) {
                continue; // the journal has all of it, or the cache has
            }
            StringBuilder one = new StringBuilder();
            for (String line : text.split("(?<=\n)", -1)) {
                if (line.startsWith("@") || line.startsWith("onion-key")) {
                    keep(known, one);
                }
                if (!line.startsWith("@")) {
                    one.append(line);
                }
            }
            keep(known, one);
        }
        return known;
    }

    private static void keep(Map<String, String> known, StringBuilder one) {
        if (!one.isEmpty()) {
            String text = one.toString();
            known.put(Base64.getEncoder().withoutPadding().encodeToString(MadeUpRelays.sha256(text)), text);
            one.setLength(0);
        }
    }

    private static byte[] bytes(CharSequence text) {
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void writePrivate(Path file, byte[] content) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(file, content, StandardOpenOption.WRITE);
    }
}
