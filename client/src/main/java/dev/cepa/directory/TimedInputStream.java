package dev.cepa.directory;

import dev.cepa.circuit.TorStream;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.IOException;

/** What a stream brings, until the deadline; no read waits long. */
final class TimedInputStream extends BulkInputStream {
    /** How long a server may be silent in the middle of an answer. */
    private static final int MAX_STALL_MILLIS = 15_000;

    private final TorStream stream;
    private final Deadline deadline;

    TimedInputStream(TorStream stream, Deadline deadline) {
        this.stream = stream;
        this.deadline = deadline;
    }

    @Override
    public int read(byte[] buf, int offset, int length) throws IOException {
        int left = deadline.millisLeft();
        if (left == 0) {
            throw new TorException(ErrorKind.TIMEOUT, "the directory server took too long");
        }
        stream.setReadTimeout(Math.min(left, MAX_STALL_MILLIS));
        return stream.input().read(buf, offset, length);
    }

    @Override
    public void close() {
        stream.close();
    }
}
