package dev.cepa.benchmark.micro;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.Cell;
import dev.cepa.crypto.HandshakeMicro;
import dev.cepa.onion.pow.EquiXMicro;
import org.junit.jupiter.api.Test;

/** That what the micro-benchmarks measure works: they check their own results, and nobody else runs them in a build. */
class MicroBenchmarksTest {
    @Test
    void cellsAreSealedAndRecognisedOverMoreThanOneRoundOfPreparedCells() {
        RelayCellMicro cells = new RelayCellMicro();
        cells.setUp();
        for (int i = 0; i < 5000; i++) {
            assertThat(cells.receive()).isTrue();
        }
        assertThat(cells.send()).hasSize(Cell.LENGTH);
    }

    @Test
    void messagesSurviveTheirCodec() throws Exception {
        CellCodecMicro codec = new CellCodecMicro();
        codec.setUp();
        assertThat(codec.readBegin().toString()).contains("443");
        assertThat(codec.readSendme()).isNotNull();
        assertThat(codec.readNetinfo()).isNotNull();
        assertThat(codec.writeSendme()).isNotEmpty();
    }

    @Test
    void directoriesParseAndPathsAreChosen() throws Exception {
        DirectoryMicro directory = new DirectoryMicro();
        directory.setUp();
        assertThat(directory.parseConsensus().size()).isEqualTo(9000);
        assertThat(directory.choosePath()).isBetween(0, 8999);
        assertThat(directory.chooseFirstPath()).isBetween(0, 8999);
    }

    @Test
    void handshakesGiveTheKeysOfTheVectors() throws Exception {
        HandshakeMicro handshakes = new HandshakeMicro();
        assertThat(handshakes.ntor()).startsWith(0x0c, 0x62, 0xde, 0xe7);
        assertThat(handshakes.ntorV3()).startsWith(0x9c, 0x19, 0xb6, 0x31);
    }

    @Test
    void puzzlesAreSolvedAndSolutionsRecognised() {
        EquiXMicro puzzles = new EquiXMicro();
        assertThat(puzzles.solve()).isNotNull();
        assertThat(puzzles.hash()).doesNotContain(0);
        assertThat(puzzles.verify()).isTrue();
    }
}
