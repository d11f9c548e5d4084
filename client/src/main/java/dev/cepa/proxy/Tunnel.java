package dev.cepa.proxy;

import dev.cepa.pool.OpenedStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program's connection and the stream that is opened for it. The connection's thread opens the stream and downloads; a
 * second one uploads, and interrupts the first if the program goes away before the stream is open. {@link #close} may be
 * called from any thread.
 *
 * <p>Tor has no half-closed streams. When the program stops sending, the stream stays open for what the far end still
 * sends, and ends after {@link #LINGER_SECONDS} of silence.
 */
final class Tunnel implements Closeable {
    /** How long a silent stream is kept for a program that has stopped sending. */
    static final int LINGER_SECONDS = 15;

    private static final Logger LOG = LoggerFactory.getLogger(Tunnel.class);

    /** How long a program may go on sending into a stream that has ended, before its connection is reset. */
    private static final long DRAIN_MILLIS = 1000;

    private final LocalSocket socket;
    private final CopyBuffers buffers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private @Nullable Thread opener;
    private @Nullable OpenedStream stream;
    private @Nullable Pump download;
    private byte[] first = {};
    private boolean earlyTaken;
    private boolean programGone;
    private boolean uploading;
    private boolean over;

    Tunnel(LocalSocket socket, CopyBuffers buffers) {
        this.socket = socket;
        this.buffers = buffers;
    }

    /** Begins to read from the program; the caller's thread goes on to open the stream. */
    void startUpload(byte[] early) {
        lock.lock();
        try {
            opener = Thread.currentThread();
            uploading = true;
            first = early;
        } finally {
            lock.unlock();
        }
        Thread.ofVirtual().name("cepa-upload").start(this::upload);
    }

    /** What the program has sent so far for the far end: a cell's data or two; taken as sent on from then on. */
    byte[] takeEarly() {
        lock.lock();
        try {
            earlyTaken |= first.length > 0;
            return first;
        } finally {
            lock.unlock();
        }
    }

    /** The stream is there. */
    void opened(OpenedStream opened) throws IOException {
        lock.lock();
        try {
            forgetOpener();
            if (!over && !programGone) {
                stream = opened;
                download = new Pump(opened.input(), socket.output(), buffers);
                changed.signalAll();
                return;
            }
        } finally {
            lock.unlock();
        }
        opened.close();
        throw new IOException("the program went away while the stream was being opened");
    }

    /** There will be no stream; returns whether the program is still there to be told. */
    boolean failed() {
        lock.lock();
        try {
            forgetOpener();
            boolean present = !over && !programGone;
            over = true;
            changed.signalAll();
            return present;
        } finally {
            lock.unlock();
        }
    }

    private void forgetOpener() {
        opener = null;
        // An interrupt that came too late to matter must not break what this thread does next.
        Thread.interrupted();
    }

    /** Copies from the stream to the program until either ends. */
    void download() {
        Pump pump;
        lock.lock();
        try {
            pump = download;
        } finally {
            lock.unlock();
        }
        if (pump == null) {
            return;
        }
        try {
            pump.run();
        } catch (IOException e) {
            LOG.debug("a stream for a program broke: {}", e.getMessage());
        }
        endStream();
    }

    private void upload() {
        try {
            InputStream in = socket.input();
            boolean more = awaitFirst(in);
            OpenedStream opened = more ? awaitStream() : null;
            if (opened != null) {
                byte[] data = firstLeft();
                if (data.length > 0) {
                    opened.output().write(data);
                    opened.output().flush();
                }
                new Pump(in, opened.output(), buffers).run();
            }
            lingerAfterEndOfInput();
        } catch (IOException e) {
            LOG.debug("a program's sending ended: {}", e.getMessage());
            programGone();
            endStream();
        } finally {
            lock.lock();
            try {
                uploading = false;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Waits until the program has sent something; false if it ends without. */
    private boolean awaitFirst(InputStream in) throws IOException {
        lock.lock();
        try {
            if (first.length > 0) {
                return true;
            }
        } finally {
            lock.unlock();
        }
        byte[] buffer = new byte[Pump.SMALL];
        int count = in.read(buffer);
        if (count < 0) {
            return false;
        }
        lock.lock();
        try {
            first = Arrays.copyOf(buffer, count);
        } finally {
            lock.unlock();
        }
        return true;
    }

    /** What the program has sent first and is not on its way yet. */
    private byte[] firstLeft() {
        lock.lock();
        try {
            byte[] left = earlyTaken ? new byte[0] : first;
            first = new byte[0];
            return left;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable OpenedStream awaitStream() {
        lock.lock();
        try {
            while (stream == null && !over) {
                changed.awaitUninterruptibly(); // the opener has a deadline
            }
            return over ? null : stream;
        } finally {
            lock.unlock();
        }
    }

    /** Gives up opening if that is still under way; else waits until the stream is silent or over. */
    private void lingerAfterEndOfInput() {
        lock.lock();
        try {
            if (opener != null) {
                programGone = true;
                opener.interrupt();
                return;
            }
            long seen = -1;
            while (!over && download != null && download.bytes() != seen) {
                seen = download.bytes();
                long nanos = TimeUnit.SECONDS.toNanos(LINGER_SECONDS);
                while (!over && nanos > 0) {
                    nanos = changed.awaitNanos(nanos);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        endStream();
    }

    private void programGone() {
        lock.lock();
        try {
            programGone = true;
            if (opener != null) {
                opener.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    private void endStream() {
        OpenedStream ended;
        lock.lock();
        try {
            over = true;
            ended = stream;
            stream = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (ended != null) {
            StreamListener.closeQuietly(ended);
        }
    }

    /**
     * Ends the connection so that the program still gets everything sent to it: closing a socket with unread input would
     * reset it.
     */
    void hangUp() throws IOException {
        socket.shutdownOutput();
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MILLIS);
        lock.lock();
        try {
            over = true;
            changed.signalAll();
            while (uploading && end - System.nanoTime() > 0) {
                changed.awaitNanos(end - System.nanoTime());
            }
            if (uploading) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        } finally {
            lock.unlock();
        }
        InputStream in = socket.input();
        byte[] ignored = new byte[Pump.SMALL];
        int count = 0;
        while (count >= 0) {
            long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (millis <= 0) {
                return;
            }
            socket.setReadTimeout((int) millis);
            count = in.read(ignored);
        }
    }

    @Override
    public void close() {
        endStream();
        programGone();
        StreamListener.closeQuietly(socket);
    }
}
