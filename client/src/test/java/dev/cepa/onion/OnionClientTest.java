package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.EndReason;
import dev.cepa.cell.RelayMessage;
import dev.cepa.circuit.TorStream;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.StreamRequest;
import dev.cepa.testrelay.RelayCircuit;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class OnionClientTest {
    private static final Duration LONG = Duration.ofMinutes(10);

    private static TorStream open(OnionClient client, PlayedService service, int group) throws TorException {
        return client.open(
                StreamRequest.to(service.address.label() + ".onion", 80, IsolationKey.group(group)), PlayedService.soon());
    }

    @Test
    void manyStreamsAtOnceShareOneConnection() throws Exception {
        try (PlayedService service = new PlayedService();
                OnionClient client = service.client(LONG)) {
            List<Future<TorStream>> streams = new ArrayList<>();
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 30; i++) {
                    streams.add(threads.submit(() -> open(client, service, 1)));
                }
            }
            for (Future<TorStream> stream : streams) {
                stream.get();
            }
            assertThat(client.streamCount()).isEqualTo(30);
            assertThat(service.begins).hasValue(30);
            assertThat(service.rendezvous).hasValue(1);
            assertThat(service.fetches).hasValue(1);
        }
    }

    @Test
    void streamsThatMayNotMeetHaveCircuitsOfTheirOwn() throws Exception {
        try (PlayedService service = new PlayedService();
                OnionClient client = service.client(LONG)) {
            open(client, service, 1);
            open(client, service, 2);
            open(client, service, 1);
            assertThat(service.rendezvous).hasValue(2);
            assertThat(service.fetches).hasValue(1);
            client.retireAll();
            open(client, service, 1);
            assertThat(service.rendezvous).hasValue(3);
            assertThat(service.fetches).hasValue(2);
        }
    }

    @Test
    void whatTheServiceSaysOfAStreamIsFinal() throws Exception {
        try (PlayedService service = new PlayedService() {
                    @Override
                    void stream(int n, RelayCircuit circuit, HopCrypto crypto, int streamId, RelayMessage.Begin begin)
                            throws IOException {
                        assertThat(begin.host()).isEmpty();
                        assertThat(begin.port()).isEqualTo(80);
                        assertThat(begin.flags()).isZero();
                        circuit.sendFor(crypto, streamId, new RelayMessage.End(EndReason.CONNECTREFUSED.code()));
                    }
                };
                OnionClient client = service.client(LONG)) {
            assertThatThrownBy(() -> open(client, service, 1)).isInstanceOf(StreamException.class);
            assertThat(service.begins).hasValue(1);
        }
    }

    @Test
    void aStreamIsTriedOnANewCircuitWhenTheOldOneBreaks() throws Exception {
        try (PlayedService service = new PlayedService() {
                    @Override
                    void stream(int n, RelayCircuit circuit, HopCrypto crypto, int streamId, RelayMessage.Begin begin)
                            throws IOException {
                        if (n == 0) {
                            circuit.destroy(0);
                        } else {
                            super.stream(n, circuit, crypto, streamId, begin);
                        }
                    }
                };
                OnionClient client = service.client(LONG)) {
            open(client, service, 1);
            assertThat(service.rendezvous).hasValue(2);
        }
    }

    @Test
    void theRendezvousPointCannotSpeakForTheService() throws Exception {
        try (PlayedService service = new PlayedService() {
                    @Override
                    void stream(int n, RelayCircuit circuit, HopCrypto crypto, int streamId, RelayMessage.Begin begin)
                            throws IOException {
                        if (n == 0) {
                            circuit.send(streamId, new RelayMessage.Connected(null, 0));
                        } else {
                            super.stream(n, circuit, crypto, streamId, begin);
                        }
                    }
                };
                OnionClient client = service.client(LONG)) {
            open(client, service, 1);
            assertThat(service.rendezvous).hasValue(2);
        }
    }

    @Test
    void keysThatWereAddedOutliveTheSettingsAndKeysThatWereRemovedDoNot() throws Exception {
        try (PlayedService service = new PlayedService();
                OnionClient client = service.client(LONG)) {
            OnionAddress other = OnionAddress.of(new byte[32]);
            ClientAuthKey first = ClientAuthKey.of(new byte[] {
                1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8});
            ClientAuthKey second = ClientAuthKey.of(new byte[32]);
            client.setSettings(OnionSettings.DEFAULT.withClientKeys(Map.of(other, first)));
            assertThat(client.addClientKey(service.address, first, true)).isEqualTo(OnionClient.KeyAdded.NEW);
            assertThat(client.addClientKey(service.address, second, false)).isEqualTo(OnionClient.KeyAdded.REPLACED);
            assertThat(client.addClientKey(other, second, false)).isEqualTo(OnionClient.KeyAdded.REPLACED);
            client.setSettings(OnionSettings.DEFAULT.withClientKeys(Map.of(other, first)));
            assertThat(client.clientKeys()).isEqualTo(Map.of(service.address, second, other, second));
            open(client, service, 1);
            assertThat(client.descriptor(service.address)).isNotNull();
            assertThat(client.removeClientKey(service.address)).isTrue();
            assertThat(client.removeClientKey(service.address)).isFalse();
            assertThat(client.descriptor(service.address)).as("what it has opened is forgotten").isNull();
            assertThat(client.addClientKey(other, first, true)).isEqualTo(OnionClient.KeyAdded.REPLACED);
            assertThat(client.clientKeys()).isEqualTo(Map.of(other, first));
            client.setSettings(OnionSettings.DEFAULT.withClientKeys(Map.of(other, second)));
            assertThat(client.clientKeys()).as("the configuration decides").isEqualTo(Map.of(other, second));
            assertThat(client.removeClientKey(other)).isTrue();
            assertThat(client.clientKeys()).isEmpty();
        }
    }

    @Test
    void closesWhatItOpened() throws Exception {
        try (PlayedService service = new PlayedService();
                OnionClient client = service.client(LONG)) {
            TorStream stream = open(client, service, 1);
            client.setNetworkEnabled(false);
            assertThatThrownBy(() -> stream.input().read()).isInstanceOf(IOException.class);
            assertKind(ErrorKind.CONFIG, client, service);
            client.setNetworkEnabled(true);
            open(client, service, 1);
            client.close();
            assertKind(ErrorKind.CLOSED, client, service);
            assertThat(client.streamCount()).isZero();
        }
    }

    private static void assertKind(ErrorKind kind, OnionClient client, PlayedService service) {
        assertThatThrownBy(() -> open(client, service, 1))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
