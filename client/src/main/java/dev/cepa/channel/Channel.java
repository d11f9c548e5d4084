package dev.cepa.channel;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TrafficListener;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open TLS link to one relay that has proved who it is, and the circuits on it.
 *
 * <p>Two threads serve it. The reader reads TLS records into one array and hands each cell to its circuit where it lies;
 * it alone calls the circuits' handlers, the last time when the channel is closed. It is a platform thread, because data
 * then wakes it straight from the system, not by way of a poller and a scheduler, and channels are few. The writer, a
 * virtual thread, writes whatever senders have queued as one batch, sends padding into silence, and closes the channel
 * once it has been without circuits for long enough. The few cells that the reader answers with, which confirm what has
 * come, it writes itself while the writer is idle: the far end waits for them, and waking the writer costs more.
 *
 * <p>Thread-safe. The table of circuits is replaced under {@link #circuitsLock} and read without it; the queue has its own
 * lock; no lock is held during I/O. Closing closes the TCP socket below TLS, which wakes both threads whatever they do.
 */
public final class Channel {
    private static final Logger LOG = LoggerFactory.getLogger(Channel.class);

    /** A circuit id takes 31 bits, a relay's patience fewer. */
    private static final int MAX_CIRCUITS = 20_000;
    /** After so long in one write the far end counts as stuck. */
    private static final long STUCK_NANOS = 120_000_000_000L;
    /** The longest TLS record, and what was left of the one before. */
    private static final int READ_BUFFER = 16 * 1024 + Cell.LENGTH;
    /** So much the reader writes itself: with room for it in the system's buffer a write takes microseconds. */
    private static final int READERS_BATCH = 8 * Cell.LENGTH;
    /** A write of the reader that took longer had to wait for the relay. */
    private static final long SLOW_NANOS = 50_000_000L;
    /** For so long after a slow one it leaves writing to the writer. */
    private static final long SLOW_PAUSE_NANOS = 10_000_000_000L;
    private static final int HIGH_BIT = 0x80000000;
    /** A PADDING cell for no circuit: all zeros. */
    private static final byte[] PADDING = new byte[Cell.LENGTH];
    /** The link protocol from which on both ends pad by themselves (padding-spec section 2.2). */
    private static final int PADDING_PROTOCOL = 5;

    private final long id;
    private final ChannelTarget target;
    private final LinkHandshake.Result link;
    private final InetSocketAddress remoteAddress;
    private final Socket tcp;
    private final Socket tls;
    private final InputStream in;
    private final OutputStream out;
    private final TorEvents events;
    private final long idleNanos;
    private final int halfCellMillis; // how long the rest of a cell may take to come
    private final PaddingTimer padding; // the writer's
    private final QueueMemory memory;
    private final LinkLimits limits;
    private final boolean isPrivate; // to an address of a local network
    private final BooleanSupplier open = this::isOpen;
    private final CellQueue queue;
    private final AtomicReference<@Nullable TorException> closeCause = new AtomicReference<>();

    private final ReentrantLock circuitsLock = new ReentrantLock();
    private volatile CircuitTable circuits = CircuitTable.EMPTY; // written under circuitsLock
    private int nextCircuitId; // guarded by circuitsLock
    private volatile boolean retired;
    private long idleSince = System.nanoTime(); // guarded by circuitsLock; means something while there are no circuits

    private volatile @Nullable Thread reader; // written once, by itself
    private @Nullable CircuitHandler batched; // the reader's: whom the last cells were for
    private long writesAgain = System.nanoTime(); // the reader's: when it may write by itself
    private volatile long writingSince; // written by who writes; 0 while nobody does
    private volatile boolean carriesCircuits; // of more than one hop: others are not padded
    private volatile boolean carriesTraffic; // and these something for a user
    private long lastSent = System.nanoTime(); // by who writes
    private volatile long lastTransfer = System.nanoTime(); // written by both threads
    private volatile long lastReceived = System.nanoTime(); // written by the reader, at first by the link handshake
    private volatile long bytesRead; // written by the reader
    private volatile long bytesWritten; // written by who writes
    private final AtomicLong cellsDropped = new AtomicLong();

    Channel(
            long id, ChannelTarget target, LinkHandshake.Result link, InetSocketAddress remoteAddress, Socket tcp,
            Socket tls, TorEvents events, Duration idleTimeout, Duration halfCellTimeout, int firstCircuitId,
            PaddingTimer padding, QueueMemory memory, LinkLimits limits)
            throws IOException {
        this.id = id;
        this.target = target;
        this.link = link;
        this.remoteAddress = remoteAddress;
        this.tcp = tcp;
        this.tls = tls;
        this.in = tls.getInputStream();
        this.out = tls.getOutputStream();
        this.events = events;
        this.idleNanos = idleTimeout.toNanos();
        this.halfCellMillis = Math.toIntExact(halfCellTimeout.toMillis());
        this.nextCircuitId = firstCircuitId;
        this.padding = padding;
        this.memory = memory;
        this.limits = limits;
        this.isPrivate = LinkLimits.isPrivate(remoteAddress.getAddress());
        this.queue = new CellQueue(memory, this::close);
    }

    /** Starts both threads. */
    void start() {
        if (linkProtocol() >= PADDING_PROTOCOL && padding.mode() != ChannelPadding.Mode.NORMAL) {
            stopRelaysPadding();
        }
        Thread.ofPlatform().daemon().name("cepa-channel-" + id + "-reader").start(this::read);
        Thread.ofVirtual().name("cepa-channel-" + id + "-writer").start(this::write);
    }

    private void stopRelaysPadding() {
        try {
            send(0, new ChannelMessage.PaddingNegotiate(false, 0, 0));
        } catch (TorException e) {
            LOG.debug("{} closed before it was used: {}", this, e.getMessage());
        }
    }

    /** Unique within one manager, for events. */
    public long id() {
        return id;
    }

    /** Whom it was opened to. */
    public ChannelTarget target() {
        return target;
    }

    private String name() {
        return target.shown().isEmpty() ? "$" + rsaId() : target.shown();
    }

    /** The RSA identity that the relay has proved; the wanted one where one was wanted. */
    public RsaId rsaId() {
        return link.identity().rsaId();
    }

    /** The Ed25519 identity that the relay has proved, wanted or not. */
    public Ed25519Id ed25519Id() {
        return link.identity().ed25519Id();
    }

    /** The address that was dialled. */
    public InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    /** The link protocol, 4 or 5. */
    public int linkProtocol() {
        return link.version();
    }

    /** How far our clock is ahead of the relay's, as the relay tells it; negative if behind, null if it doesn't tell. */
    public @Nullable Duration clockSkew() {
        return link.clockSkew();
    }

    public boolean isOpen() {
        return closeCause.get() == null;
    }

    /** Bytes of cells received so far. */
    public long bytesRead() {
        return bytesRead;
    }

    /** When anything last came from the relay, by {@link System#nanoTime}. */
    public long lastReceivedNanos() {
        return lastReceived;
    }

    /** Bytes of cells sent so far. */
    public long bytesWritten() {
        return bytesWritten;
    }

    /** Cells that came for no circuit of ours; a few are normal after a circuit was closed. */
    public long cellsDropped() {
        return cellsDropped.get();
    }

    /**
     * Puts a circuit on the channel.
     *
     * @return its circuit id: unused, and with the high bit set, as those of the end that has opened the link
     * @throws TorException if the channel is closed or full
     */
    public int attach(CircuitHandler handler) throws TorException {
        circuitsLock.lock();
        try {
            failIfClosed();
            if (circuits.size() >= MAX_CIRCUITS) {
                throw new TorException(ErrorKind.RESOURCE_LIMIT, this + " has " + MAX_CIRCUITS + " circuits already");
            }
            int circuitId;
            do {
                circuitId = nextCircuitId++ | HIGH_BIT;
            } while (circuits.find(circuitId) != null);
            circuits = circuits.with(circuitId, handler);
            return circuitId;
        } finally {
            circuitsLock.unlock();
        }
    }

    /**
     * Takes a circuit off the channel. Cells that still come for it are dropped. Its id comes up again only after all
     * others, so they can't be mistaken for another circuit's. Does nothing if the circuit is gone already.
     */
    public void detach(int circuitId) {
        circuitsLock.lock();
        try {
            circuits = circuits.without(circuitId);
            if (circuits.size() == 0) {
                idleSince = System.nanoTime();
            }
        } finally {
            circuitsLock.unlock();
        }
    }

    /** The memory of all queues of the client. */
    public QueueMemory memory() {
        return memory;
    }

    /** Whether {@link #awaitWritable} would not wait. */
    public boolean isWritable() {
        return queue.hasRoom();
    }

    /** Blocks while more is queued for the relay than is useful. To be called without any lock held. */
    public void awaitWritable(Deadline deadline) throws TorException {
        queue.awaitRoom(deadline, "room on " + this);
    }

    /**
     * Queues a fixed-length cell. Never blocks; a channel whose queue has reached its hard bound is closed instead.
     *
     * @param buf holds the 509 body bytes from {@code offset} on; copied
     * @throws TorException if the channel is closed, or was closed now
     */
    public void send(int circuitId, int command, byte[] buf, int offset) throws TorException {
        if (command == Cell.RELAY_EARLY) { // it extends a circuit
            carriesCircuits = true;
        } else if (carriesCircuits && !carriesTraffic) {
            carriesTraffic = true;
        }
        enqueue(circuitId, command, buf, offset, Cell.BODY);
    }

    /** Queues a message as a fixed-length cell. Never blocks, as above. */
    public void send(int circuitId, ChannelMessage message) throws TorException {
        if (Cell.isVariable(message.command())) {
            throw new IllegalArgumentException(Cell.name(message.command()) + " is no fixed-length cell");
        }
        ByteWriter body = new ByteWriter(128);
        message.write(body);
        byte[] bytes = body.toByteArray();
        if (bytes.length > Cell.BODY) {
            throw new IllegalArgumentException(Cell.name(message.command()) + " of " + bytes.length + " bytes");
        }
        enqueue(circuitId, message.command(), bytes, 0, bytes.length);
    }

    private void enqueue(int circuitId, int command, byte[] body, int offset, int length) throws TorException {
        boolean readers = Thread.currentThread() == reader;
        if (!queue.add(circuitId, command, body, offset, length, !readers)) {
            TorException stuck = new TorException(
                    ErrorKind.RELAY_UNREACHABLE, this + " is stuck: " + CellQueue.HARD_BOUND + " bytes wait to be sent");
            close(stuck);
            throw stuck;
        }
    }

    /** Closes the link; what is queued is dropped. The circuits hear of it from the reader, in a moment. */
    public void close(TorException cause) {
        if (closeCause.compareAndSet(null, cause)) {
            finishClosing(cause);
        }
    }

    private void finishClosing(TorException cause) {
        LOG.debug("{} closed: {}", this, cause.getMessage());
        queue.close(cause);
        closeQuietly(tcp);
        events.emit(new TorEvent.ChannelStatus(
                id, TorEvent.ChannelStatus.Status.CLOSED, name(),
                cause.kind() == ErrorKind.CLOSED ? null : cause));
    }

    /**
     * Has it serve nobody new: whoever wants the relay next gets a new channel, and this one closes once it has been
     * without circuits for a while.
     */
    public void retire() {
        retired = true;
    }

    /** Tells that it is open, and how its circuits are, in the events that say so; that it has closed, if it has meanwhile. */
    public void describe(TorEventListener listener) {
        String relay = name();
        listener.onEvent(new TorEvent.ChannelStatus(id, TorEvent.ChannelStatus.Status.CONNECTED, relay, null));
        CircuitTable all = circuits;
        for (int i = 0; i < all.size(); i++) {
            all.handlerAt(i).describe(listener);
        }
        if (!isOpen()) {
            listener.onEvent(new TorEvent.ChannelStatus(id, TorEvent.ChannelStatus.Status.CLOSED, relay, null));
        }
    }

    /** Shows it, its circuits and their streams. */
    public void showTraffic(TrafficListener listener) {
        listener.channel(id, bytesRead(), bytesWritten());
        CircuitTable all = circuits;
        for (int i = 0; i < all.size(); i++) {
            all.handlerAt(i).showTraffic(listener);
        }
    }

    /** Its circuits at this moment. */
    public List<CircuitHandler> circuits() {
        CircuitTable all = circuits;
        List<CircuitHandler> list = new ArrayList<>(all.size());
        for (int i = 0; i < all.size(); i++) {
            list.add(all.handlerAt(i));
        }
        return list;
    }

    /** Whether it is a channel to that relay, and keeps an idle one open for another while if so. */
    boolean serves(ChannelTarget wanted) {
        boolean fits = wanted.identified() ? rsaId().equals(wanted.rsaId()) : wanted.addresses().contains(remoteAddress);
        if (!fits
                || wanted.ed25519Id() != null && !wanted.ed25519Id().equals(ed25519Id())) {
            return false;
        }
        circuitsLock.lock();
        try {
            if (!isOpen() || retired) {
                return false;
            }
            idleSince = System.nanoTime();
        } finally {
            circuitsLock.unlock();
        }
        long since = writingSince;
        if (since != 0 && System.nanoTime() - since > STUCK_NANOS) {
            close(new TorException(ErrorKind.RELAY_UNREACHABLE, this + " is stuck: it has not taken a byte for 2 minutes"));
            return false;
        }
        return true;
    }

    // ---- the reader ----

    private void read() {
        TorException cause;
        reader = Thread.currentThread();
        try {
            cause = readCells();
        } catch (TorException e) {
            cause = e instanceof ProtocolException ? new ProtocolException(this + ": " + e.getMessage(), e) : e;
        } catch (SocketTimeoutException e) {
            cause = new TorException(ErrorKind.RELAY_UNREACHABLE, this + " stopped in the middle of a cell", e);
        } catch (InterruptedException e) {
            cause = new TorException(ErrorKind.CLOSED, this + " was interrupted", e);
        } catch (IOException e) {
            cause = new TorException(ErrorKind.RELAY_UNREACHABLE, this + " broke: " + e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            LOG.error("{}: a mistake in handling a cell", this, e);
            cause = new TorException(ErrorKind.INTERNAL, this + ": a mistake in handling a cell: " + e, e);
        }
        close(cause);
        tellCircuits();
        closeQuietly(tls);
    }

    /** Returns why the stream has ended. */
    private TorException readCells() throws IOException, InterruptedException {
        byte[] buf = new byte[READ_BUFFER];
        int have = 0;
        long total = 0;
        int skip = 0; // bytes of a VPADDING cell still to come
        boolean timeout = false;
        while (true) {
            int most = limits.awaitRead(isPrivate, buf.length - have, open);
            int n = most == 0 ? -1 : in.read(buf, have, most);
            if (n < 0) {
                return new TorException(ErrorKind.RELAY_UNREACHABLE, "the relay closed " + this);
            }
            limits.noteRead(isPrivate, n);
            total += n;
            bytesRead = total;
            long now = System.nanoTime();
            lastTransfer = now;
            lastReceived = now;
            have += n;
            int at = Math.min(skip, have);
            skip -= at;
            while (have - at >= Cell.VARIABLE_HEADER) {
                int command = buf[at + 4] & 0xff;
                if (Cell.isVariable(command)) {
                    int length = Cell.VARIABLE_HEADER + variableLength(command, buf, at);
                    skip = Math.max(0, length - (have - at));
                    at += length - skip;
                } else if (have - at >= Cell.LENGTH) {
                    dispatch(command, buf, at);
                    at += Cell.LENGTH;
                } else {
                    break;
                }
            }
            writeAnswers();
            endBatch();
            memory.relieveIfOver();
            have -= at;
            if (have > 0 && at > 0) {
                System.arraycopy(buf, at, buf, 0, have);
            }
            // An idle link is silent for as long as it likes, half a cell is not.
            boolean half = have > 0 || skip > 0;
            if (half != timeout) {
                tls.setSoTimeout(half ? halfCellMillis : 0);
                timeout = half;
            }
        }
    }

    private static int variableLength(int command, byte[] buf, int at) throws ProtocolException {
        // After the handshake the only use of variable-length cells is padding; a late VERSIONS is to be ignored.
        if (command != Cell.VPADDING && command != Cell.VERSIONS) {
            throw new ProtocolException("unexpected " + Cell.name(command));
        }
        return (buf[at + 5] & 0xff) << 8 | (buf[at + 6] & 0xff);
    }

    private void writeAnswers() throws IOException, InterruptedException {
        long now = System.nanoTime();
        boolean mayWait = now - writesAgain < 0 || limits.boundsWriting(isPrivate);
        int n = queue.takeOver(mayWait ? 0 : READERS_BATCH);
        if (n > 0) {
            try {
                transmit(queue.batch(), n);
            } finally {
                queue.handBack();
            }
            if (System.nanoTime() - now > SLOW_NANOS) {
                writesAgain = System.nanoTime() + SLOW_PAUSE_NANOS;
            }
        }
    }

    private void endBatch() {
        CircuitHandler handler = batched;
        if (handler != null) {
            batched = null;
            handler.onBatchEnd();
        }
    }

    private void dispatch(int command, byte[] buf, int at) throws ProtocolException {
        switch (command) {
            case Cell.RELAY, Cell.RELAY_EARLY, Cell.CREATED2, Cell.CREATED_FAST, Cell.DESTROY -> {
                int circuitId = buf[at] << 24 | (buf[at + 1] & 0xff) << 16 | (buf[at + 2] & 0xff) << 8 | (buf[at + 3] & 0xff);
                if (circuitId == 0) {
                    throw new ProtocolException(Cell.name(command) + " without a circuit id");
                }
                CircuitHandler handler = circuits.find(circuitId);
                if (handler == null) {
                    // On its way when we closed the circuit; or nonsense, which costs the relay more than us.
                    cellsDropped.incrementAndGet();
                    return;
                }
                if (command == Cell.DESTROY) {
                    detach(circuitId);
                }
                if (handler != batched) {
                    endBatch();
                    batched = handler;
                }
                handler.onCell(command, buf, at + Cell.HEADER);
            }
            // Padding has done its work by being sent; a client never takes orders on padding from a relay.
            case Cell.PADDING, Cell.PADDING_NEGOTIATE -> {}
            // The rest is not for clients, or not for open links. Nobody may create circuits through us.
            default -> throw new ProtocolException("unexpected " + Cell.name(command));
        }
    }

    private void tellCircuits() {
        TorException cause = closeCause.get();
        CircuitTable last;
        circuitsLock.lock();
        try {
            last = circuits;
            circuits = CircuitTable.EMPTY;
        } finally {
            circuitsLock.unlock();
        }
        for (int i = 0; cause != null && i < last.size(); i++) {
            try {
                last.handlerAt(i).onChannelClosed(cause);
            } catch (RuntimeException e) {
                LOG.error("{}: a mistake in closing a circuit", this, e);
            }
        }
    }

    // ---- the writer ----

    private void write() {
        try {
            while (true) {
                int n = queue.take(Math.min(nanosUntilIdleCheck(), Math.min(nanosUntilPadding(), nanosUntilKeepalive())));
                if (n < 0) {
                    return;
                }
                byte[] batch = queue.batch();
                if (n == 0) {
                    closeIfIdle();
                    if (nanosUntilPadding() > 0 && nanosUntilKeepalive() > 0) {
                        continue;
                    }
                    batch = PADDING;
                    n = batch.length;
                }
                transmit(batch, n);
            }
        } catch (IOException e) {
            close(new TorException(ErrorKind.RELAY_UNREACHABLE, this + " broke: " + e.getMessage(), e));
        } catch (InterruptedException e) {
            close(new TorException(ErrorKind.CLOSED, this + " was interrupted", e));
        } catch (RuntimeException | Error e) {
            LOG.error("{}: a mistake in writing", this, e);
            close(new TorException(ErrorKind.INTERNAL, this + ": a mistake in writing: " + e, e));
        }
    }

    /** By one thread at a time: the queue sees to it. */
    private void transmit(byte[] batch, int n) throws IOException, InterruptedException {
        for (int at = 0; at < n; ) {
            int piece = limits.awaitWrite(isPrivate, n - at, open);
            if (piece == 0) {
                return; // closed meanwhile
            }
            writingSince = System.nanoTime() | 1;
            out.write(batch, at, piece);
            writingSince = 0;
            at += piece;
            long before = bytesWritten;
            bytesWritten = before + piece;
        }
        lastSent = System.nanoTime();
        lastTransfer = lastSent;
    }

    private long nanosUntilIdleCheck() {
        circuitsLock.lock();
        try {
            long left = circuits.size() > 0 ? idleNanos : idleNanos - (System.nanoTime() - idleSince);
            return Math.max(left, 1_000_000);
        } finally {
            circuitsLock.unlock();
        }
    }

    /** What is between us and the relay may forget a connection that is silent for long. */
    private long nanosUntilKeepalive() {
        return limits.settings().keepalive().toNanos() - (System.nanoTime() - lastSent);
    }

    private long nanosUntilPadding() {
        boolean wanted = padding.isBeforeUsage() ? carriesCircuits : carriesTraffic;
        return wanted && (linkProtocol() >= PADDING_PROTOCOL || padding.isForced())
                ? padding.nanosLeft(System.nanoTime(), lastTransfer)
                : Long.MAX_VALUE;
    }

    private void closeIfIdle() {
        TorException idle = new TorException(ErrorKind.CLOSED, this + " had no circuits");
        circuitsLock.lock();
        try {
            // Under the lock, so that no circuit is attached between the look and the decision.
            if (circuits.size() > 0
                    || System.nanoTime() - idleSince < idleNanos
                    || !closeCause.compareAndSet(null, idle)) {
                return;
            }
        } finally {
            circuitsLock.unlock();
        }
        finishClosing(idle);
    }

    private void failIfClosed() throws TorException {
        TorException cause = closeCause.get();
        if (cause != null) {
            throw again(cause);
        }
    }

    /** The same failure, with the trace of the thread that meets it now. */
    static TorException again(TorException cause) {
        String message = String.valueOf(cause.getMessage());
        return cause instanceof ProtocolException
                ? new ProtocolException(message, cause)
                : new TorException(cause.kind(), message, cause);
    }

    static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.trace("closing a socket", e);
        }
    }

    @Override
    public String toString() {
        return "channel " + id + " to " + name();
    }
}
