package dev.cepa.directory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.ErrorKind;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryStoreTest {
    private static final Instant NOW = Instant.parse("2026-11-24T04:00:00Z");
    private static final String A = microdesc('a', 300);
    private static final String B = microdesc('b', 10);
    private static final String C = microdesc('c', 10);

    @TempDir
    Path directory;

    private final List<TorEvent.Warning> warnings = new ArrayList<>();
    private final TorEvents events = new TorEvents();
    private DirectoryStore store;

    @BeforeEach
    void open() {
        events.add(event -> warnings.add((TorEvent.Warning) event));
        store = new DirectoryStore(directory, events);
    }

    @Test
    void givesBackWhatWasWrittenInFilesOfTheOwnerAlone() throws Exception {
        assertThat(store.readConsensus()).isNull();
        assertThat(store.readCertificates()).isNull();
        store.writeConsensus(bytes("first and longer"));
        store.writeConsensus(bytes("second"));
        store.writeCertificates(bytes("certificates"));
        append(A);
        assertThat(store.readConsensus()).asString().isEqualTo("second");
        assertThat(store.readCertificates()).asString().isEqualTo("certificates");
        for (String name : List.of("cached-microdesc-consensus", "cached-certs", "cached-microdescs.new")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name))))
                    .isEqualTo("rw-------");
        }
        assertThat(directory.toFile().list()).hasSize(3);
        assertThat(warnings).isEmpty();
    }

    @Test
    void readsTheJournalBehindTheCache() throws Exception {
        write("cached-microdescs", "@last-listed 2026-11-24 03:43:02\n" + A + "@source \"x\"\n" + B);
        append(C);
        assertThat(readAll()).containsExactly("1795491782 " + A, "0 " + B, NOW.getEpochSecond() + " " + C);
    }

    @Test
    void journalEntriesCarryTheTimeAtWhichTheyWereListed() throws Exception {
        append(B);
        assertThat(directory.resolve("cached-microdescs.new")).hasContent("@last-listed 2026-11-24 04:00:00\n" + B);
    }

    @Test
    void entriesThatAreCutShortOrDamagedDoNotHideTheOthers() throws Exception {
        write(
                "cached-microdescs",
                "junk\n\n" + A + "@last-listed not a time\n" + "onion-key\n" + "x".repeat(20_000) + "\n" + B + "onion-key\n"
                        + "y\n".repeat(9_000) + C.substring(0, C.length() - 4));
        assertThat(readAll()).hasSize(3).contains("0 " + A, "0 " + B);
    }

    @Test
    void binaryJunkIsNoMicrodescriptor() throws Exception {
        byte[] junk = new byte[100_000];
        new java.util.Random(1).nextBytes(junk);
        Files.write(directory.resolve("cached-microdescs"), junk);
        assertThat(readAll()).isEmpty();
        Files.write(directory.resolve("cached-microdescs"), new byte[50_000]);
        assertThat(readAll()).isEmpty();
    }

    @Test
    void rebuildingKeepsWhatIsListedAndEmptiesTheJournal() throws Exception {
        write("cached-microdescs", "@last-listed 2026-11-01 00:00:00\n" + A + "@last-listed 2026-11-23 00:00:00\n" + B + A);
        write("cached-microdescs.new", "@last-listed 2026-11-10 00:00:00\n" + C);
        List<String> seen = new ArrayList<>();
        store.rebuildMicrodescs(
                (buf, offset, length) -> {
                    String text = new String(buf, offset, length, StandardCharsets.ISO_8859_1);
                    seen.add(text);
                    return seen.indexOf(text) == seen.size() - 1 && !text.equals(B);
                },
                NOW.minusSeconds(60));
        assertThat(seen).containsExactly(A, B, A, C);
        assertThat(directory.resolve("cached-microdescs"))
                .hasContent("@last-listed 2026-11-24 03:59:00\n" + A + "@last-listed 2026-11-24 03:59:00\n" + C);
        assertThat(directory.resolve("cached-microdescs.new")).isEmptyFile();
        assertThat(directory.resolve("cached-microdescs.tmp")).doesNotExist();
    }

    @Test
    void rebuildsWhenTheJournalOutgrowsTheCache() throws Exception {
        assertThat(store.shouldRebuild()).isFalse();
        write("cached-microdescs", "x".repeat(50_000));
        write("cached-microdescs.new", "x".repeat(24_000));
        assertThat(store.shouldRebuild()).isFalse();
        write("cached-microdescs.new", "x".repeat(26_000));
        assertThat(store.shouldRebuild()).isTrue();
        Files.delete(directory.resolve("cached-microdescs"));
        write("cached-microdescs.new", "x".repeat(16_000));
        assertThat(store.shouldRebuild()).isFalse();
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsOneWarning() throws Exception {
        Path missing = directory.resolve("missing");
        DirectoryStore broken = new DirectoryStore(missing, events);
        broken.writeConsensus(bytes("x"));
        broken.writeCertificates(bytes("x"));
        MicrodescBatch batch = new MicrodescBatch();
        batch.add(bytes(A), 0, A.length(), 1);
        broken.appendMicrodescs(batch.bytes(), batch.length());
        assertThat(warnings).hasSize(1);
        assertThat(warnings.getFirst().cause().kind()).isEqualTo(ErrorKind.STORAGE);
        assertThat(warnings.getFirst().message()).contains(missing.toString(), "can't be written", "in memory");
        // Once it works again, the next trouble is worth a warning again.
        Files.createDirectory(missing);
        broken.writeConsensus(bytes("x"));
        Files.delete(missing.resolve("cached-microdesc-consensus"));
        Files.delete(missing);
        broken.writeConsensus(bytes("x"));
        assertThat(warnings).hasSize(2);
    }

    @Test
    void aFailedReplacementLeavesTheOldFile() throws Exception {
        store.writeConsensus(bytes("old"));
        // A directory in the way of the temporary file.
        Files.createDirectory(directory.resolve("cached-microdesc-consensus.tmp"));
        Files.createFile(directory.resolve("cached-microdesc-consensus.tmp").resolve("x"));
        store.writeConsensus(bytes("new"));
        assertThat(warnings).hasSize(1);
        assertThat(store.readConsensus()).asString().isEqualTo("old");
    }

    @Test
    void aFileThatIsFarTooLargeIsNotRead() throws Exception {
        Files.write(directory.resolve("cached-certs"), new byte[2_000_000]);
        assertThat(store.readCertificates()).isNull();
        assertThat(warnings).hasSize(1);
    }

    @Test
    void aFileThatCannotBeReadIsAWarning() throws Exception {
        Files.createDirectory(directory.resolve("cached-microdesc-consensus"));
        assertThat(store.readConsensus()).isNull();
        assertThat(warnings).hasSize(1);
    }

    @Test
    void withoutADirectoryNothingIsKept() throws Exception {
        DirectoryStore memory = new DirectoryStore(null, events);
        memory.writeConsensus(bytes("x"));
        assertThat(memory.readConsensus()).isNull();
        memory.readMicrodescs((buf, offset, length, listed) -> {
            throw new AssertionError();
        });
        assertThat(memory.shouldRebuild()).isFalse();
        assertThat(warnings).isEmpty();
    }

    private void append(String microdesc) {
        MicrodescBatch batch = new MicrodescBatch();
        batch.add(bytes(microdesc), 0, microdesc.length(), NOW.getEpochSecond());
        store.appendMicrodescs(batch.bytes(), batch.length());
    }

    private List<String> readAll() {
        List<String> found = new ArrayList<>();
        store.readMicrodescs((buf, offset, length, lastListed) ->
                found.add(lastListed + " " + new String(buf, offset, length, StandardCharsets.ISO_8859_1)));
        return found;
    }

    private void write(String name, String content) throws IOException {
        Files.writeString(directory.resolve(name), content, StandardCharsets.ISO_8859_1);
    }

    private static String microdesc(char c, int size) {
        return "onion-key\nntor-onion-key " + String.valueOf(c).repeat(size) + "\nid ed25519 " + c + "\n";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void microdescriptorsMayComeInPiecesOfAnySize() throws Exception {
        byte[] all = bytes(A + B + "@last-listed 2026-11-24 03:43:02\n" + C);
        for (int piece : new int[] {1, 2, 7, 100, 8192}) {
            List<String> found = new ArrayList<>();
            MicrodescReader.read(
                    new ByteArrayInputStream(all) {
                        @Override
                        public synchronized int read(byte[] buf, int offset, int length) {
                            return super.read(buf, offset, Math.min(length, piece));
                        }
                    },
                    (buf, offset, length, lastListed) ->
                            found.add(new String(buf, offset, length, StandardCharsets.ISO_8859_1)));
            assertThat(found).containsExactly(A, B, C);
        }
    }
}
