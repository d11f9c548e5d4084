package dev.cepa.channel;

/**
 * How silent channels are padded, so that whoever keeps records of network flows sees one long flow and not the moments at
 * which a user did something (padding-spec section 2). What the user wants holds for channels opened from now on, what the
 * consensus says for open ones too.
 *
 * @param mode what the user wants
 * @param forced whether we pad relays too that don't pad by themselves, because they speak link protocol 4
 * @param shortIdle whether channels without circuits are kept half as long: each of them would be padded
 * @param beforeUsage whether a channel is padded as soon as it has a circuit of more than one hop, or only once that has
 *     carried something for a user: the parameter {@code nf_pad_before_usage}
 * @param lowMillis least silence before a padding cell: the parameter {@code nf_ito_low}
 * @param highMillis most silence: {@code nf_ito_high}; both 0 turn padding off
 * @param reducedLowMillis the same for REDUCED: {@code nf_ito_low_reduced}
 * @param reducedHighMillis {@code nf_ito_high_reduced}
 */
public record ChannelPadding(
        Mode mode,
        boolean forced,
        boolean shortIdle,
        boolean beforeUsage,
        int lowMillis,
        int highMillis,
        int reducedLowMillis,
        int reducedHighMillis) {
    /** Not forced, before usage, 1.5 to 9.5 s, reduced 9 to 14 s. */
    public static final ChannelPadding DEFAULT = new ChannelPadding(Mode.NORMAL, 1500, 9500, 9000, 14_000);

    /** The longest time that a consensus may ask for. */
    public static final int MAX_MILLIS = 60_000;

    /** What the user wants. */
    public enum Mode {
        /** Both ends pad, where the relay speaks link protocol 5. */
        NORMAL,
        /** The relay is asked not to, and we do more rarely: for those who pay for their data. */
        REDUCED,
        /** The relay is asked not to, and we don't. */
        OFF
    }

    public ChannelPadding {
        if (lowMillis < 0 || highMillis > MAX_MILLIS || reducedLowMillis < 0 || reducedHighMillis > MAX_MILLIS) {
            throw new IllegalArgumentException("padding times are from 0 to " + MAX_MILLIS + " ms");
        }
    }

    /** These times, and the defaults for the rest. */
    public ChannelPadding(Mode mode, int lowMillis, int highMillis, int reducedLowMillis, int reducedHighMillis) {
        this(mode, false, false, true, lowMillis, highMillis, reducedLowMillis, reducedHighMillis);
    }

    /** What the consensus says, as a user wants it. */
    public ChannelPadding in(Mode other, boolean force, boolean halveIdle) {
        return new ChannelPadding(
                other, force, halveIdle, beforeUsage, lowMillis, highMillis, reducedLowMillis, reducedHighMillis);
    }

    /** The same in another mode. */
    public ChannelPadding in(Mode other) {
        return in(other, forced, shortIdle);
    }

    /** Least silence in that mode. */
    int low(Mode in) {
        return in == Mode.REDUCED ? reducedLowMillis : lowMillis;
    }

    /** Most silence in that mode, at least {@link #low}. */
    int high(Mode in) {
        return Math.max(low(in), in == Mode.REDUCED ? reducedHighMillis : highMillis);
    }

    /** Whether cells are sent at all in that mode. */
    boolean pads(Mode in) {
        return in != Mode.OFF && high(in) > 0;
    }
}
