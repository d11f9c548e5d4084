package dev.cepa.channel;

/**
 * How silent channels are padded, so that whoever keeps records of network flows sees one long flow and not the moments at
 * which a user did something (padding-spec section 2). The times follow the consensus.
 *
 * @param mode what the user wants
 * @param lowMillis least silence before a padding cell: the parameter {@code nf_ito_low}
 * @param highMillis most silence: {@code nf_ito_high}; both 0 turn padding off
 * @param reducedLowMillis the same for REDUCED: {@code nf_ito_low_reduced}
 * @param reducedHighMillis {@code nf_ito_high_reduced}
 */
public record ChannelPadding(Mode mode, int lowMillis, int highMillis, int reducedLowMillis, int reducedHighMillis) {
    /** 1.5 to 9.5 s, reduced 9 to 14 s. */
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

    /** The same times in another mode. */
    public ChannelPadding in(Mode other) {
        return new ChannelPadding(other, lowMillis, highMillis, reducedLowMillis, reducedHighMillis);
    }

    /** Least silence in this mode. */
    int low() {
        return mode == Mode.REDUCED ? reducedLowMillis : lowMillis;
    }

    /** Most silence in this mode, at least {@link #low}. */
    int high() {
        return Math.max(low(), mode == Mode.REDUCED ? reducedHighMillis : highMillis);
    }

    /** Whether cells are sent at all. */
    boolean pads() {
        return mode != Mode.OFF && high() > 0;
    }
}
