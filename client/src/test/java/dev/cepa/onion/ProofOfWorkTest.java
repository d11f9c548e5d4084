package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cepa.cell.ByteReader;
import dev.cepa.circuit.Circuit;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.onion.pow.PuzzleSolution;
import dev.cepa.onion.pow.PuzzleVerifier;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A client works for a service that wants it, and for no other. */
class ProofOfWorkTest {
    private static PuzzleVerifier ask(PlayedService service, long effort) {
        PuzzleVerifier verifier = new PuzzleVerifier(PlayedService.RANDOM, () -> service.now);
        service.pow = new PowParams(verifier.seed().bytes(), effort, verifier.seed().expiry());
        return verifier;
    }

    @Test
    void doesWhatTheServiceSuggests() throws Exception {
        try (PlayedService service = new PlayedService()) {
            PuzzleVerifier verifier = ask(service, 3);
            try (Circuit circuit = service.connector().connect(service.address, Deadline.in(Duration.ofMinutes(1)))) {
                assertThat(circuit.isOpen()).isTrue();
            }
            assertThat(service.extensions).hasSize(1);
            Introduction.Extension extension = service.extensions.get(0);
            assertThat(extension.type()).isEqualTo(Introduction.Extension.PROOF_OF_WORK);
            PuzzleSolution solution = PuzzleSolution.read(new ByteReader(extension.body()));
            assertThat(solution.effort()).isEqualTo(3);
            assertThat(verifier.verify(service.keys().blindedKey(), solution)).isEqualTo(PuzzleVerifier.Verdict.GOOD);
            assertThat(service.introductionLengths).as("as long as any other").containsExactly(490);
        }
    }

    @Test
    void doesNothingAtFirstForAServiceThatSuggestsNothing() throws Exception {
        try (PlayedService service = new PlayedService()) {
            ask(service, 0);
            service.connector().connect(service.address, PlayedService.soon()).close();
            assertThat(service.extensions).isEmpty();
        }
    }

    @Test
    void givesUpWhenTheTimeIsOver() throws Exception {
        try (PlayedService service = new PlayedService()) {
            ask(service, 10_000);
            assertThatExceptionOfType(TorException.class)
                    .isThrownBy(() -> service.connector().connect(service.address, Deadline.in(Duration.ofSeconds(1))))
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
            assertThat(service.introductions).hasValue(0);
        }
    }
}
