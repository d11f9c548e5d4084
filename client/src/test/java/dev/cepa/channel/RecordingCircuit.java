package dev.cepa.channel;

import dev.cepa.cell.Cell;
import dev.cepa.error.TorException;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A circuit that keeps all that its channel tells it. */
final class RecordingCircuit implements CircuitHandler {
    /** A cell, or the end of the channel. */
    record Heard(int command, byte[] body, TorException closed) {}

    private final BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();

    @Override
    public void onCell(int command, byte[] buf, int offset) {
        heard.add(new Heard(command, Arrays.copyOfRange(buf, offset, offset + Cell.BODY), null));
    }

    @Override
    public void onChannelClosed(TorException cause) {
        heard.add(new Heard(-1, null, cause));
    }

    /** The next thing heard; waits up to five seconds. */
    Heard next() throws InterruptedException {
        Heard next = heard.poll(20, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("the channel told this circuit nothing");
        }
        return next;
    }

    boolean heardNothing() {
        return heard.isEmpty();
    }
}
