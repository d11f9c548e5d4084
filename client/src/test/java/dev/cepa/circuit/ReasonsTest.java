package dev.cepa.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.RelayMessage;
import dev.cepa.error.CircuitException;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each reason that a relay gives means to whoever uses a stream or circuit, and what relays are told in turn. */
class ReasonsTest {
    private final PlayedPath path = new PlayedPath();

    @ParameterizedTest
    @CsvSource({
        "1, STREAM_CLOSED",
        "2, NAME_NOT_FOUND",
        "3, CONNECTION_REFUSED",
        "4, EXIT_POLICY",
        "5, CIRCUIT_FAILED",
        "6, STREAM_CLOSED",
        "7, TIMEOUT",
        "8, HOST_UNREACHABLE",
        "9, CIRCUIT_FAILED",
        "10, CIRCUIT_FAILED",
        "11, CIRCUIT_FAILED",
        "12, STREAM_CLOSED",
        "13, PROTOCOL",
        "14, RELAY_UNREACHABLE",
        "0, STREAM_CLOSED",
        "15, STREAM_CLOSED",
        "255, STREAM_CLOSED",
    })
    void aStreamThatCouldNotBeOpenedSaysWhy(int code, ErrorKind kind) throws TorException {
        Circuit circuit = path.build(2);
        TorStream stream = circuit.openOptimistic("example.com", 80, 0);
        path.reply(1, RelayMessage.END, stream.streamId(), (byte) code);
        assertThatThrownBy(() -> stream.awaitConnected(PlayedPath.soon()))
                .isInstanceOfSatisfying(StreamException.class, e -> {
                    assertThat(e.kind()).isEqualTo(kind);
                    assertThat(e.endReason()).isEqualTo(code);
                });
        assertThat(circuit.isOpen()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 200})
    void aStreamThatBreaksSaysWhyAfterWhatWasReceived(int code) throws IOException {
        Circuit circuit = path.build(2);
        TorStream stream = circuit.openOptimistic("example.com", 80, 0);
        path.reply(1, RelayMessage.CONNECTED, stream.streamId());
        path.reply(1, RelayMessage.DATA, stream.streamId(), (byte) 42);
        path.reply(1, RelayMessage.END, stream.streamId(), (byte) code);
        assertThat(stream.input().read()).isEqualTo(42);
        assertThatThrownBy(() -> stream.input().read())
                .isInstanceOfSatisfying(StreamException.class, e -> assertThat(e.endReason()).isEqualTo(code));
        assertThatThrownBy(() -> stream.output().write(1)).isInstanceOf(StreamException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "0, CIRCUIT_FAILED, NONE",
        "1, CIRCUIT_FAILED, PROTOCOL",
        "2, CIRCUIT_FAILED, INTERNAL",
        "3, CIRCUIT_FAILED, REQUESTED",
        "4, CIRCUIT_FAILED, HIBERNATING",
        "5, CIRCUIT_FAILED, RESOURCELIMIT",
        "6, CIRCUIT_FAILED, CONNECTFAILED",
        "7, CIRCUIT_FAILED, OR_IDENTITY",
        "8, CIRCUIT_FAILED, CHANNEL_CLOSED",
        "9, CIRCUIT_FAILED, FINISHED",
        "10, CIRCUIT_FAILED, TIMEOUT",
        "11, CIRCUIT_FAILED, DESTROYED",
        "12, ONION_SERVICE, NOSUCHSERVICE",
        "13, CIRCUIT_FAILED, NONE",
        "255, CIRCUIT_FAILED, NONE",
    })
    void aCircuitThatARelayEndsSaysWhyToAllItsStreams(int code, ErrorKind kind, String name) throws TorException {
        Circuit destroyed = path.build(2);
        TorStream stream = destroyed.openOptimistic("example.com", 80, 0);
        byte[] destroy = new byte[Cell.LENGTH];
        destroy[Cell.HEADER] = (byte) code;
        path.deliver(Cell.DESTROY, destroy);
        assertEnded(destroyed, stream, code, kind, name);
        assertThat(path.channelMessages).as("answers").noneMatch(ChannelMessage.Destroy.class::isInstance);

        PlayedPath other = new PlayedPath();
        Circuit truncated = other.build(2);
        stream = truncated.openOptimistic("example.com", 80, 0);
        other.reply(0, RelayMessage.TRUNCATED, 0, (byte) code);
        assertEnded(truncated, stream, code, kind, name);
        assertThat(other.channelMessages.getLast()).isEqualTo(new ChannelMessage.Destroy(0));
    }

    private static void assertEnded(Circuit circuit, TorStream stream, int code, ErrorKind kind, String name) {
        assertThat(circuit.closeReason())
                .hasMessageEndingWith(": " + name)
                .isInstanceOfSatisfying(CircuitException.class, e -> {
                    assertThat(e.kind()).isEqualTo(kind);
                    assertThat(e.destroyReason()).isEqualTo(code);
                });
        assertThatThrownBy(() -> stream.input().read())
                .isInstanceOfSatisfying(CircuitException.class, e -> assertThat(e.destroyReason()).isEqualTo(code));
    }

    /** As with C tor's clients: an informative reason would tell exits more about us than they need. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void exitsAreToldNothingButMisc(boolean connected) throws TorException {
        TorStream stream = path.build(2).openOptimistic("example.com", 80, 0);
        if (connected) {
            path.reply(1, RelayMessage.CONNECTED, stream.streamId());
        }
        path.received.clear();
        stream.close();
        PlayedPath.Received end = path.next();
        assertThat(end.command()).isEqualTo(RelayMessage.END);
        assertThat(end.body()).containsExactly(1);
    }
}
