package dev.cepa.circuit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.EndReason;
import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.OnionMessage.EstablishIntro;
import dev.cepa.cell.OnionMessage.Introduce1;
import dev.cepa.cell.OnionMessage.Introduce2;
import dev.cepa.cell.OnionMessage.Rendezvous1;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.circuit.PlayedPath.Received;
import dev.cepa.crypto.KeyStream;
import dev.cepa.crypto.Tor1HopCrypto;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The circuits of an onion service: introductions that come, and streams that its client opens. */
class IncomingStreamTest {
    /** Where the client is: behind the rendezvous point. */
    private static final int CLIENT = 3;

    private final PlayedPath path = new PlayedPath();
    private final List<TorStream> opened = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();

    /** The same for both ends. */
    private static KeyStream keys() {
        Random random = new Random(1);
        return n -> {
            byte[] bytes = new byte[n];
            random.nextBytes(bytes);
            return bytes;
        };
    }

    private Circuit meet(int maxStreams) throws TorException {
        Circuit circuit = path.build(CLIENT, new CircuitSettings(0, false, maxStreams), new TorEvents());
        path.received.clear();
        path.relays.add(Tor1HopCrypto.onionService(keys(), true));
        Rendezvous1 message = new Rendezvous1(new byte[20], new byte[148]);
        circuit.meet(message, Tor1HopCrypto.onionService(keys(), false), null, (stream, port) -> {
            opened.add(stream);
            ports.add(port);
        });
        Received met = path.next();
        assertThat(met.command()).isEqualTo(OnionMessage.RENDEZVOUS1);
        assertThat(met.hop()).isEqualTo(CLIENT - 1);
        return circuit;
    }

    private void assertReceived(int command, int streamId, byte... body) {
        Received message = path.next();
        assertThat(message.hop()).isEqualTo(CLIENT);
        assertThat(message.command()).isEqualTo(command);
        assertThat(message.streamId()).isEqualTo(streamId);
        assertThat(message.body()).isEqualTo(body);
    }

    @Test
    void takesAStreamAndCarriesBothDirections() throws IOException {
        meet(10);
        path.reply(CLIENT, 17, new Begin("", 80, 0));
        path.reply(CLIENT, RelayMessage.DATA, 17, "early".getBytes(US_ASCII));
        assertThat(ports).containsExactly(80);
        assertThat(path.received).isEmpty();
        TorStream stream = opened.get(0);
        stream.accept();
        assertReceived(RelayMessage.CONNECTED, 17);
        assertThat(stream.input().readNBytes(5)).asString(US_ASCII).isEqualTo("early");
        stream.output().write("answer".getBytes(US_ASCII));
        assertReceived(RelayMessage.DATA, 17, "answer".getBytes(US_ASCII));
        path.reply(CLIENT, RelayMessage.END, 17, (byte) EndReason.MISC.code());
        assertThat(stream.input().read()).as("clients give no other reason").isEqualTo(-1);
        assertThatThrownBy(() -> stream.output().write(1)).isInstanceOf(TorException.class);
    }

    @Test
    void saysHowAStreamEndedAndTakesItsIdAgain() throws IOException {
        Circuit circuit = meet(10);
        path.reply(CLIENT, 5, new Begin("", 80, 0));
        opened.get(0).accept();
        path.next();
        opened.get(0).close();
        assertReceived(RelayMessage.END, 5, (byte) EndReason.DONE.code());
        path.reply(CLIENT, 5, new Begin("", 81, 0));
        opened.get(1).refuse(EndReason.CONNECTREFUSED);
        assertReceived(RelayMessage.END, 5, (byte) EndReason.CONNECTREFUSED.code());
        assertThatThrownBy(() -> opened.get(1).accept()).isInstanceOf(TorException.class);
        assertThat(ports).containsExactly(80, 81);
        assertThat(circuit.isOpen()).isTrue();
    }

    @Test
    void refusesMoreStreamsThanACircuitCarries() throws IOException {
        Circuit circuit = meet(1);
        path.reply(CLIENT, 5, new Begin("", 80, 0));
        path.reply(CLIENT, 6, new Begin("", 80, 0));
        assertReceived(RelayMessage.END, 6, (byte) EndReason.RESOURCELIMIT.code());
        assertThat(opened).hasSize(1);
        assertThat(circuit.streamCount()).isEqualTo(1);
    }

    @Test
    void endsTheCircuitOfAClientThatBreaksTheProtocol() throws IOException {
        Circuit twice = meet(10);
        path.reply(CLIENT, 5, new Begin("", 80, 0));
        path.reply(CLIENT, 5, new Begin("", 80, 0));
        assertThat(twice.isOpen()).isFalse();
    }

    @Test
    void takesNoStreamFromTheRendezvousPointItself() throws IOException {
        Circuit circuit = meet(10);
        path.reply(CLIENT - 1, 5, new Begin("", 80, 0));
        assertThat(circuit.isOpen()).isFalse();
        assertThat(opened).isEmpty();
    }

    @Test
    void anIntroductionPointPassesIntroductionsOn() throws Exception {
        Circuit circuit = path.build(3);
        path.received.clear();
        List<Introduce2> introductions = new ArrayList<>();
        List<byte[]> bindings = new ArrayList<>();
        Thread waiting = Thread.startVirtualThread(() -> {
            try {
                circuit.establishIntroduction(
                        binding -> {
                            bindings.add(binding);
                            return new EstablishIntro(new byte[32], null, new byte[32], new byte[64]);
                        },
                        introductions::add,
                        PlayedPath.soon());
            } catch (TorException e) {
                throw new AssertionError(e);
            }
        });
        path.awaitReceived(1);
        assertThat(path.next().command()).isEqualTo(OnionMessage.ESTABLISH_INTRO);
        path.reply(2, 0, new OnionMessage.IntroEstablished());
        waiting.join();
        assertThat(bindings).singleElement().satisfies(key -> assertThat(key).hasSize(20).isNotEqualTo(new byte[20]));
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) 9);
        byte[] body = Arrays.copyOf(Introduce1.header(key), Introduce1.header(key).length + 100);
        path.reply(2, OnionMessage.INTRODUCE2, 0, body);
        path.reply(2, OnionMessage.INTRODUCE2, 0, body);
        assertThat(introductions).hasSize(2);
        assertThat(introductions.get(0).authKey()).isEqualTo(key);
        assertThat(introductions.get(0).header()).isEqualTo(Introduce1.header(key));
        assertThat(introductions.get(0).sealed()).hasSize(100);
        path.reply(1, OnionMessage.INTRODUCE2, 0, body);
        assertThat(circuit.isOpen()).as("another relay is no introduction point").isFalse();
    }

    @Test
    void nobodyElseIsIntroduced() throws TorException {
        Circuit circuit = path.build(3);
        path.reply(2, OnionMessage.INTRODUCE2, 0, Introduce1.header(new byte[32]));
        assertThat(circuit.isOpen()).isFalse();
    }
}
