package dev.cepa.path;

import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.netdoc.ConsensusInfo;

/**
 * How the circuits through one guard fare: a guard that lets only those circuits live whose other end is in league with it
 * shows by the many others that fail (path-spec section 7). Counts as C tor does and warns at its thresholds; a guard is
 * given up for it only if the user wants that. Owned by its {@link Guard}, under the lock of {@link GuardManager}.
 *
 * <p>C tor probes a circuit on which no stream came to be connected before it counts it as unusable; here such a circuit
 * counts at once, so that an exit that is silent weighs a little more. Circuits to relays that others choose, and the legs of
 * sets, which their exits can break as they like, are {@linkplain GuardAttempt#stopCounting not counted}, as in C tor: else
 * others could have us give up a guard.
 */
final class PathBias {
    /** The fields of the state file, each with {@code pb_} before it, in C tor's order. */
    static final String[] FIELDS = {
        "pb_use_attempts", "pb_use_successes", "pb_circ_attempts", "pb_circ_successes", "pb_successful_circuits_closed",
        "pb_collapsed_circuits", "pb_unusable_circuits", "pb_timeouts"
    };

    private static final int USE_ATTEMPTS = 0;
    private static final int USE_SUCCESSES = 1;
    private static final int ATTEMPTS = 2;
    private static final int SUCCESSES = 3;
    private static final int CLOSED = 4;
    private static final int COLLAPSED = 5;
    private static final int UNUSABLE = 6;
    private static final int TIMEOUTS = 7;
    private static final double MOST = 1e9;
    private static final double LEAST_WRITTEN = 1e-6;

    /** How far one circuit is; in this order. */
    enum Stage {
        NEW,
        /** Its second hop has been asked for: from here on the guard could choose. */
        BUILDING,
        BUILT,
        /** A stream was tried on it. */
        USED,
        /** An exit has answered one. */
        USEFUL,
        /** Counted to its end. */
        OVER
    }

    /** Thresholds; a share of 0 turns a warning off. */
    record Params(
            int minCircuits, double notice, double warn, double extreme, boolean dropGuards, int scaleAt, int minUses,
            double useNotice, double useExtreme, int useScaleAt, double scale) {
        /** What the user has not said is as the consensus has it. */
        static Params of(ConsensusInfo c, PathBiasSettings own) {
            Params common = of(c);
            return new Params(
                    own.minCircuits() >= 5 ? own.minCircuits() : common.minCircuits,
                    own.notice() >= 0 ? own.notice() : common.notice,
                    own.warn() >= 0 ? own.warn() : common.warn,
                    own.extreme() >= 0 ? own.extreme() : common.extreme,
                    own.dropGuards() >= 0 ? own.dropGuards() > 0 : common.dropGuards,
                    own.scaleAt() >= 10 ? own.scaleAt() : common.scaleAt,
                    own.minUses() >= 3 ? own.minUses() : common.minUses,
                    own.useNotice() >= 0 ? own.useNotice() : common.useNotice,
                    own.useExtreme() >= 0 ? own.useExtreme() : common.useExtreme,
                    own.useScaleAt() >= 10 ? own.useScaleAt() : common.useScaleAt,
                    common.scale);
        }

        static Params of(ConsensusInfo c) {
            int divisor = c.param("pb_scalefactor", 2, 2, Integer.MAX_VALUE);
            return new Params(
                    c.param("pb_mincircs", 150, 5, Integer.MAX_VALUE),
                    c.param("pb_noticepct", 70, 0, 100) / 100.0,
                    c.param("pb_warnpct", 50, 0, 100) / 100.0,
                    c.param("pb_extremepct", 30, 0, 100) / 100.0,
                    c.param("pb_dropguards", 0, 0, 1) == 1,
                    c.param("pb_scalecircs", 300, 10, Integer.MAX_VALUE),
                    c.param("pb_minuse", 20, 3, Integer.MAX_VALUE),
                    c.param("pb_noticeusepct", 80, 0, 100) / 100.0,
                    c.param("pb_extremeusepct", 60, 0, 100) / 100.0,
                    c.param("pb_scaleuse", 100, 10, Integer.MAX_VALUE),
                    (double) c.param("pb_multfactor", 1, 1, divisor) / divisor);
        }
    }

    private final double[] counts = new double[FIELDS.length];
    /** Open circuits by their stage; they are given the benefit of the doubt. */
    private final int[] open = new int[Stage.values().length];

    private boolean noticed;
    private boolean warned;
    private boolean extreme;
    private boolean useNoticed;
    private boolean useExtreme;
    /** Not used any more, until the program is started again. */
    private boolean dropped;

    /** Whether so many of its circuits fail that it is not to be used. */
    boolean isDropped() {
        return dropped;
    }

    /** Takes over a value of the state file; what is no number is left out. */
    void parse(int field, String text) {
        try {
            double value = Double.parseDouble(text);
            if (value >= 0 && value <= MOST) {
                counts[field] = value;
            }
        } catch (NumberFormatException e) {
            // As if it had not been there.
        }
    }

    /** Adds the fields of the state file; circuits that are open count as good there. */
    void format(StringBuilder out) {
        for (int i = 0; i < FIELDS.length; i++) {
            double value = i == USE_SUCCESSES ? useSuccesses() : i == CLOSED ? closeSuccesses() : counts[i];
            if (value >= LEAST_WRITTEN) {
                long millionths = Math.round(value * 1_000_000);
                String fraction = Long.toString(1_000_000 + millionths % 1_000_000);
                out.append(' ').append(FIELDS[i]).append('=').append(millionths / 1_000_000).append('.')
                        .append(fraction, 1, fraction.length());
            }
        }
    }

    double closeSuccesses() {
        return counts[CLOSED] + open[Stage.BUILT.ordinal()] + open[Stage.USED.ordinal()] + open[Stage.USEFUL.ordinal()];
    }

    double useSuccesses() {
        return counts[USE_SUCCESSES] + open[Stage.USED.ordinal()] + open[Stage.USEFUL.ordinal()];
    }

    /** A circuit goes on to its second hop. */
    Stage begun(String guard, Params params, TorEvents events) {
        if (counts[ATTEMPTS] > params.minCircuits) {
            judgeCircuits(guard, closeSuccesses() / counts[ATTEMPTS], params, events);
        }
        if (counts[ATTEMPTS] > params.scaleAt) {
            int built = open[Stage.BUILT.ordinal()] + open[Stage.USED.ordinal()] + open[Stage.USEFUL.ordinal()];
            int all = built + open[Stage.BUILDING.ordinal()];
            counts[ATTEMPTS] = (counts[ATTEMPTS] - all) * params.scale + all;
            counts[SUCCESSES] = (counts[SUCCESSES] - built) * params.scale + built;
            for (int field : new int[] {CLOSED, COLLAPSED, UNUSABLE, TIMEOUTS}) {
                counts[field] *= params.scale;
            }
        }
        counts[ATTEMPTS]++;
        open[Stage.BUILDING.ordinal()]++;
        return Stage.BUILDING;
    }

    private void judgeCircuits(String guard, double rate, Params params, TorEvents events) {
        if (rate < params.extreme) {
            if (params.dropGuards) {
                drop(guard, "is failing an extremely large amount of circuits.", events);
            } else if (!extreme) {
                extreme = true;
                warn(events, guard, "is failing an extremely large amount of circuits. This could indicate a route"
                        + " manipulation attack, extreme network overload, or a mistake in Cepa.");
            }
        } else if (rate < params.warn) {
            if (!warned) {
                warned = true;
                warn(events, guard, "is failing a very large amount of circuits. Most likely this means the Tor network is"
                        + " overloaded, but it could also mean an attack against you or potentially the guard itself.");
            }
        } else if (rate < params.notice && !noticed) {
            noticed = true;
            warn(events, guard, "is failing more circuits than usual. Most likely this means the Tor network is overloaded.");
        }
    }

    /** All hops have answered. */
    Stage built(Stage stage) {
        if (stage != Stage.BUILDING) {
            return stage;
        }
        counts[SUCCESSES]++;
        return move(stage, Stage.BUILT);
    }

    /** A stream is tried on a circuit. */
    Stage used(Stage stage, String guard, Params params, TorEvents events) {
        if (stage != Stage.BUILT) {
            return stage;
        }
        if (counts[USE_ATTEMPTS] > params.minUses) {
            double rate = useSuccesses() / counts[USE_ATTEMPTS];
            if (rate < params.useExtreme) {
                if (params.dropGuards) {
                    drop(guard, "is failing to carry an extremely large amount of streams on its circuits.", events);
                } else if (!useExtreme) {
                    useExtreme = true;
                    warn(events, guard, "is failing to carry an extremely large amount of streams on its circuits. This could"
                            + " indicate a route manipulation attack, network overload, bad local network connectivity, or a"
                            + " mistake in Cepa.");
                }
            } else if (rate < params.useNotice && !useNoticed) {
                useNoticed = true;
                warn(events, guard, "is failing to carry more streams on its circuits than usual. Most likely this means the"
                        + " Tor network is overloaded or your network connection is poor.");
            }
        }
        if (counts[USE_ATTEMPTS] > params.useScaleAt) {
            int inUse = open[Stage.USED.ordinal()] + open[Stage.USEFUL.ordinal()];
            counts[USE_ATTEMPTS] = (counts[USE_ATTEMPTS] - inUse) * params.scale + inUse;
            counts[USE_SUCCESSES] *= params.scale;
        }
        counts[USE_ATTEMPTS]++;
        return move(stage, Stage.USED);
    }

    /** An exit has answered a stream, whatever it said. */
    Stage answered(Stage stage) {
        return stage == Stage.USED ? move(stage, Stage.USEFUL) : stage;
    }

    /**
     * A circuit has ended.
     *
     * @param timedOut whether it was given up because building took too long
     * @param remote whether somebody else ended it
     */
    Stage ended(Stage stage, boolean timedOut, boolean remote) {
        if (stage == Stage.NEW || stage == Stage.OVER) {
            return stage;
        }
        open[stage.ordinal()]--;
        if (timedOut) {
            counts[TIMEOUTS]++;
        }
        switch (stage) {
            case BUILT -> counts[remote ? COLLAPSED : CLOSED]++;
            case USED -> counts[UNUSABLE]++;
            case USEFUL -> {
                counts[CLOSED]++;
                counts[USE_SUCCESSES]++;
            }
            default -> {}
        }
        return Stage.OVER;
    }

    private Stage move(Stage from, Stage to) {
        open[from.ordinal()]--;
        open[to.ordinal()]++;
        return to;
    }

    private void drop(String guard, String what, TorEvents events) {
        if (!dropped) {
            dropped = true;
            warn(events, guard, what + " To avoid potential route manipulation attacks, Cepa has disabled use of this guard.");
        }
    }

    private void warn(TorEvents events, String guard, String what) {
        events.emit(new TorEvent.Warning(
                "Guard " + guard + " " + what + " Success counts are " + whole(closeSuccesses()) + "/"
                        + whole(counts[ATTEMPTS]) + ". Use counts are " + whole(useSuccesses()) + "/"
                        + whole(counts[USE_ATTEMPTS]) + ". " + whole(counts[SUCCESSES]) + " circuits completed, "
                        + whole(counts[UNUSABLE]) + " were unusable, " + whole(counts[COLLAPSED]) + " collapsed, and "
                        + whole(counts[TIMEOUTS]) + " timed out.",
                null));
    }

    private static long whole(double count) {
        return Math.round(count);
    }
}
