package dev.cepa.onion;

import dev.cepa.cell.RelayMessage.EstablishIntro;
import dev.cepa.cell.RelayMessage.Introduce2;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.HopTarget;
import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.HsNtor;
import dev.cepa.crypto.Primitives;
import dev.cepa.crypto.X25519;
import dev.cepa.error.Deadline;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
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

/**
 * An introduction point of our service: the relay, the keys that hold there alone, and what was received by way of it.
 * When its circuit breaks it can be established again with the same keys, so that descriptors stay right. Thread-safe.
 */
final class ServicePoint {
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
     * @param listener gets the introductions; runs on the channel's reader: it must not block
     */
    void establish(InternalCircuits circuits, BiConsumer<ServicePoint, Introduce2> listener, Deadline deadline)
            throws TorException {
        Circuit made = circuits.to(relay, InternalCircuits.Purpose.SERVICE_INTRODUCTION, deadline);
        try {
            made.establishIntroduction(this::message, introduction -> listener.accept(this, introduction), deadline);
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

    private EstablishIntro message(byte[] binding) {
        byte[] header = EstablishIntro.header(authKey.publicKey());
        byte[] auth = HsNtor.mac(binding, header);
        Primitives.wipe(binding);
        return new EstablishIntro(authKey.publicKey(), auth, authKey.sign(SIGNED, header, auth));
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
        byte[] digest = Primitives.sha3(message.sealed());
        lock.lock();
        try {
            if (introductions.contains(digest)) {
                throw new ProtocolException("introduction that was received before");
            }
        } finally {
            lock.unlock();
        }
        List<byte[]> subcredentials = new ArrayList<>(keys.size());
        for (PeriodKeys one : keys) {
            subcredentials.add(one.subcredential());
        }
        HsNtor.Introduction opened = HsNtor.open(
                encryptionKey, authKey.publicKey(), subcredentials, message.header(), message.sealed());
        lock.lock();
        try {
            // What is not authentic is not remembered: the relay could fill the memory with it.
            if (!introductions.add(digest)) {
                throw new ProtocolException("introduction that was received before, or one too many");
            }
        } finally {
            lock.unlock();
        }
        return new Opened(
                Introduction.read(opened.plaintext()), opened.clientKey(), keys.get(opened.subcredential()));
    }

    /** Answers it. */
    HsNtor.Answer answer(Opened opened, SecureRandom random) throws ProtocolException {
        return HsNtor.answer(encryptionKey, authKey.publicKey(), opened.clientKey(), X25519.generate(random));
    }

    void close() {
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
}
