package dev.cepa.onion;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.LinkSpecifier;
import dev.cepa.cell.OnionMessage;
import dev.cepa.cell.OnionMessage.EstablishIntro;
import dev.cepa.cell.OnionMessage.IntroEstablished;
import dev.cepa.cell.OnionMessage.Introduce1;
import dev.cepa.cell.OnionMessage.Rendezvous1;
import dev.cepa.cell.RelayMessage;
import dev.cepa.cell.RelayMessage.Connected;
import dev.cepa.cell.RelayMessage.End;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.HopCrypto;
import dev.cepa.crypto.HsNtor;
import dev.cepa.crypto.Tor1HopCrypto;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.RelayFlags;
import dev.cepa.netdoc.TestDirectory;
import dev.cepa.pool.ServiceCircuits;
import dev.cepa.testrelay.RelayCircuit;
import dev.cepa.testrelay.RelayKeys;
import dev.cepa.testrelay.RelayScript;
import dev.cepa.testrelay.TestRelay;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The network around an onion service of ours: directories, introduction and rendezvous points, all played by one relay on
 * loopback to which each circuit has one hop; and clients. Everything is real but what a test overrides. Its directory has
 * no shared random value.
 */
class PlayedNetwork implements ServiceCircuits, RelayScript, AutoCloseable {
    static final SecureRandom RANDOM = new SecureRandom();
    static final RelayKeys KEYS = RelayKeys.generate();
    private static final int RELAYS = 12;

    volatile NetDir dir;
    /** What directories take no more of, as the next consensus says; 0: it says nothing. */
    int largestDescriptor;
    private volatile Duration ahead = Duration.ZERO;
    /** What directories were given. */
    final List<byte[]> descriptors = new CopyOnWriteArrayList<>();
    /** By authentication key. */
    final Map<String, RelayCircuit> introPoints = new ConcurrentHashMap<>();
    /** Where the service came to. */
    final BlockingQueue<Met> met = new LinkedBlockingQueue<>();
    /** Introduction circuits that were asked to be one again, and destroyed. */
    final AtomicInteger left = new AtomicInteger();
    /** How often the service asked for an introduction point. */
    final AtomicInteger asked = new AtomicInteger();

    private final Map<RelayCircuit, ByteArrayOutputStream> posts = new ConcurrentHashMap<>();
    private final TestRelay relay = TestRelay.builder().keys(KEYS).circuits(this).start();
    private final ChannelManager channels =
            new ChannelManager(new ChannelSettings(Duration.ofSeconds(5), Duration.ofMinutes(1), 4), new TorEvents());
    private final AtomicInteger circuits = new AtomicInteger();
    private final AtomicInteger picked = new AtomicInteger();

    /** That a service came to a rendezvous point. */
    record Met(byte[] cookie, byte[] handshake, RelayCircuit circuit) {}

    /** A client that was introduced. */
    record Visitor(HsNtor.Client handshake, byte[] cookie, RelayCircuit introPoint, byte[] introduction) {}

    PlayedNetwork() throws IOException {
        setTime(Instant.parse("2026-11-24T03:00:00Z"));
    }

    /** There is a new consensus. */
    final void setTime(Instant validAfter) throws IOException {
        TestDirectory network = new TestDirectory()
                .lifetime(validAfter, validAfter.plusSeconds(3600), validAfter.plusSeconds(3 * 3600));
        for (int i = 0; i < RELAYS; i++) {
            network.relay("r" + i).with(RelayFlags.HS_DIR);
        }
        if (largestDescriptor > 0) {
            network.param("HSV3MaxDescriptorSize", largestDescriptor);
        }
        dir = network.build();
        ahead = Duration.between(Instant.now(), validAfter.plusSeconds(60));
    }

    /** The time there, which passes. */
    Instant now() {
        return Instant.now().plus(ahead);
    }

    /** Has time pass. */
    void pass(Duration time) {
        ahead = ahead.plus(time);
    }

    // ---- the relay ----

    /** The relay is asked for the n-th time, from 0, to be an introduction point. */
    void establish(int n, RelayCircuit circuit) throws IOException {
        circuit.send(0, new IntroEstablished());
    }

    @Override
    public boolean onMessage(RelayCircuit circuit, int command, int streamId, byte[] body) throws IOException {
        switch (command) {
            case RelayMessage.BEGIN_DIR -> circuit.send(streamId, new Connected(null, 0));
            case RelayMessage.DATA -> post(circuit, streamId, body);
            case OnionMessage.ESTABLISH_INTRO -> {
                EstablishIntro message = (EstablishIntro) RelayMessage.read(command, new ByteReader(body));
                if (introPoints.values().remove(circuit)) {
                    left.incrementAndGet();
                    circuit.destroy(1);
                } else {
                    introPoints.put(Base32.encode(message.authKey()), circuit);
                    establish(asked.getAndIncrement(), circuit);
                }
            }
            case OnionMessage.RENDEZVOUS1 -> {
                Rendezvous1 message = (Rendezvous1) RelayMessage.read(command, new ByteReader(body));
                met.add(new Met(message.cookie(), message.handshake(), circuit));
            }
            default -> {
                return command != RelayMessage.EXTEND2;
            }
        }
        return true;
    }

    /** What the service sends its clients. */
    @Override
    public boolean onUnrecognised(RelayCircuit circuit, int command, byte[] body) {
        return true;
    }

    private void post(RelayCircuit circuit, int streamId, byte[] body) throws IOException {
        ByteArrayOutputStream all = posts.computeIfAbsent(circuit, none -> new ByteArrayOutputStream());
        all.write(body);
        String text = all.toString(StandardCharsets.ISO_8859_1);
        int signature = text.indexOf("\nsignature ");
        if (signature < 0 || !text.endsWith("\n") || text.indexOf('\n', signature + 1) != text.length() - 1) {
            return;
        }
        byte[] whole = all.toByteArray();
        descriptors.add(Arrays.copyOfRange(whole, text.indexOf("hs-descriptor"), whole.length));
        byte[] answer = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        circuit.send(RelayMessage.DATA, streamId, answer);
        circuit.send(streamId, new End(6));
    }

    // ---- clients ----

    /** The newest descriptor of a service in that time period, of those that were published. */
    HsDescriptor descriptor(PeriodKeys keys) throws TorException {
        for (int i = descriptors.size() - 1; i >= 0; i--) {
            try {
                return DescriptorReader.read(descriptors.get(i), keys, null, 31, now());
            } catch (TorException e) {
                // Of the other period.
            }
        }
        throw new TorException(ErrorKind.ONION_SERVICE, "no descriptor of " + keys.period());
    }

    /** Introduces a client at the first introduction point of that descriptor. */
    Visitor introduce(PeriodKeys keys, byte[] cookie) throws IOException {
        IntroPoint point = descriptor(keys).introPoints().getFirst();
        RelayCircuit circuit = introPoints.get(Base32.encode(point.authKey()));
        Introduction introduction = new Introduction(
                cookie, List.of(), KEYS.onionKey().publicKey(),
                List.of(new LinkSpecifier.Rsa(KEYS.rsaId()), new LinkSpecifier.Address(relay.address())));
        HsNtor.Client handshake =
                new HsNtor.Client(point.authKey(), point.encryptionKey(), keys.subcredential(), RANDOM);
        byte[] header = Introduce1.header(point.authKey());
        byte[] sealed = handshake.seal(header, introduction.toBytes());
        byte[] body = Arrays.copyOf(header, header.length + sealed.length);
        System.arraycopy(sealed, 0, body, header.length, sealed.length);
        circuit.send(OnionMessage.INTRODUCE2, 0, body);
        return new Visitor(handshake, cookie, circuit, body);
    }

    Visitor introduce(PeriodKeys keys) throws IOException {
        byte[] cookie = new byte[20];
        RANDOM.nextBytes(cookie);
        return introduce(keys, cookie);
    }

    /** Waits until the service has come, and gives what the client encrypts with. */
    HopCrypto join(Visitor visitor, Met at) throws TorException {
        byte[] answer = Arrays.copyOf(at.handshake, HsNtor.ANSWER_LENGTH);
        return Tor1HopCrypto.onionService(visitor.handshake.complete(answer), true);
    }

    /** Where the service comes to next; null if it does not within that time. */
    Met nextMet(Duration within) throws InterruptedException {
        return met.poll(within.toMillis(), TimeUnit.MILLISECONDS);
    }

    // ---- the service's circuits ----

    @Override
    public Circuit to(HopTarget last, Purpose purpose, Deadline deadline) throws TorException {
        HopTarget target = new HopTarget(
                new ChannelTarget(KEYS.rsaId(), KEYS.ed25519Id(), List.of(relay.address())), KEYS.onionKey().publicKey(),
                true, "played");
        Circuit circuit = Circuit.create(
                channels.get(target.link(), deadline), target, CircuitSettings.DEFAULT, new TorEvents(),
                circuits.incrementAndGet(), purpose.word(), deadline);
        circuit.markBuilt();
        return circuit;
    }

    @Override
    public Circuit toRendezvousPoint(Deadline deadline) throws TorException {
        return to(hop(dir, 0, deadline), Purpose.RENDEZVOUS, deadline);
    }

    @Override
    public HopTarget pickIntroductionPoint(Collection<HopTarget> others, Deadline deadline) {
        return hop(dir, picked.getAndIncrement() % RELAYS, deadline);
    }

    @Override
    public boolean areDirect() {
        return false;
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

    @Override
    public void close() throws Exception {
        channels.close();
        relay.close();
        if (!relay.troubles().isEmpty()) {
            throw new AssertionError("the played network failed", relay.troubles().getFirst());
        }
    }
}
