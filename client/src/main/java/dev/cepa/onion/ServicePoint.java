package dev.cepa.onion;

import dev.cepa.cell.OnionMessage.EstablishIntro;
import dev.cepa.cell.OnionMessage.Introduce2;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.Ed25519;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.HsNtor;
import dev.cepa.crypto.Primitives;
import dev.cepa.crypto.X25519;
import dev.cepa.error.Deadline;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.onion.ServiceSettings.IntroductionLimit;
import dev.cepa.onion.pow.ReplaySet;
import dev.cepa.pool.InternalCircuits;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An introduction point of our service: the relay, the keys that hold there alone, and what was received by way of it.
 * When its circuit breaks it can be established again with the same keys, so that descriptors stay right. Thread-safe.
 */
final class ServicePoint {
    private static final Logger LOG = LoggerFactory.getLogger(ServicePoint.class);
    /** After so many introductions, or a number up to twice as high, it is replaced: no more are remembered. */
    private static final int INTRODUCTIONS = 16_384;
    /** How long it lives, and how much longer at most. */
    private static final Duration LIFE = Duration.ofHours(18);

    private static final Duration LIFE_SPREAD = Duration.ofHours(6);
    private static final byte[] SIGNED = "Tor establish-intro cell v1".getBytes(StandardCharsets.US_ASCII);

    private final HopTarget relay;
    private final byte[] relayKey;
    private final Ed25519KeyPair authKey;
    private final X25519 encryptionKey;
    private final Instant expiry;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock, as all below. */
    private final ReplaySet introductions;

    private @Nullable Circuit circuit;
    private boolean closed;

    ServicePoint(HopTarget relay, Instant now, SecureRandom random) throws ProtocolException {
        byte[] ntorKey = relay.ntorKey();
        if (ntorKey == null) {
            throw new ProtocolException("relay " + relay + " has no onion key");
        }
        this.relay = relay;
        relayKey = ntorKey;
        authKey = Ed25519KeyPair.generate(random);
        encryptionKey = X25519.generate(random);
        introductions = new ReplaySet(INTRODUCTIONS + random.nextInt(INTRODUCTIONS));
        expiry = now.plus(LIFE).plusSeconds(random.nextLong(LIFE_SPREAD.toSeconds()));
    }

    HopTarget relay() {
        return relay;
    }

    /** As the descriptor names it. */
    IntroPoint described() {
        return new IntroPoint(relay.linkSpecifiers(), relayKey, authKey.publicKey(), encryptionKey.publicKey());
    }

    /** Whether it has had its time. */
    boolean isSpent(Instant now) {
        lock.lock();
        try {
            return !now.isBefore(expiry) || introductions.isFull();
        } finally {
            lock.unlock();
        }
    }

    /** Whether introductions can come. */
    boolean isEstablished() {
        lock.lock();
        try {
            return circuit != null && circuit.isOpen();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Builds a circuit to the relay and has it agree.
     *
     * @param limit what it is to pass on at most; null: it is told nothing
     * @param listener gets the introductions; runs on the channel's reader: it must not block
     */
    void establish(
            InternalCircuits circuits, @Nullable IntroductionLimit limit, BiConsumer<ServicePoint, Introduce2> listener,
            Deadline deadline)
            throws TorException {
        Circuit made = circuits.to(relay, InternalCircuits.Purpose.SERVICE_INTRODUCTION, deadline);
        try {
            made.establishIntroduction(binding -> message(binding, limit), introduction -> listener.accept(this, introduction), deadline);
        } catch (TorException | RuntimeException e) {
            made.close();
            throw e;
        }
        lock.lock();
        try {
            circuit = made;
        } finally {
            lock.unlock();
        }
    }

    /** Has {@code listener} run when the circuit ends. */
    void onClose(Runnable listener) {
        Circuit at;
        lock.lock();
        try {
            at = circuit;
        } finally {
            lock.unlock();
        }
        if (at != null) {
            at.onClose(listener);
        }
    }

    private EstablishIntro message(byte[] binding, @Nullable IntroductionLimit limit) {
        EstablishIntro.Limit told = limit == null ? null : new EstablishIntro.Limit(limit.rate(), limit.burst());
        byte[] header = EstablishIntro.header(authKey.publicKey(), told);
        byte[] auth = HsNtor.mac(binding, header);
        Primitives.wipe(binding);
        lock.lock();
        try {
            // With keys that are being wiped nothing may be signed.
            byte[] signature = closed ? new byte[Ed25519.SIGNATURE_LENGTH] : authKey.sign(SIGNED, header, auth);
            return new EstablishIntro(authKey.publicKey(), told, auth, signature);
        } finally {
            lock.unlock();
        }
    }

    /**
     * What a client has told us, and how to answer it.
     *
     * @param keys of the service and time period whose descriptor the client has
     */
    record Opened(Introduction introduction, byte[] clientKey, PeriodKeys keys) {}

    /**
     * Reads an introduction.
     *
     * @param keys of the time periods whose descriptors clients may have
     * @throws ProtocolException if it is malformed, not authentic, or was received before
     */
    Opened open(Introduce2 message, List<PeriodKeys> keys) throws ProtocolException {
        if (!MessageDigest.isEqual(message.authKey(), authKey.publicKey())) {
            throw new ProtocolException("introduction with another point's key");
        }
        List<byte[]> subcredentials = new ArrayList<>(keys.size());
        for (PeriodKeys one : keys) {
            subcredentials.add(one.subcredential());
        }
        byte[] digest = Primitives.sha3(message.sealed());
        lock.lock();
        try {
            checkOpen();
            if (introductions.contains(digest)) {
                throw new ProtocolException("introduction that was received before");
            }
            HsNtor.Introduction opened = HsNtor.open(
                    encryptionKey, authKey.publicKey(), subcredentials, message.header(), message.sealed());
            // What is not authentic is not remembered: the relay could fill the memory with it.
            if (!introductions.add(digest)) {
                throw new ProtocolException("introduction that was one too many");
            }
            return new Opened(
                    Introduction.read(opened.plaintext()), opened.clientKey(), keys.get(opened.subcredential()));
        } finally {
            lock.unlock();
        }
    }

    private void checkOpen() throws ProtocolException {
        if (closed) {
            throw new ProtocolException("introduction at a point that is closed");
        }
    }

    /** Answers it. */
    HsNtor.Answer answer(Opened opened, SecureRandom random) throws ProtocolException {
        lock.lock();
        try {
            checkOpen();
            return HsNtor.answer(encryptionKey, authKey.publicKey(), opened.clientKey(), X25519.generate(random));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Has the relay pass on nothing more. It must destroy the circuit when that asks once more to be an introduction circuit
     * (rend-spec-v3 section 3.1.1), and the message gets there at once, while relays were seen to pass on the mere end of an
     * idle circuit up to a minute late. Waits until the relay has done so; the caller closes the point.
     */
    void leave(Deadline deadline) {
        Circuit at;
        lock.lock();
        try {
            at = circuit;
        } finally {
            lock.unlock();
        }
        if (at == null || !at.isOpen()) {
            return;
        }
        try {
            at.establishIntroduction(binding -> message(binding, null), late -> {}, deadline);
            LOG.debug("{} did not mind being asked twice to be an introduction point", relay);
        } catch (TorException e) {
            LOG.debug("{} was left: {}", relay, e.getMessage());
        }
    }

    /** Ends its circuit; it can be established again. */
    void closeCircuit() {
        Circuit at;
        lock.lock();
        try {
            at = circuit;
        } finally {
            lock.unlock();
        }
        if (at != null) {
            at.close();
        }
    }

    /** Ends it, and forgets its keys. */
    void close() {
        closeCircuit();
        lock.lock();
        try {
            closed = true;
            authKey.wipe();
            encryptionKey.wipe();
        } finally {
            lock.unlock();
        }
    }
}
