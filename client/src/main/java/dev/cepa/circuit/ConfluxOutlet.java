package dev.cepa.circuit;

import dev.cepa.cell.Cell;
import dev.cepa.cell.ConfluxMessage;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * The one exit behind the legs of a set, and which leg the next message for it goes by (proposal 329 section 3): the one with
 * the shortest round trip, and only if the exit asks for it others while that one's window is full. Whenever the leg
 * changes a SWITCH goes first, which says how many messages went by others. Guarded by the {@link SendLock}.
 */
final class ConfluxOutlet implements Outlet {
    private final Condition turn;
    /** The two first are set once, when the set is joined. */
    private boolean spreads;

    private @Nullable Hop exit;
    private ConfluxLeg[] legs = {};
    /** Read without the lock by those who wait for a channel. */
    private volatile @Nullable ConfluxLeg current;

    private @Nullable TorException closed;

    ConfluxOutlet(SendLock lock) {
        turn = lock.newCondition();
    }

    /** Begins with these legs, at least one, on which nothing was sent. */
    void start(ConfluxLeg[] all, boolean spread) {
        legs = all.clone();
        spreads = spread;
        exit = all[0].exit();
        current = fastest(false);
    }

    /** Sends no more. */
    void close(TorException reason) {
        closed = reason;
        turn.signalAll();
    }

    /**
     * Nothing more can be sent by that leg.
     *
     * @return false if something that was sent may be lost: it was the current one, the one furthest on, or has more under way
     *     than one SENDME confirms
     */
    boolean lost(ConfluxLeg leg) {
        int at = 0;
        while (at < legs.length && legs[at] != leg) {
            at++;
        }
        if (at == legs.length) {
            return true;
        }
        ConfluxLeg[] rest = new ConfluxLeg[legs.length - 1];
        System.arraycopy(legs, 0, rest, 0, at);
        System.arraycopy(legs, at + 1, rest, at, rest.length - at);
        legs = rest;
        long others = -1;
        for (ConfluxLeg other : rest) {
            others = Math.max(others, other.sent);
        }
        FlowControl flow = leg.exit().flow();
        CongestionSettings congestion = flow.congestion();
        turn.signalAll();
        return leg != current && leg.sent <= others && congestion != null
                && flow.inFlight() < congestion.sendmeIncrement();
    }

    @Override
    public String name() {
        return exit == null ? "the exit" : exit.name();
    }

    @Override
    public @Nullable CongestionSettings congestion() {
        return exit == null ? null : exit.congestion();
    }

    @Override
    public Condition turn() {
        return turn;
    }

    @Override
    public CircuitLink link() {
        return current().exit().link();
    }

    @Override
    public boolean isOpen() {
        return closed == null;
    }

    @Override
    public void checkOpen() throws TorException {
        if (closed != null) {
            throw Failures.again(closed);
        }
    }

    @Override
    public boolean maySend() {
        return choose() != null;
    }

    /** Where no leg has room, what is not data goes by the current one all the same. */
    @Override
    public Hop next() throws TorException {
        ConfluxLeg leg = choose();
        ConfluxLeg before = current();
        if (leg != null && leg != before) {
            move(before, leg);
            return leg.exit();
        }
        return before.exit();
    }

    @Override
    public void sent() {
        current().sent++;
    }

    /** The leg for the next data; null if it must wait. */
    private @Nullable ConfluxLeg choose() {
        if (spreads) {
            return fastest(true);
        }
        ConfluxLeg leg = fastest(false);
        return leg != null && leg.exit().flow().maySend() ? leg : null;
    }

    /** @param withRoom whether only those count whose window has room; of these, first those whose channel has room too */
    private @Nullable ConfluxLeg fastest(boolean withRoom) {
        ConfluxLeg best = null;
        boolean bestIsFree = false;
        for (ConfluxLeg leg : legs) {
            if (withRoom && !leg.exit().flow().maySend()) {
                continue;
            }
            boolean free = !withRoom || leg.exit().link().isWritable();
            if (best == null || free && !bestIsFree || free == bestIsFree && roundTrip(leg) < roundTrip(best)) {
                best = leg;
                bestIsFree = free;
            }
        }
        return best;
    }

    /** That of LINK until there is an average of those of data. */
    private static long roundTrip(ConfluxLeg leg) {
        long measured = leg.exit().flow().roundTripMicros();
        return measured > 0 ? measured : leg.linkMicros;
    }

    private void move(ConfluxLeg from, ConfluxLeg to) throws TorException {
        long relative = from.sent - to.sent;
        Hop hop = to.exit();
        // First: if it can't be sent, the leg is lost as the current one, which ends the set.
        current = to;
        to.sent = from.sent;
        if (relative < 0 || relative >= ConfluxMessage.Switch.LIMIT) {
            TorException e = new TorException(ErrorKind.INTERNAL, "conflux legs are " + relative + " messages apart");
            hop.sender().broke(e);
            throw e;
        }
        if (relative > 0) {
            byte[] body = {(byte) (relative >>> 24), (byte) (relative >>> 16), (byte) (relative >>> 8), (byte) relative};
            hop.sender().put(hop, Cell.RELAY, ConfluxMessage.SWITCH, 0, body, 0, body.length);
        }
    }

    private ConfluxLeg current() {
        ConfluxLeg leg = current;
        if (leg == null) {
            throw new IllegalStateException("the set is not joined");
        }
        return leg;
    }
}
