package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class CommandReaderFuzz {
    @Provide
    Arbitrary<String> streams() {
        Arbitrary<String> piece = Arbitraries.oneOf(
                Arbitraries.of("\r\n", "\n", "+", ".", "..", "GETINFO ", "x", "\r", "+LOADCONF\r\n", "\r\n.\r\n", "\0"),
                Arbitraries.strings().ofMaxLength(6));
        return piece.list().ofMaxSize(40).map(pieces -> String.join("", pieces));
    }

    /** The same commands come out however the stream is cut into pieces, and none is longer than may be. */
    @Property(tries = 1000)
    void piecesMakeNoDifference(@ForAll("streams") String text, @ForAll @IntRange(min = 1, max = 7) int step) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        List<CommandReader.Raw> whole = all(new ByteArrayInputStream(bytes));
        List<CommandReader.Raw> pieces = all(new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] to, int offset, int length) {
                return super.read(to, offset, Math.min(length, step));
            }
        });
        assertThat(pieces).isEqualTo(whole);
        for (CommandReader.Raw raw : whole) {
            assertThat(raw.body().isEmpty() || raw.keyword().startsWith("+")).isTrue();
            assertThat(raw.line()).doesNotContain("\n");
        }
    }

    private static List<CommandReader.Raw> all(InputStream in) throws IOException {
        CommandReader reader = new CommandReader(in);
        List<CommandReader.Raw> commands = new ArrayList<>();
        try {
            for (CommandReader.Raw raw = reader.next(200); raw != null; raw = reader.next(200)) {
                commands.add(raw);
            }
        } catch (CommandReader.TooLongException e) {
            commands.add(new CommandReader.Raw("too long", "", "", "", ""));
        }
        return commands;
    }
}
