package dev.cepa.channel;

import dev.cepa.cell.RsaId;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.ChannelStatus.Status;
import dev.cepa.event.TorEvents;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All channels of one client: whoever wants a relay gets the open channel to it, joins the attempt to open one, or starts
 * an attempt. How many attempts are under way at once is bounded, and a relay that has failed is left alone for a while.
 *
 * <p>Thread-safe. All state is guarded by {@link #lock}, which is never held during I/O.
 */
public final class ChannelManager implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(ChannelManager.class);
    private static final Duration SKEW_WORTH_SAYING = Duration.ofHours(1);

    private final ChannelSettings settings;
    private final TorEvents events;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final TlsClient tls = new TlsClient(random);
    private final Semaphore connecting;
    private final QueueMemory memory;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition settled = lock.newCondition();
    private final List<Channel> channels = new ArrayList<>();
    private final Map<RsaId, Attempt> attempts = new HashMap<>();
    private final ConnectBackoff backoff = new ConnectBackoff(random);
    private volatile ChannelPadding padding = ChannelPadding.DEFAULT;
    private final LinkLimits limits = new LinkLimits();
    private final AtomicBoolean saidSkew = new AtomicBoolean();
    private volatile @Nullable OutboundProxy proxy;
    private volatile Set<InetSocketAddress> only = Set.of();
    private volatile OutboundAddresses outbound = OutboundAddresses.ANY;
    private long nextId = 1;
    private long closedBytesRead;
    private long closedBytesWritten;
    private boolean enabled = true;
    private boolean closed;
    /** When anything last came by a channel that is gone; the beginning, before there was one. */
    private long lastReceived = System.nanoTime();

    /** An attempt under way, shared by all who wait for it; guarded by the manager's lock. */
    private static final class Attempt {
        int waiting;
        boolean done;
        boolean abandoned; // before it began, because nobody waited
        @Nullable Channel channel;
        @Nullable TorException failure;
        @Nullable Thread thread;
    }

    public ChannelManager(ChannelSettings settings, TorEvents events) {
        this(settings, events, InstantSource.system());
    }

    ChannelManager(ChannelSettings settings, TorEvents events, InstantSource clock) {
        this.settings = settings;
        this.events = events;
        this.clock = clock;
        this.memory = new QueueMemory(events);
        this.connecting = new Semaphore(settings.maxConcurrentConnects(), true);
    }

    /** Has a thread do what is slow the first time that a process connects, while others prepare what else it takes. */
    public void prepare() {
        Thread.ofPlatform().daemon().name("cepa-rehearsal").start(tls::rehearse);
    }

    /**
     * The channel to a relay. Blocks until it is open; an attempt goes on for others, and for later, when this caller's
     * deadline has passed.
     *
     * @throws TorException of kind RELAY_UNREACHABLE if the relay can't be reached, or could not be a moment ago; PROTOCOL
     *     if it is not who it should be; TIMEOUT; CLOSED
     */
    public Channel get(ChannelTarget target, Deadline deadline) throws TorException {
        lock.lock();
        try {
            while (true) {
                Channel open = find(target);
                if (open != null) {
                    return open;
                }
                Attempt attempt = attempts.get(target.rsaId());
                if (attempt == null) {
                    backoff.failIfTooEarly(target.rsaId(), target.name(), System.nanoTime(), lastReceived());
                    attempt = start(target);
                }
                attempt.waiting++;
                try {
                    while (!attempt.done) {
                        deadline.await(settled, "a channel to " + target.name());
                    }
                } finally {
                    attempt.waiting--;
                }
                failIfClosed();
                TorException failure = attempt.failure;
                if (failure != null && !attempt.abandoned) {
                    throw Channel.again(failure);
                }
                Channel channel = attempt.channel;
                if (channel != null && channel.serves(target)) {
                    return channel;
                }
                // It was for another Ed25519 identity, or abandoned as this caller came, or has closed already: look again.
            }
        } finally {
            lock.unlock();
        }
    }

    /** How channels are padded; new times take effect on open channels too, a new mode on those opened from now on. */
    public void setPadding(ChannelPadding settings) {
        padding = settings;
    }

    /** Where channels that are opened from now on are connected from. */
    public void setOutbound(OutboundAddresses addresses) {
        outbound = addresses;
    }

    /** What channels that are opened from now on go by; null to connect directly. */
    public void setProxy(@Nullable OutboundProxy used) {
        proxy = used;
    }

    /** The only addresses that may be connected to, if relays are bridges; empty for any. Channels that are open stay. */
    public void setOnly(Set<InetSocketAddress> addresses) {
        only = Set.copyOf(addresses);
    }

    /** What holds for all channels, those that are open too but where the settings say otherwise. */
    public void setLinks(LinkSettings settings) {
        limits.set(settings);
    }

    /** The memory of all queues of the client. */
    public QueueMemory memory() {
        return memory;
    }

    /** The open channels at this moment. */
    public List<Channel> channels() {
        lock.lock();
        try {
            removeClosed();
            return List.copyOf(channels);
        } finally {
            lock.unlock();
        }
    }

    /** When anything last came from any relay, by {@link System#nanoTime}. */
    public long lastReceivedNanos() {
        lock.lock();
        try {
            return lastReceived();
        } finally {
            lock.unlock();
        }
    }

    private long lastReceived() {
        for (Channel channel : channels) {
            noteReceived(channel);
        }
        return lastReceived;
    }

    private void noteReceived(Channel channel) {
        long last = channel.lastReceivedNanos();
        if (last - lastReceived > 0) {
            lastReceived = last;
        }
    }

    private void removeClosed() {
        for (Iterator<Channel> i = channels.iterator(); i.hasNext(); ) {
            Channel channel = i.next();
            if (!channel.isOpen()) {
                noteReceived(channel);
                countBytes(channel);
                i.remove();
            }
        }
    }

    private void countBytes(Channel channel) {
        closedBytesRead += channel.bytesRead();
        closedBytesWritten += channel.bytesWritten();
    }

    /** Bytes of cells received on all channels, those that have closed as well. */
    public long bytesRead() {
        lock.lock();
        try {
            long bytes = closedBytesRead;
            for (Channel channel : channels) {
                bytes += channel.bytesRead();
            }
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    /** Bytes of cells sent on all channels, those that have closed as well. */
    public long bytesWritten() {
        lock.lock();
        try {
            long bytes = closedBytesWritten;
            for (Channel channel : channels) {
                bytes += channel.bytesWritten();
            }
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    /** Channels that are open now are not given out any more: they go on for their circuits, and close without them. */
    public void retireOpen() {
        for (Channel channel : channels()) {
            channel.retire();
        }
    }

    /** Whether channels may be opened; turning it off closes those that are open and ends all attempts. */
    public void setEnabled(boolean on) {
        lock.lock();
        try {
            enabled = on;
        } finally {
            lock.unlock();
        }
        if (!on) {
            closeAll(new TorException(ErrorKind.CLOSED, "the network is disabled"));
        }
    }

    /** Closes all channels and ends all attempts. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        closeAll(new TorException(ErrorKind.CLOSED, "the client is closed"));
    }

    private void closeAll(TorException cause) {
        List<Channel> open;
        lock.lock();
        try {
            open = List.copyOf(channels);
            channels.forEach(this::countBytes);
            channels.clear();
            for (Attempt attempt : attempts.values()) {
                if (attempt.thread != null) {
                    attempt.thread.interrupt();
                }
            }
        } finally {
            lock.unlock();
        }
        for (Channel channel : open) {
            channel.close(cause);
        }
    }

    private @Nullable Channel find(ChannelTarget target) throws TorException {
        failIfClosed();
        removeClosed();
        for (Channel channel : channels) {
            if (channel.serves(target)) {
                return channel;
            }
        }
        return null;
    }

    private Attempt start(ChannelTarget target) {
        Attempt attempt = new Attempt();
        long id = nextId++;
        attempts.put(target.rsaId(), attempt);
        attempt.thread = Thread.ofVirtual().name("cepa-channel-" + id + "-connect").start(() -> run(attempt, id, target));
        return attempt;
    }

    private void run(Attempt attempt, long id, ChannelTarget target) {
        Channel channel = null;
        TorException failure = null;
        long begun = System.nanoTime();
        try {
            channel = connect(attempt, id, target);
        } catch (TorException e) {
            failure = e;
        } catch (RuntimeException | Error e) {
            failure = new TorException(ErrorKind.INTERNAL, "a mistake in connecting to " + target.name() + ": " + e, e);
        }
        lock.lock();
        try {
            attempt.done = true;
            attempt.channel = channel;
            attempt.failure = failure;
            attempts.remove(target.rsaId());
            if (channel != null) {
                channels.add(channel);
                backoff.succeeded(target.rsaId());
            } else if (failure != null && !attempt.abandoned && !closed && enabled) {
                boolean silence = lastReceived() - begun < 0;
                backoff.failed(target.rsaId(), System.nanoTime(), failure, silence);
            }
            settled.signalAll();
            if (channel != null) {
                closeIfTooLate(channel);
            }
        } catch (TorException e) {
            LOG.debug("a channel came too late: {}", e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    private Channel connect(Attempt attempt, long id, ChannelTarget target) throws TorException {
        try {
            connecting.acquire();
        } catch (InterruptedException e) {
            throw new TorException(ErrorKind.CLOSED, "the client is closed", e);
        }
        try {
            failIfUnwanted(attempt);
            failIfForbidden(target);
            String relay = target.name();
            events.emit(new TorEvent.ChannelStatus(id, Status.LAUNCHED, relay, null));
            Channel channel;
            try {
                channel = new ConnectAttempt(
                                id, target, settings, tls, random, clock, events, () -> padding, memory, outbound, limits,
                                proxy)
                        .connect();
            } catch (TorException e) {
                events.emit(new TorEvent.ChannelStatus(id, Status.FAILED, relay, e));
                throw e;
            }
            events.emit(new TorEvent.ChannelStatus(id, Status.CONNECTED, relay, null));
            channel.start();
            tellSkew(channel.clockSkew(), relay);
            closeIfTooLate(channel);
            return channel;
        } finally {
            connecting.release();
        }
    }

    /** Any one relay's clock may be wrong, and ours may be set right: what one has said goes until the next says otherwise. */
    private void tellSkew(@Nullable Duration skew, String relay) {
        if (skew == null) {
            return;
        }
        boolean wrong = skew.abs().compareTo(SKEW_WORTH_SAYING) > 0;
        if (saidSkew.getAndSet(wrong) || wrong) {
            events.emit(new TorEvent.ClockSkew(wrong ? skew : Duration.ZERO, relay));
        }
    }

    /** Whatever else goes wrong, a client that uses bridges must not be seen to connect to a relay that all know. */
    private void failIfForbidden(ChannelTarget target) throws TorException {
        Set<InetSocketAddress> allowed = only;
        if (!allowed.isEmpty() && !allowed.containsAll(target.addresses())) {
            throw new TorException(ErrorKind.NO_PATH, target.name() + " is not a bridge, and only bridges are connected to");
        }
    }

    /** Those who wanted the channel may have given up while the attempt was waiting for its turn. */
    private void failIfUnwanted(Attempt attempt) throws TorException {
        lock.lock();
        try {
            failIfClosed();
            if (attempt.waiting == 0) {
                attempt.abandoned = true;
                throw new TorException(ErrorKind.CLOSED, "nobody waits for this channel any more");
            }
        } finally {
            lock.unlock();
        }
    }

    /** The manager may have been closed or disabled while the channel was being opened. */
    private void closeIfTooLate(Channel channel) throws TorException {
        lock.lock();
        try {
            failIfClosed();
        } catch (TorException e) {
            channel.close(e);
            throw e;
        } finally {
            lock.unlock();
        }
    }

    private void failIfClosed() throws TorException {
        if (closed) {
            throw new TorException(ErrorKind.CLOSED, "the client is closed");
        }
        if (!enabled) {
            throw new TorException(ErrorKind.CLOSED, "the network is disabled");
        }
    }
}
