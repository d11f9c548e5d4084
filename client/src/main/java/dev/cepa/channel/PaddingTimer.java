package dev.cepa.channel;

import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When a channel must send its next padding cell: after a silence of random length, counted anew from each cell in either
 * direction. The length is the greater of two uniform choices, which hides best when both ends pad (padding-spec section
 * 2.3). A state machine without a clock: its owner, the channel's writer, tells it the time. What the user wanted when the
 * channel was opened holds for as long as it lives, because the relay was told then.
 */
final class PaddingTimer {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Supplier<ChannelPadding> settings;
    private final RandomGenerator random;
    private final ChannelPadding.Mode mode;
    private final boolean forced;
    private @Nullable ChannelPadding chosenFor;
    private long silentSince;
    private long due;

    /** @param settings asked each time, so that what a new consensus says takes effect on open channels */
    PaddingTimer(Supplier<ChannelPadding> settings, RandomGenerator random) {
        this.settings = settings;
        this.random = random;
        mode = settings.get().mode();
        forced = settings.get().forced();
    }

    /** What the user wanted when the channel was opened. */
    ChannelPadding.Mode mode() {
        return mode;
    }

    /** Whether a link is padded even if its protocol knows of no padding by both ends. */
    boolean isForced() {
        return forced;
    }

    /** Whether a channel is padded before it has carried anything for a user. */
    boolean isBeforeUsage() {
        return settings.get().beforeUsage();
    }

    /**
     * How long to wait.
     *
     * @param now the time, as of {@link System#nanoTime}
     * @param lastTransfer when a cell was last sent or received
     * @return for how many nanoseconds nothing is due, 0 or less if a padding cell is due now; {@link Long#MAX_VALUE} if
     *     none is wanted
     */
    long nanosLeft(long now, long lastTransfer) {
        ChannelPadding padding = settings.get();
        if (!padding.pads(mode)) {
            chosenFor = null;
            return Long.MAX_VALUE;
        }
        // The choice is made only when the least silence is over: transfers are frequent, random numbers are not free.
        long least = NANOS_PER_MILLI * padding.low(mode);
        long silence = now - lastTransfer;
        if (silence < least) {
            return least - silence;
        }
        if (!padding.equals(chosenFor) || lastTransfer != silentSince) {
            chosenFor = padding;
            silentSince = lastTransfer;
            due = lastTransfer + least + NANOS_PER_MILLI * more(padding.high(mode) - padding.low(mode));
        }
        return due - now;
    }

    private int more(int range) {
        return range == 0 ? 0 : Math.max(random.nextInt(range), random.nextInt(range));
    }
}
