package dev.cepa.onion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.error.Deadline;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Services that run without their master key. */
@Timeout(120)
class DelegatedKeysTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Instant NOW = Instant.parse("2026-11-24T03:01:00Z");
    private static final TimePeriod PERIOD = TimePeriod.at(NOW, 1440, 43_200);
    private static final Duration SOON = Duration.ofSeconds(40);
    private static final HexFormat HEX = HexFormat.of();

    @TempDir
    private Path parent;

    private final Ed25519KeyPair master = Ed25519KeyPair.generate(RANDOM);
    private final OnionAddress address = OnionAddress.of(master.publicKey());

    private byte[] delegated(TimePeriod first, int number) {
        return DelegatedKeys.make(master, first, number, RANDOM);
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(5);
        }
    }

    @Test
    void signDescriptorsThatClientsOfThoseTimePeriodsTakeForTheServices() throws Exception {
        DelegatedKeys keys = DelegatedKeys.parse(delegated(PERIOD, 3));
        assertThat(keys.publicKey()).isEqualTo(master.publicKey());
        assertThat(keys.end().number()).isEqualTo(PERIOD.number() + 3);
        TimePeriod last = PERIOD.next().next();
        for (TimePeriod period : List.of(PERIOD, PERIOD.next(), last)) {
            HsDescriptor content = DescriptorTest.descriptor(7, period.end(), 3);
            byte[] document = new DescriptorWriter(RANDOM).write(content, keys.of(period), List.of());
            PeriodKeys clients = PeriodKeys.of(address, period);
            assertThat(DescriptorReader.read(document, clients, null, 31, period.start()).introPoints()).hasSize(3);
            // As long as directories may have it.
            SealedDescriptor sealed = SealedDescriptor.parse(document, clients.blindedKey(), period.next().end());
            assertThat(sealed.expiry()).isEqualTo(period.next().end().plus(Duration.ofHours(3)));
        }
        assertThat(keys.of(PERIOD.previous())).isNull();
        assertThat(keys.of(last.next())).isNull();
        assertThat(keys.of(new TimePeriod(PERIOD.number(), 720, 43_200))).isNull();
    }

    @Test
    void numberDescriptorsAsTheMasterKeyDoes() throws Exception {
        DescriptorKeys own = DescriptorKeys.of(master, PERIOD, Ed25519KeyPair.generate(RANDOM));
        DescriptorKeys given = DelegatedKeys.parse(delegated(PERIOD, 1)).of(PERIOD);
        assertThat(given.counter().at(4711)).isEqualTo(own.counter().at(4711));
        assertThat(given.keys().subcredential()).isEqualTo(own.keys().subcredential());
    }

    @Test
    void doNotContainTheMasterKeyNorABlindedOne() {
        String bytes = HEX.formatHex(delegated(PERIOD, 2));
        byte[] secret = master.secretKey();
        assertThat(bytes).doesNotContain(HEX.formatHex(Arrays.copyOf(secret, 32)));
        assertThat(bytes).doesNotContain(HEX.formatHex(Arrays.copyOfRange(secret, 32, 64)));
        byte[] blinded = PeriodKeys.blind(master, PERIOD).secretKey();
        assertThat(bytes).doesNotContain(HEX.formatHex(Arrays.copyOf(blinded, 32)));
    }

    @Test
    void areRefusedWhenAnyPartOfThemIsAnother() throws Exception {
        byte[] good = delegated(PERIOD, 1);
        for (int at = 0; at < good.length; at++) {
            byte[] changed = good.clone();
            changed[at] ^= 1;
            try {
                DescriptorKeys keys = DelegatedKeys.parse(changed).of(PERIOD);
                // The offset changes nothing, nor does the half of a key that nonces come of, nor what only counts.
                boolean harmless = keys == null || at >= 68 && at < 76 || at >= 86 + 32 && at < 86 + 96;
                assertThat(harmless).as("byte %d", at).isTrue();
            } catch (ProtocolException e) {
                // Refused.
            }
        }
        assertThatThrownBy(() -> DelegatedKeys.parse(Arrays.copyOf(good, good.length - 1)))
                .isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> DelegatedKeys.parse(new byte[10])).isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> delegated(PERIOD, DelegatedKeys.MOST + 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void makeAFolderThatIsOpenedWithoutASecretKey() throws Exception {
        Path folder = parent.resolve("deep").resolve("service");
        ServiceFolder.writeDelegated(folder, delegated(PERIOD, 2));
        for (String file : List.of("hs_ed25519_delegated_keys", "hs_ed25519_public_key")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(file)))).isEqualTo("rw-------");
        }
        ServiceFolder opened = ServiceFolder.open(folder, ServiceFolder.Use.DEFAULT, RANDOM);
        assertThat(folder.resolve("hostname")).hasContent(address.label() + ".onion\n");
        assertThat(folder.resolve("hs_ed25519_secret_key")).doesNotExist();
        assertThat(opened.identity().publicKey()).isEqualTo(master.publicKey());
        // Renewed while it is in use.
        assertThat(opened.identity().keys(PERIOD.next().next(), RANDOM)).isNull();
        ServiceFolder.writeDelegated(folder, delegated(PERIOD.next(), 2));
        assertThat(opened.identity().keys(PERIOD.next().next(), RANDOM)).isNotNull();
        assertThat(opened.identity().firstMissing(PERIOD.next()).number()).isEqualTo(PERIOD.number() + 3);
        assertThat(opened.identity().firstMissing(PERIOD)).isEqualTo(PERIOD);
        opened.identity().wipe();
        assertThat(opened.identity().keys(PERIOD.next(), RANDOM)).isNull();
    }

    @Test
    void areNotPutWhereASecretKeyOrAnotherServiceIs() throws Exception {
        Path own = parent.resolve("own");
        ServiceFolder.open(own, ServiceFolder.Use.DEFAULT, RANDOM);
        assertThatThrownBy(() -> ServiceFolder.writeDelegated(own, delegated(PERIOD, 1))).hasMessageContaining("secret key");
        Files.delete(own.resolve("hs_ed25519_secret_key"));
        assertThatThrownBy(() -> ServiceFolder.writeDelegated(own, delegated(PERIOD, 1))).hasMessageContaining("belong");
        // A public key alone is not made the address of another key.
        assertThatThrownBy(() -> ServiceFolder.open(own, ServiceFolder.Use.DEFAULT, RANDOM))
                .isInstanceOf(TorException.class)
                .hasMessageContaining("nor delegated keys");
    }

    @Test
    void publishAsLongAsTheyLastWithAWarningBeforeAndAnErrorAfter() throws Exception {
        List<String> warnings = new CopyOnWriteArrayList<>();
        TorEvents events = new TorEvents();
        events.add(e -> {
            if (e instanceof TorEvent.Warning warning) {
                warnings.add(warning.message());
            }
        });
        try (PlayedNetwork network = new PlayedNetwork();
                OnionService service = new OnionService(
                        network, false, DelegatedIdentity.of(delegated(PERIOD.previous(), 2)),
                        Map.of(80, (stream, circuit) -> stream.accept()), ServiceSettings.DEFAULT, events, network::now,
                        RANDOM, () -> {})) {
            service.start();
            service.awaitPublished(Deadline.in(SOON));
            network.introduce(PeriodKeys.of(address, PERIOD));
            assertThat(network.nextMet(SOON)).isNotNull();
            assertThat(warnings).singleElement().asString().contains("until 2026-11-24T12:00:00Z");
            int before = network.descriptors.size();
            network.setTime(Instant.parse("2026-11-25T13:00:00Z"));
            service.directoryChanged();
            await(() -> warnings.size() > 1);
            assertThat(warnings.getLast()).contains("is not published");
            assertThat(service.isPublished()).isFalse();
            assertThat(network.descriptors).hasSize(before);
        }
    }
}
