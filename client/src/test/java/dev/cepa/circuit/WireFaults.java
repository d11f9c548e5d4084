package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.circuit.WirePath.Built;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.testrelay.RelayScript;
import org.junit.jupiter.api.AfterEach;

/** Two circuits through relays that tests make misbehave: one that suffers from it, one that must not. */
abstract class WireFaults {
    WirePath path;
    Built victim;
    Built witness;

    @AfterEach
    final void close() throws Exception {
        if (path != null) {
            path.close();
        }
    }

    /** A circuit through three relays and one of one hop, over the same channel, with a stream each. */
    final void start(RelayScript... scripts) throws Exception {
        path = new WirePath(scripts);
        victim = path.build(3);
        witness = path.directory(0);
    }

    final void assertStreamFails(ErrorKind kind) {
        assertThatThrownBy(() -> victim.stream().input().readAllBytes())
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(kind));
        assertThatThrownBy(() -> victim.stream().output().write(1)).isInstanceOf(TorException.class);
    }

    final void assertNothingHappens() throws Exception {
        victim.assertCarries();
        witness.assertCarries();
        assertThat(victim.circuit().isOpen()).isTrue();
    }
}
