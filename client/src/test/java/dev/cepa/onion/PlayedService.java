package dev.cepa.onion;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.OnionMessage.Introduce1;
import dev.cepa.cell.OnionMessage.IntroduceAck;
import dev.cepa.cell.OnionMessage.Rendezvous2;
import dev.cepa.cell.OnionMessage.RendezvousEstablished;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Connected;
import dev.cepa.cell.RelayMessage.End;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.crypto.HsNtor;
import dev.cepa.crypto.Tor1HopCrypto;
import dev.cepa.crypto.X25519;
import dev.cepa.error.Deadline;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.netdoc.TestDirectory;
import dev.cepa.pool.InternalCircuits;
import dev.cepa.testrelay.RelayCircuit;
import dev.cepa.testrelay.RelayKeys;
import dev.cepa.testrelay.RelayScript;
import dev.cepa.testrelay.TestRelay;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An onion service, its directories, introduction and rendezvous points, all played by one relay on loopback to which each
 * circuit has one hop. Everything is real but what a test overrides.
 */
class PlayedService implements InternalCircuits, RelayScript, AutoCloseable {
    static final SecureRandom RANDOM = new SecureRandom();
    static final RelayKeys KEYS = RelayKeys.generate();

    final Ed25519KeyPair identity = Ed25519KeyPair.generate(RANDOM);
    final OnionAddress address = OnionAddress.of(identity.publicKey());
    final NetDir dir = network();
    final TimePeriod period = TimePeriod.of(dir.consensus(), false);
    final List<TorEvent> events = new CopyOnWriteArrayList<>();
    /** How often each was asked for. */
    final AtomicInteger fetches = new AtomicInteger();

    final AtomicInteger introductions = new AtomicInteger();
    final AtomicInteger rendezvous = new AtomicInteger();
    final AtomicInteger begins = new AtomicInteger();
    final List<Integer> introductionLengths = new CopyOnWriteArrayList<>();
    final List<Introduction.Extension> extensions = new CopyOnWriteArrayList<>();
    /** What the descriptor asks for. */
    volatile @Nullable PowParams pow;

    /** The client's with what is slow. */
    Patience patience = Patience.DEFAULT;

    Instant now = dir.consensus().validAfter().plusSeconds(60);

    private final Map<String, X25519> encryptionKeys = new ConcurrentHashMap<>();
    private final Map<String, RelayCircuit> waiting = new ConcurrentHashMap<>();
    private final Map<RelayCircuit, HopCrypto> behind = new ConcurrentHashMap<>();
    private final TestRelay relay = TestRelay.builder().keys(KEYS).circuits(this).start();
    private final ChannelManager channels =
            new ChannelManager(new ChannelSettings(Duration.ofSeconds(5), Duration.ofMinutes(1), 4), new TorEvents());
    private final AtomicInteger circuits = new AtomicInteger();
    private final TorEvents stream = new TorEvents();

    PlayedService() throws IOException {
        stream.add(events::add);
    }

    private static NetDir network() {
        TestDirectory network = new TestDirectory();
        for (int i = 0; i < 12; i++) {
            network.relay("r" + i).with(RelayFlags.HS_DIR);
        }
        return network.build();
    }

    DescriptorFetcher fetcher() {
        return new DescriptorFetcher(this, stream, () -> now, RANDOM, patience);
    }

    DescriptorStore store() {
        return new DescriptorStore(fetcher(), this, false, () -> now);
    }

    OnionClient client(Duration maxIdle) {
        return new OnionClient(this, false, () -> maxIdle, stream, () -> now, RANDOM);
    }

    Connector connector() {
        return new Connector(this, store(), new IntroMemory(() -> now, RANDOM), RANDOM, patience);
    }

    static Deadline soon() {
        return Deadline.in(Duration.ofSeconds(10));
    }

    // ---- the service ----

    /** A descriptor of that revision, with new introduction points. */
    byte[] descriptor(long revision, int introPoints) throws IOException {
        return descriptor(identity, revision, introPoints);
    }

    byte[] descriptor(Ed25519KeyPair owner, long revision, int introPoints) throws IOException {
        List<IntroPoint> points = new ArrayList<>();
        for (int i = 0; i < introPoints; i++) {
            byte[] authKey = Ed25519KeyPair.generate(RANDOM).publicKey();
            X25519 encryptionKey = X25519.generate(RANDOM);
            encryptionKeys.put(Base32.encode(authKey), encryptionKey);
            points.add(new IntroPoint(
                    List.of(new LinkSpecifier.Rsa(KEYS.rsaId()), new LinkSpecifier.Address(relay.address())),
                    KEYS.onionKey().publicKey(), authKey, encryptionKey.publicKey()));
        }
        HsDescriptor descriptor = new HsDescriptor(
                Duration.ofHours(3), revision, now.plusSeconds(54 * 3600), false, points, null, pow);
        return new DescriptorWriter(RANDOM).write(descriptor, DescriptorKeys.of(owner, period, Ed25519KeyPair.generate(RANDOM)), List.of());
    }

    /** What the n-th directory that is asked answers, from 0; the whole answer. */
    byte[] directoryAnswer(int n) throws IOException {
        return ok(descriptor(1, 3));
    }

    static byte[] ok(byte[] body) {
        byte[] head = ("HTTP/1.0 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        byte[] all = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        return all;
    }

    static byte[] status(String status) {
        return ("HTTP/1.0 " + status + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** What the introduction point answers the n-th introduction, from 0; other than 0 keeps it from the service. */
    int introductionStatus(int n) {
        return 0;
    }

    /** The service comes to the rendezvous point, for the n-th introduction. */
    void rendezvous(int n, RelayCircuit circuit, byte[] handshake) throws IOException {
        circuit.send(0, new Rendezvous2(handshake));
    }

    /** The n-th rendezvous point is asked to be one. */
    void established(int n, RelayCircuit circuit) throws IOException {
        circuit.send(0, new RendezvousEstablished());
    }

    // ---- the relay ----

    @Override
    public boolean onMessage(RelayCircuit circuit, int command, int streamId, byte[] body) throws IOException {
        switch (command) {
            case RelayMessage.BEGIN_DIR -> circuit.send(streamId, new Connected(null, 0));
            case RelayMessage.DATA -> {
                byte[] answer = directoryAnswer(fetches.getAndIncrement());
                for (int at = 0; at < answer.length; at += 498) {
                    circuit.send(RelayMessage.DATA, streamId, Arrays.copyOfRange(answer, at, Math.min(at + 498, answer.length)));
                }
                circuit.send(streamId, new End(6));
            }
            case OnionMessage.ESTABLISH_RENDEZVOUS -> {
                waiting.put(Base32.encode(body), circuit);
                established(rendezvous.getAndIncrement(), circuit);
            }
            case OnionMessage.INTRODUCE1 -> introduce(circuit, body);
            default -> {
                return command != RelayMessage.EXTEND2;
            }
        }
        return true;
    }

    private void introduce(RelayCircuit circuit, byte[] body) throws IOException {
        int n = introductions.getAndIncrement();
        introductionLengths.add(body.length);
        Introduce1 introduce = (Introduce1) RelayMessage.read(OnionMessage.INTRODUCE1, new ByteReader(body));
        int status = introductionStatus(n);
        if (status == 0) {
            X25519 key = encryptionKeys.get(Base32.encode(introduce.authKey()));
            byte[] subcredential = PeriodKeys.of(address, period).subcredential();
            HsNtor.Introduction opened = HsNtor.open(
                    key, introduce.authKey(), List.of(subcredential), Introduce1.header(introduce.authKey()),
                    introduce.sealed());
            Introduction introduction = Introduction.read(opened.plaintext());
            extensions.addAll(introduction.extensions());
            HsNtor.Answer answer =
                    HsNtor.answer(key, introduce.authKey(), opened.clientKey(), X25519.generate(RANDOM));
            RelayCircuit meeting = waiting.get(Base32.encode(introduction.cookie()));
            behind.put(meeting, Tor1HopCrypto.onionService(answer.keys(), false));
            rendezvous(n, meeting, answer.answer());
        }
        circuit.send(0, new IntroduceAck(status));
    }

    @Override
    public boolean onUnrecognised(RelayCircuit circuit, int command, byte[] body) throws IOException {
        HopCrypto crypto = behind.get(circuit);
        if (crypto == null || !crypto.decrypt(command, body, 0, false)) {
            return false;
        }
        if (body[0] == RelayMessage.BEGIN) {
            ByteReader in = new ByteReader(body);
            in.skip(3);
            int streamId = in.u16();
            in.skip(4);
            RelayMessage.Begin begin = (RelayMessage.Begin) RelayMessage.read(body[0], in.slice(in.u16()));
            stream(begins.getAndIncrement(), circuit, crypto, streamId, begin);
        }
        return true;
    }

    /** The service is asked for the n-th stream, from 0. */
    void stream(int n, RelayCircuit circuit, HopCrypto crypto, int streamId, RelayMessage.Begin begin) throws IOException {
        circuit.sendFor(crypto, streamId, new Connected(null, 0));
    }

    // ---- the client's circuits ----

    @Override
    public Circuit to(HopTarget last, Purpose purpose, Deadline deadline) throws TorException {
        HopTarget target = new HopTarget(
                new ChannelTarget(KEYS.rsaId(), KEYS.ed25519Id(), List.of(relay.address())), KEYS.onionKey().publicKey(),
                true, "played");
        Circuit circuit = Circuit.create(
                channels.get(target.link(), deadline), target, CircuitSettings.DEFAULT, stream, circuits.incrementAndGet(),
                purpose.word(), deadline);
        circuit.markBuilt();
        return circuit;
    }

    @Override
    public Circuit toRendezvousPoint(Deadline deadline) throws TorException {
        return to(hop(dir, 0, deadline), Purpose.RENDEZVOUS, deadline);
    }

    @Override
    public Duration buildTimeout() {
        return Duration.ofSeconds(60);
    }

    @Override
    public NetDir directory(Deadline deadline) {
        return dir;
    }

    @Override
    public HopTarget hop(NetDir from, int number, Deadline deadline) {
        return new HopTarget(
                new ChannelTarget(from.rsaId(number), from.ed25519Id(number), List.of(from.ipv4(number))),
                from.ntorKey(number), true, from.nickname(number));
    }

    PeriodKeys keys() throws ProtocolException {
        return PeriodKeys.of(address, period);
    }

    @Override
    public void close() throws Exception {
        channels.close();
        relay.close();
        if (!relay.troubles().isEmpty()) {
            throw new AssertionError("the played service failed", relay.troubles().getFirst());
        }
    }
}
