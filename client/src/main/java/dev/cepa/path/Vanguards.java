package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.ConsensusInfo;
import dev.cepa.netdoc.NetDir;
import dev.cepa.netdoc.Protocols;
import dev.cepa.path.VanguardSettings.Mode;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * Which relays onion-service circuits have behind their guard (vanguards-spec; proposals 292 and 333). The second hop, and
 * with full vanguards the third, is one of a few that are kept for days or hours, so that somebody who has us build circuit
 * after circuit does not soon have a relay of his next to the guard. Kept in memory only, as in C tor. Thread-safe.
 */
public final class Vanguards {
    /** The part of a path that does not depend on where the circuit goes: it can be built ahead. */
    public enum Stem {
        /** Its last relay is drawn for this circuit alone: a rendezvous point, or one hop before the relay that is wanted. */
        OPEN,
        /** With a third layer it ends there, one hop before a relay that we have chosen ourselves; else like {@link #OPEN}. */
        GUARDED
    }

    private static final int DAY = 86_400;
    private static final int HOUR = 3600;
    private static final int MOST_KEPT = 19;
    /** A user who names more relays than these is not taken to have balanced the load himself (C tor). */
    private static final int FEW_NAMED = 20;

    private static final int RENDEZVOUS_DRAWS = 20;

    private final InstantSource clock;
    private final RandomGenerator random;
    private final TorEvents events;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Kept> second = new ArrayList<>();
    private final List<Kept> third = new ArrayList<>();
    private volatile VanguardSettings settings;

    /** A relay of a layer, and until when it is, in seconds since 1970. */
    private record Kept(RsaId id, long until) {}

    /** @param random must be cryptographically strong outside tests */
    public Vanguards(VanguardSettings settings, InstantSource clock, RandomGenerator random, TorEvents events) {
        this.settings = settings;
        this.clock = clock;
        this.random = random;
        this.events = events;
    }

    /** Takes over other settings; circuits that are built already stay as they are. */
    public void setSettings(VanguardSettings changed) {
        settings = changed;
    }

    /** Forgets the relays that are kept, and chooses others when next needed: a new identity. */
    public void renew() {
        lock.lock();
        try {
            second.clear();
            third.clear();
        } finally {
            lock.unlock();
        }
    }

    /** What is in force under that directory; never {@link Mode#AUTO}. */
    public Mode mode(PathSelector selector) {
        VanguardSettings s = settings;
        if (!s.layer3().isEmpty()) {
            return Mode.FULL;
        }
        if (s.mode() != Mode.AUTO) {
            return s.mode() == Mode.OFF && !s.layer2().isEmpty() ? Mode.LITE : s.mode();
        }
        boolean lite = selector.dir().consensus().param("vanguards-lite-enabled", 1, 0, 1) == 1;
        return lite || !s.layer2().isEmpty() ? Mode.LITE : Mode.OFF;
    }

    /**
     * The relays of a stem, the guard included.
     *
     * @param guard its first relay
     * @param apart relays that the stem is to be fit to be extended to, see {@link #mayEndAt}
     * @return three relays; four for an {@link Stem#OPEN} one with full vanguards
     * @throws TorException of kind NO_PATH if the settings or the network leave no relay for some place
     */
    public int[] choose(PathSelector selector, Stem stem, int guard, int... apart) throws TorException {
        Mode mode = mode(selector);
        if (mode == Mode.OFF) {
            int middle = selector.pickMiddle(true, with(apart, guard));
            return new int[] {
                guard, middle, lastOfOpen(selector, () -> selector.pickMiddle(true, with(apart, guard, middle)))
            };
        }
        lock.lock();
        try {
            ConsensusInfo consensus = selector.dir().consensus();
            if (mode == Mode.LITE) {
                int l2 = pick(selector, second, settings.layer2(), Layer.second(consensus), with(apart, guard));
                return new int[] {guard, l2, lastOfOpen(selector, () -> selector.pickOnce(with(apart, guard, l2)))};
            }
            // The guard may come again behind the third layer: if it never did, whoever owns many last hops could rule it out.
            if (stem == Stem.GUARDED) {
                int l2 = pick(selector, second, settings.layer2(), Layer.second(consensus), with(apart, guard));
                int l3 = pick(selector, third, settings.layer3(), Layer.third(consensus), with(apart, guard, l2));
                return new int[] {guard, l2, l3};
            }
            int l2 = pick(selector, second, settings.layer2(), Layer.second(consensus), guard);
            int l3 = pick(selector, third, settings.layer3(), Layer.third(consensus), with(apart, guard, l2));
            return new int[] {guard, l2, l3, lastOfOpen(selector, () -> selector.pickOnce(with(apart, l2, l3)))};
        } finally {
            lock.unlock();
        }
    }

    private static int[] with(int[] apart, int... path) {
        int[] all = Arrays.copyOf(path, path.length + apart.length);
        System.arraycopy(apart, 0, all, path.length, apart.length);
        return all;
    }

    /**
     * Whether a stem may be extended to that relay. With vanguards no relay is within two hops of itself, and families and
     * subnets do not count: else the relays that we keep would show in what we never do. Without, the rules of all paths.
     *
     * @param stem what {@link #choose} has returned, by identity
     */
    public boolean mayEndAt(PathSelector selector, List<RsaId> stem, RsaId target) {
        NetDir dir = selector.dir();
        int end = dir.indexOf(target);
        boolean families = mode(selector) == Mode.OFF && end >= 0;
        for (int i = 0; i < stem.size(); i++) {
            RsaId id = stem.get(i);
            int relay = dir.indexOf(id);
            boolean close = families || i >= stem.size() - 2;
            if (close && (id.equals(target) || families && relay >= 0 && !selector.canBeTogether(relay, end))) {
                return false;
            }
        }
        return true;
    }

    /** The relays kept as second hops at this moment, for information. */
    public List<RsaId> secondLayer() {
        return ids(second);
    }

    /** The relays kept as third hops at this moment, for information. */
    public List<RsaId> thirdLayer() {
        return ids(third);
    }

    private List<RsaId> ids(List<Kept> layer) {
        lock.lock();
        try {
            List<RsaId> ids = new ArrayList<>(layer.size());
            for (Kept kept : layer) {
                ids.add(kept.id);
            }
            return ids;
        } finally {
            lock.unlock();
        }
    }

    /** How many relays a layer has, and for how many seconds each is kept at least and at most. */
    private record Layer(int number, int hop, int least, int most) {
        static Layer second(ConsensusInfo c) {
            return of(c, "guard-hs-l2-", 4, 2, DAY, 12 * DAY);
        }

        static Layer third(ConsensusInfo c) {
            return of(c, "guard-hs-l3-", 8, 3, HOUR, 48 * HOUR);
        }

        private static Layer of(ConsensusInfo c, String name, int number, int hop, int least, int most) {
            int min = c.param(name + "lifetime-min", least, 1, Integer.MAX_VALUE);
            int max = c.param(name + "lifetime-max", most, 1, Integer.MAX_VALUE);
            return new Layer(c.param(name + "number", number, 1, MOST_KEPT), hop, min, Math.max(min, max));
        }
    }

    @FunctionalInterface
    private interface Draw {
        int relay() throws TorException;
    }

    /** A relay drawn for one circuit, that can be a rendezvous point if such can be found. */
    private static int lastOfOpen(PathSelector selector, Draw draw) throws TorException {
        int relay = draw.relay();
        for (int i = 0; i < RENDEZVOUS_DRAWS && !selector.dir().supports(relay, Protocols.Name.HS_REND, 2); i++) {
            relay = draw.relay();
        }
        return relay;
    }

    private int pick(PathSelector selector, List<Kept> layer, RelaySet named, Layer rules, int... others)
            throws TorException {
        if (!named.isEmpty()) {
            return pickNamed(selector, named, rules.hop, others);
        }
        maintain(selector, layer, rules);
        int[] fitting = new int[layer.size()];
        int count = 0;
        for (Kept kept : layer) {
            int relay = selector.dir().indexOf(kept.id);
            if (relay >= 0 && selector.mayBeVanguard(relay) && !contains(others, relay)) {
                fitting[count++] = relay;
            }
        }
        if (count > 0) {
            return fitting[random.nextInt(count)];
        }
        if (layer.size() < rules.number) {
            return selector.pickOnce(others); // the network is too small for a layer
        }
        throw new TorException(ErrorKind.NO_PATH, "none of the relays kept for hop " + rules.hop + " fits the path");
    }

    private int pickNamed(PathSelector selector, RelaySet named, int hop, int... others) throws TorException {
        BitSet relays = named.resolve(selector.dir());
        long bandwidth = 0;
        int count = 0;
        for (int relay = relays.nextSetBit(0); relay >= 0; relay = relays.nextSetBit(relay + 1)) {
            if (selector.mayBeNamedHop(relay) && !contains(others, relay)) {
                count++;
                bandwidth += selector.dir().bandwidth(relay);
            } else {
                relays.clear(relay);
            }
        }
        if (count == 0) {
            throw new TorException(
                    ErrorKind.NO_PATH, "no relay of HSLayer" + hop + "Nodes is running, known and fits the path");
        }
        boolean weighted = count > FEW_NAMED && bandwidth > 0;
        long point = weighted ? random.nextLong(bandwidth) : random.nextInt(count);
        int relay = relays.nextSetBit(0);
        for (int next = relay; next >= 0 && point >= 0; next = relays.nextSetBit(next + 1)) {
            relay = next;
            point -= weighted ? selector.dir().bandwidth(next) : 1;
        }
        return relay;
    }

    /** Drops relays whose time is over or that are unfit, and draws others. */
    private void maintain(PathSelector selector, List<Kept> layer, Layer rules) {
        NetDir dir = selector.dir();
        long now = clock.instant().getEpochSecond();
        for (Iterator<Kept> i = layer.iterator(); i.hasNext(); ) {
            Kept kept = i.next();
            int relay = dir.indexOf(kept.id);
            // Without a microdescriptor yet it is passed over for the moment, and stays.
            if (kept.until <= now || relay < 0 || !selector.isFitVanguard(relay)) {
                i.remove();
                tell(dir, kept.id, "BAD_L" + rules.hop);
            }
        }
        while (layer.size() < rules.number) {
            int[] known = new int[layer.size()];
            for (int i = 0; i < known.length; i++) {
                known[i] = dir.indexOf(layer.get(i).id);
            }
            int relay;
            try {
                relay = selector.pickVanguard(known);
            } catch (TorException e) {
                return; // a small network: fewer must do
            }
            Kept kept = new Kept(dir.rsaId(relay), now + Math.max(draw(rules), draw(rules)));
            layer.add(kept);
            tell(dir, kept.id, "GOOD_L" + rules.hop);
        }
    }

    /** The greater of two draws: most are kept long, and nobody can tell when one will go (proposal 333). */
    private long draw(Layer rules) {
        return rules.least + random.nextLong(rules.most - (long) rules.least + 1);
    }

    private void tell(NetDir dir, RsaId id, String status) {
        if (events.hasListeners()) {
            int relay = dir.indexOf(id);
            String name = relay < 0 ? "" : "~" + dir.nickname(relay);
            events.emit(new TorEvent.GuardStatus("$" + id + name, status));
        }
    }

    private static boolean contains(int[] relays, int relay) {
        for (int other : relays) {
            if (other == relay) {
                return true;
            }
        }
        return false;
    }
}
