package dev.cepa.daemon;

import dev.cepa.TorClient;
import dev.cepa.Traffic;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says now and then that all is well ({@code HeartbeatPeriod}). Owned by the main thread. */
final class Heartbeat {
    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);
    private static final long LEAST_SECONDS = 30 * 60;

    private final long startedNanos;
    private long lastNanos;

    /** @param nanos a moment of {@link System#nanoTime}: the start of the program */
    Heartbeat(long nanos) {
        startedNanos = nanos;
        lastNanos = nanos;
    }

    /** How often, in nanoseconds; {@link Long#MAX_VALUE} for never. */
    static long period(Settings settings) {
        long seconds = settings.number("HeartbeatPeriod");
        if (seconds == 0) {
            return Long.MAX_VALUE;
        }
        return TimeUnit.SECONDS.toNanos(
                settings.flag("TestingTorNetwork") ? seconds : Math.max(LEAST_SECONDS, seconds));
    }

    /** How long to wait for the next one; not positive if it is due. */
    long nanosLeft(long period, long now) {
        return period == Long.MAX_VALUE ? period : lastNanos + period - now;
    }

    /** Writes it. */
    void beat(TorClient client, long now) {
        lastNanos = now;
        Traffic traffic = client.traffic();
        LOG.info(
                "Heartbeat: Tor's uptime is {}, with {} circuits open. I've sent {} and received {}.{}",
                uptime(TimeUnit.NANOSECONDS.toSeconds(now - startedNanos)),
                client.poolStatistics().open(),
                bytes(traffic.bytesWritten()),
                bytes(traffic.bytesRead()),
                client.isDormant() ? " We are currently dormant." : "");
    }

    /** {@code 12 kB}, {@code 1.50 MB}, {@code 20.05 GB}. */
    static String bytes(long bytes) {
        if (bytes < 1 << 20) {
            return (bytes >> 10) + " kB";
        }
        boolean mega = bytes < 1 << 30;
        long hundredths = Math.round(bytes * 100.0 / (mega ? 1 << 20 : 1 << 30));
        return hundredths / 100 + (hundredths % 100 < 10 ? ".0" : ".") + hundredths % 100 + (mega ? " MB" : " GB");
    }

    /** {@code 6:05 hours}, {@code 1 day 0:00 hours}, {@code 12 days 3:10 hours}. */
    static String uptime(long seconds) {
        long days = seconds / 86_400;
        long minutes = seconds / 60 % 60;
        String time = seconds / 3600 % 24 + ":" + (minutes < 10 ? "0" : "") + minutes + " hours";
        return days == 0 ? time : days + (days == 1 ? " day " : " days ") + time;
    }
}
