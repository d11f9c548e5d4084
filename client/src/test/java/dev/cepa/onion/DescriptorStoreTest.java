package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RsaId;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.X25519;
import dev.cepa.error.OnionServiceException;
import dev.cepa.error.OnionServiceException.Reason;
import dev.cepa.netdoc.NetDir;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class DescriptorStoreTest {
    @Test
    void keepsADescriptorForAsLongAsItSays() throws Exception {
        try (PlayedService service = new PlayedService()) {
            DescriptorStore store = service.store();
            DescriptorStore.Found first = store.get(service.address, PlayedService.soon());
            assertThat(first.descriptor().introPoints()).hasSize(3);
            service.now = service.now.plus(Duration.ofMinutes(179));
            assertThat(store.get(service.address, PlayedService.soon()).descriptor()).isSameAs(first.descriptor());
            assertThat(service.fetches).hasValue(1);
            service.now = service.now.plus(Duration.ofMinutes(1));
            assertThat(store.get(service.address, PlayedService.soon()).descriptor()).isNotSameAs(first.descriptor());
            assertThat(service.fetches).hasValue(2);
        }
    }

    @Test
    void fetchesNoneIfItMustNot() throws Exception {
        try (PlayedService service = new PlayedService()) {
            DescriptorStore store = service.store();
            store.setFetching(false);
            assertThatThrownBy(() -> store.get(service.address, PlayedService.soon()))
                    .hasMessageContaining("FetchHidServDescriptors 0");
            assertThat(service.fetches).hasValue(0);
            store.setFetching(true);
            DescriptorStore.Found found = store.get(service.address, PlayedService.soon());
            store.setFetching(false);
            assertThat(store.get(service.address, PlayedService.soon()).descriptor()).isSameAs(found.descriptor());
        }
    }

    @Test
    void showsADescriptorAsItCame() throws Exception {
        try (PlayedService service = new PlayedService()) {
            DescriptorStore store = service.store();
            assertThat(store.document(service.address)).isNull();
            store.get(service.address, PlayedService.soon());
            byte[] document = store.document(service.address);
            assertThat(SealedDescriptor.parse(document, service.keys().blindedKey(), service.now).document())
                    .isEqualTo(document);
            assertThat(SealedDescriptor.parseOfAnybody(document, service.now).blindedKey())
                    .isEqualTo(service.keys().blindedKey());
            service.now = service.now.plus(Duration.ofHours(3));
            assertThat(store.document(service.address)).as("its time is up").isNull();
        }
    }

    @Test
    void fetchesAnewWhoeverItIsToldToAsk() throws Exception {
        try (PlayedService service = new PlayedService()) {
            DescriptorStore store = service.store();
            store.get(service.address, PlayedService.soon());
            store.fetchAnew(service.address, null, PlayedService.soon());
            assertThat(service.fetches).hasValue(2);
            NetDir dir = service.directory(PlayedService.soon());
            for (int i = 0; i < 3; i++) {
                store.fetchAnew(service.address, dir.rsaId(0), PlayedService.soon());
            }
            assertThat(service.fetches).as("it may be asked again and again").hasValue(5);
            RsaId unknown = RsaId.of(new byte[20]);
            assertThatThrownBy(() -> store.fetchAnew(service.address, unknown, PlayedService.soon()))
                    .hasMessageContaining("not listed");
            store.forget(service.address);
            assertThat(store.document(service.address)).isNull();
        }
    }

    @Test
    void forgetsAllWithTheIdentity() throws Exception {
        try (PlayedService service = new PlayedService()) {
            DescriptorStore store = service.store();
            for (int i = 1; i < 10; i++) {
                store.get(service.address, PlayedService.soon());
                assertThat(service.fetches).hasValue(i);
                store.clear();
            }
        }
    }

    @Test
    void fetchesAnewBeforeItUsesAnExpiredSeed() throws Exception {
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                HsDescriptor descriptor = new HsDescriptor(
                        Duration.ofHours(3), n, now.plusSeconds(54 * 3600), false, List.of(), null,
                        new PowParams(new byte[32], 1, now.plusSeconds(600)));
                return ok(new DescriptorWriter(RANDOM)
                        .write(descriptor, DescriptorKeys.of(identity, period, Ed25519KeyPair.generate(RANDOM)), List.of()));
            }
        }) {
            DescriptorStore store = service.store();
            store.get(service.address, PlayedService.soon());
            service.now = service.now.plusSeconds(599);
            assertThat(store.get(service.address, PlayedService.soon()).descriptor().revision()).isZero();
            service.now = service.now.plusSeconds(1);
            assertThat(store.get(service.address, PlayedService.soon()).descriptor().revision()).isEqualTo(1);
            assertThat(service.fetches).hasValue(2);
        }
    }

    @Test
    void aKeyThatComesLaterOpensTheDescriptorThatIsThere() throws Exception {
        byte[] secret = new byte[32];
        PlayedService.RANDOM.nextBytes(secret);
        try (PlayedService service = new PlayedService() {
            @Override
            byte[] directoryAnswer(int n) throws IOException {
                HsDescriptor descriptor = new HsDescriptor(
                        Duration.ofHours(3), 1, now.plusSeconds(54 * 3600), false,
                        List.of(DescriptorTest.introPoint(0), DescriptorTest.introPoint(1)), null, null);
                return ok(new DescriptorWriter(RANDOM)
                        .write(descriptor, DescriptorKeys.of(identity, period, Ed25519KeyPair.generate(RANDOM)),
                                List.of(X25519.of(secret).publicKey())));
            }
        }) {
            DescriptorStore store = service.store();
            assertThat(store.opensNow(service.address)).as("there is none").isFalse();
            assertReason(Reason.CLIENT_AUTH_MISSING, store, service);
            store.setClientKeys(Map.of(service.address, ClientAuthKey.of(new byte[32])));
            assertThat(store.opensNow(service.address)).isFalse();
            assertReason(Reason.CLIENT_AUTH_WRONG, store, service);
            store.setClientKeys(Map.of(service.address, ClientAuthKey.of(secret)));
            assertThat(store.opensNow(service.address)).isTrue();
            assertThat(store.opensNow(service.address)).as("it was open").isFalse();
            assertThat(store.get(service.address, PlayedService.soon()).descriptor().introPoints()).hasSize(2);
            store.setClientKeys(Map.of());
            assertReason(Reason.CLIENT_AUTH_MISSING, store, service);
            assertThat(service.fetches).hasValue(1);
        }
    }

    private static void assertReason(Reason reason, DescriptorStore store, PlayedService service) {
        assertThatThrownBy(() -> store.get(service.address, PlayedService.soon()))
                .isInstanceOfSatisfying(OnionServiceException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }
}
