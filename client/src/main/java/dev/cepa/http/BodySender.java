package dev.cepa.http;

import dev.cepa.error.Deadline;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Writes a request's body as its publisher gives it, one buffer at a time. */
final class BodySender implements Flow.Subscriber<ByteBuffer> {
    private sealed interface Signal {
        record Next(ByteBuffer buffer) implements Signal {}

        record End(@Nullable Throwable error) implements Signal {}
    }

    /** One buffer is asked for at a time, and the end may follow it. */
    private final BlockingQueue<Signal> signals = new ArrayBlockingQueue<>(4);

    private volatile Flow.@Nullable Subscription subscription;

    private BodySender() {}

    static void send(HttpRequest.BodyPublisher body, long length, OutputStream out, Deadline deadline)
            throws IOException {
        BodySender sender = new BodySender();
        body.subscribe(sender);
        try {
            sender.pump(length, out, deadline);
        } catch (IOException e) {
            Flow.Subscription s = sender.subscription;
            if (s != null) {
                s.cancel();
            }
            throw e;
        }
    }

    private void pump(long length, OutputStream out, Deadline deadline) throws IOException {
        long sent = 0;
        for (Signal signal = next(deadline); ; signal = next(deadline)) {
            switch (signal) {
                case Signal.Next(ByteBuffer buffer) -> {
                    sent += buffer.remaining();
                    if (length >= 0 && sent > length) {
                        throw new IOException("the request's body is longer than the " + length + " bytes it promised");
                    }
                    write(buffer, length < 0, out);
                    more();
                }
                case Signal.End(Throwable error) -> {
                    if (error != null) {
                        throw new IOException("the request's body could not be made", error);
                    }
                    if (length >= 0 && sent != length) {
                        throw new IOException("the request's body is shorter than the " + length + " bytes it promised");
                    }
                    if (length < 0) {
                        out.write("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
                    }
                    return;
                }
            }
        }
    }

    private Signal next(Deadline deadline) throws IOException {
        try {
            Signal signal = signals.poll(Math.max(1, deadline.nanosLeft()), TimeUnit.NANOSECONDS);
            if (signal == null) {
                throw new HttpTimeoutException("the request's body was not ready in time");
            }
            return signal;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while sending the request", e);
        }
    }

    private static void write(ByteBuffer buffer, boolean chunked, OutputStream out) throws IOException {
        int n = buffer.remaining();
        if (n == 0) {
            return;
        }
        if (chunked) {
            out.write((Integer.toHexString(n) + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        }
        if (buffer.hasArray()) {
            out.write(buffer.array(), buffer.arrayOffset() + buffer.position(), n);
        } else {
            byte[] copy = new byte[n];
            buffer.get(copy);
            out.write(copy, 0, n);
        }
        if (chunked) {
            out.write('\r');
            out.write('\n');
        }
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
        subscription.request(1);
    }

    private void more() {
        Flow.Subscription s = subscription;
        if (s != null) {
            s.request(1);
        }
    }

    @Override
    public void onNext(ByteBuffer item) {
        put(new Signal.Next(item));
    }

    @Override
    public void onError(Throwable error) {
        put(new Signal.End(error));
    }

    @Override
    public void onComplete() {
        put(new Signal.End(null));
    }

    private void put(Signal signal) {
        if (!signals.offer(signal)) {
            throw new IllegalStateException("the body's publisher sends more than was asked for");
        }
    }
}
