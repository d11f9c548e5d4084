package dev.cepa.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.StreamOrigin;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.event.TorEvents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class UnattachedStreamsTest {
    private static final StreamOrigin PROGRAM = new Program("SOCKS5", "127.0.0.1:4", "", "");

    private record Program(String protocol, String source, String user, String password) implements StreamOrigin {}

    private final TorEvents events = new TorEvents();
    private final BlockingQueue<StreamStatus> told = new LinkedBlockingQueue<>();
    private final UnattachedStreams streams = new UnattachedStreams(events, new AtomicLong(41)::incrementAndGet);

    {
        events.add(event -> told.add((StreamStatus) event));
        streams.setOn(true);
    }

    private static StreamRequest request() {
        return StreamRequest.to("example.com", 80, IsolationKey.DEFAULT).from(PROGRAM);
    }

    private FutureTask<UnattachedStreams.Decision> waiting(Duration time) {
        FutureTask<UnattachedStreams.Decision> task =
                new FutureTask<>(() -> streams.await(request(), Deadline.in(time)));
        Thread.ofVirtual().start(task);
        return task;
    }

    private StreamStatus next() throws InterruptedException {
        StreamStatus status = told.poll(30, TimeUnit.SECONDS);
        assertThat(status).isNotNull();
        return status;
    }

    @Test
    void aStreamWaitsUnderANumberThatItKeepsUntilItIsAttached() throws Exception {
        FutureTask<UnattachedStreams.Decision> task = waiting(Duration.ofSeconds(30));
        StreamStatus begun = next();
        assertThat(begun.status()).isEqualTo(StreamStatus.Status.NEW);
        assertThat(begun.streamId()).isEqualTo(42L << 16);
        assertThat(begun.target()).isEqualTo("example.com:80");
        assertThat(streams.has(begun.streamId())).isTrue();
        List<TorEvent> described = new ArrayList<>();
        streams.describe(described::add);
        assertThat(described).containsExactly(begun);

        assertThat(streams.redirect(begun.streamId(), "other.example", 0)).isTrue();
        assertThat(streams.attach(begun.streamId(), null)).isTrue();
        StreamRequest request = task.get(30, TimeUnit.SECONDS).request();
        assertThat(request.host()).isEqualTo("other.example");
        assertThat(request.port()).isEqualTo(80);
        assertThat(request.origin().streamId()).isEqualTo(begun.streamId());
        assertThat(request.origin().source()).isEqualTo("127.0.0.1:4");
        assertThat(streams.has(begun.streamId())).isFalse();
        assertThat(streams.attach(begun.streamId(), null)).isFalse();
        assertThat(told).isEmpty();
    }

    @Test
    void aStreamThatIsClosedOrForgottenFails() throws Exception {
        FutureTask<UnattachedStreams.Decision> closed = waiting(Duration.ofSeconds(30));
        assertThat(streams.close(next().streamId())).isTrue();
        assertThatThrownBy(() -> closed.get(30, TimeUnit.SECONDS)).hasRootCauseInstanceOf(TorException.class);
        assertThat(next().reason().kind()).isEqualTo(ErrorKind.CLOSED);

        FutureTask<UnattachedStreams.Decision> forgotten = waiting(Duration.ofMillis(10));
        next();
        assertThatThrownBy(() -> forgotten.get(30, TimeUnit.SECONDS)).hasRootCauseInstanceOf(TorException.class);
        assertThat(next().reason().kind()).isEqualTo(ErrorKind.TIMEOUT);
    }

    @Test
    void thoseThatWaitGoOnWhenTheyNeedNotAnyMore() throws Exception {
        FutureTask<UnattachedStreams.Decision> task = waiting(Duration.ofSeconds(30));
        next();
        streams.setOn(false);
        assertThat(task.get(30, TimeUnit.SECONDS).circuit()).isNull();
        assertThat(streams.isFor(request())).isFalse();
    }

    @Test
    void onlyProgramsStreamsWait() {
        assertThat(streams.isFor(request())).isTrue();
        assertThat(streams.isFor(StreamRequest.to("example.com", 80, IsolationKey.DEFAULT))).isFalse();
    }
}
