package dev.cepa.http;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** Carries a response's body to its subscriber as fast as that asks for it, on a virtual thread of its own. */
final class BodyPump implements Flow.Subscription, Runnable {
    private static final int CHUNK = 16 * 1024;

    private final BodyReader reader;
    private final HttpResponse.BodySubscriber<?> subscriber;
    private final Consumer<Boolean> whenDone;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final AtomicBoolean done = new AtomicBoolean();
    private long demand;
    private boolean cancelled;

    private BodyPump(BodyReader reader, HttpResponse.BodySubscriber<?> subscriber, Consumer<Boolean> whenDone) {
        this.reader = reader;
        this.subscriber = subscriber;
        this.whenDone = whenDone;
    }

    /**
     * Starts carrying.
     *
     * @param whenDone told once, at the end: true if the body was read whole
     */
    static void start(BodyReader reader, HttpResponse.BodySubscriber<?> subscriber, Consumer<Boolean> whenDone) {
        Thread.ofVirtual().name("cepa-http-body").start(new BodyPump(reader, subscriber, whenDone));
    }

    @Override
    public void run() {
        boolean clean = false;
        try {
            subscriber.onSubscribe(this);
            while (awaitDemand()) {
                byte[] chunk = new byte[CHUNK]; // the subscriber may keep it
                int n = reader.read(chunk, 0, chunk.length);
                if (n < 0) {
                    clean = true;
                    break;
                }
                subscriber.onNext(List.of(ByteBuffer.wrap(chunk, 0, n).asReadOnlyBuffer()));
            }
        } catch (IOException | RuntimeException e) {
            done(false);
            subscriber.onError(e);
            return;
        }
        // The connection goes back before the caller learns that the body has ended, so that its next request finds it.
        done(clean);
        if (clean) {
            subscriber.onComplete();
        } else {
            subscriber.onError(new IOException("the body was cancelled by its reader"));
        }
    }

    private void done(boolean clean) {
        if (done.compareAndSet(false, true)) {
            whenDone.accept(clean);
        }
    }

    private boolean awaitDemand() {
        lock.lock();
        try {
            while (demand == 0 && !cancelled) {
                changed.awaitUninterruptibly();
            }
            if (cancelled) {
                return false;
            }
            demand--;
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void request(long n) {
        lock.lock();
        try {
            if (n <= 0) {
                cancelled = true;
            }
            demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void cancel() {
        lock.lock();
        try {
            cancelled = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        done(false); // closes the connection, which wakes a read that waits for the server
    }
}
