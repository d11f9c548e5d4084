package dev.cepa.benchmark.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class ClientControlTest {
    @TempDir
    private Path folder;

    private static ClientProgram shell(String name, String script) {
        return new ClientProgram(name, List.of("/bin/sh", "-c", script + "; echo up; while :; do sleep 0.01; done", "sh"));
    }

    private ClientProcess start(ClientProgram program) throws Exception {
        ClientProcess client = ClientProcess.start(program, folder, List.of(), null);
        while (!client.log().contains("up")) {
            Thread.sleep(5);
        }
        return client;
    }

    private static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(20));
    }

    @Test
    void readsHowStreamsFoundTheirCircuits() throws Exception {
        ClientControl.Pool pool = ClientControl.pool("17 times, one being built 2 times, none 1 times");
        assertThat(pool).isEqualTo(new ClientControl.Pool(17, 2, 1));
        assertThat(pool.hitPercent()).isEqualTo(85);
        assertThat(pool.since(new ClientControl.Pool(7, 2, 0))).isEqualTo(new ClientControl.Pool(10, 0, 1));
        assertThatThrownBy(() -> ClientControl.pool("often")).isInstanceOf(IOException.class);
    }

    @Test
    void waitsUntilASignalHasDoneItsWork() throws Exception {
        // What the daemon logs is held to this by the tests on real relays.
        ClientProgram program = shell("cepa", "n=0; trap 'n=$((n+1)); echo \"x Streams found a circuit open $n times,"
                + " one being built 0 times, none 0 times\"' USR1; trap 'echo \"Not reloading config file: so\"' HUP");
        try (ClientProcess client = start(program)) {
            ClientControl control = new ClientControl(program);
            assertThat(control.pool(client, soon())).isEqualTo(new ClientControl.Pool(1, 0, 0));
            assertThat(control.pool(client, soon())).isEqualTo(new ClientControl.Pool(2, 0, 0));
            control.newIdentity(client, soon());
            assertThat(client.log()).contains("Not reloading");
        }
    }

    @Test
    void aProgramThatDoesNotAnswerIsAnError() throws Exception {
        ClientProgram program = shell("cepa", "trap '' HUP");
        try (ClientProcess client = start(program)) {
            assertThatThrownBy(() ->
                    new ClientControl(program).newIdentity(client, Deadline.in(Duration.ofMillis(100))))
                    .isInstanceOf(IOException.class).hasMessage("cepa does not answer a signal in time");
        }
    }

    @Test
    void tellsOtherProgramsNothing() throws Exception {
        ClientProgram program = shell("stand-in", ":");
        try (ClientProcess client = start(program)) {
            ClientControl control = new ClientControl(program);
            assertThat(control.torrc()).isEmpty();
            assertThat(control.hasNewIdentity()).isFalse();
            assertThat(control.pool(client, soon())).isNull();
            assertThat(client.isAlive()).isTrue();
        }
    }
}
