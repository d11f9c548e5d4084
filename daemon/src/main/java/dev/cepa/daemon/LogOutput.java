package dev.cepa.daemon;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.TimeZone;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Writes log lines as Tor does, {@code Nov 24 03:41:17.749 [notice] text}, each at once and whole, to where the Log lines
 * say. Until those are known, notices go to standard output. Thread-safe; owns the files it opens.
 */
final class LogOutput {
    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

    private record Sink(LogTarget target, OutputStream out) {}

    private final InstantSource clock;
    private final TimeZone zone;
    private final OutputStream stdout;
    private final OutputStream stderr;
    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by lock:
    private List<Sink> sinks;
    private long granularityMillis = 1;
    private boolean forcedDebug;

    /** What any sink takes; read without the lock to leave out what nobody wants. */
    private volatile int wanted;

    LogOutput() {
        this(
                InstantSource.system(),
                TimeZone.getDefault(),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err));
    }

    LogOutput(InstantSource clock, TimeZone zone, OutputStream stdout, OutputStream stderr) {
        this.clock = clock;
        this.zone = zone;
        this.stdout = stdout;
        this.stderr = stderr;
        this.sinks = List.of(new Sink(LogTarget.DEFAULT, stdout));
        this.wanted = LogTarget.DEFAULT.mask();
    }

    boolean wants(Severity severity) {
        return (wanted & severity.bit()) != 0;
    }

    /**
     * Writes to these places from now on; files are opened anew, so that they may have been moved away.
     *
     * @param truncate whether to empty files that were not written to before
     * @throws TorException of kind CONFIG if a file can't be opened; then nothing has changed
     */
    void configure(List<LogTarget> targets, long granularity, boolean truncate) throws TorException {
        lock.lock();
        try {
            List<Sink> opened = new ArrayList<>();
            for (LogTarget target : targets) {
                opened.add(new Sink(target, open(target, truncate && !writesTo(target.file()))));
            }
            for (Sink sink : sinks) {
                close(sink);
            }
            sinks = opened;
            granularityMillis = Math.max(1, granularity);
            forcedDebug = false;
            countWanted();
        } finally {
            lock.unlock();
        }
    }

    /** Writes everything, down to debug, wherever notices go, until configured anew. */
    void showDebug() {
        lock.lock();
        try {
            forcedDebug = true;
            countWanted();
        } finally {
            lock.unlock();
        }
    }

    private void countWanted() {
        int mask = 0;
        for (Sink sink : sinks) {
            mask |= mask(sink);
        }
        wanted = mask;
    }

    private int mask(Sink sink) {
        int mask = sink.target().mask();
        return forcedDebug && (mask & Severity.NOTICE.bit()) != 0 ? mask | Severity.range(Severity.DEBUG, Severity.ERR) : mask;
    }

    private boolean writesTo(@Nullable String file) {
        for (Sink sink : sinks) {
            if (file != null && file.equals(sink.target().file())) {
                return true;
            }
        }
        return false;
    }

    private OutputStream open(LogTarget target, boolean truncate) throws TorException {
        String file = target.file();
        if (file == null) {
            return target.kind() == LogTarget.Kind.STDERR ? stderr : stdout;
        }
        try {
            return new FileOutputStream(file, !truncate);
        } catch (IOException e) {
            throw new TorException(ErrorKind.CONFIG, "Couldn't open file for 'Log': " + e.getMessage(), e);
        }
    }

    private static void close(Sink sink) {
        if (sink.target().file() != null) {
            try {
                sink.out().close();
            } catch (IOException e) {
                // Nothing is buffered, so nothing is lost; and where would one say so?
            }
        }
    }

    /** Writes one message; line feeds in it begin continuation lines. */
    void write(Severity severity, String message, @Nullable Throwable cause) {
        if (!wants(severity)) {
            return;
        }
        lock.lock();
        try {
            byte[] line = line(severity, message, cause).getBytes(StandardCharsets.UTF_8);
            for (Sink sink : sinks) {
                if ((mask(sink) & severity.bit()) != 0) {
                    try {
                        sink.out().write(line);
                    } catch (IOException e) {
                        // A full disk or a closed pipe must not stop the program.
                    }
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private String line(Severity severity, String message, @Nullable Throwable cause) {
        StringBuilder out = new StringBuilder(40 + message.length());
        long now = clock.millis();
        appendTime(out, now - Math.floorMod(now, granularityMillis));
        out.append(" [").append(severity.text()).append("] ");
        appendPrintable(out, message);
        if (cause != null) {
            appendPrintable(out.append(": "), cause.toString());
            if ((wanted & Severity.DEBUG.bit()) != 0) {
                for (StackTraceElement element : cause.getStackTrace()) {
                    out.append("\n    at ").append(element);
                }
            }
        }
        return out.append('\n').toString();
    }

    /** Control characters can't forge lines or drive a terminal. */
    private static void appendPrintable(StringBuilder out, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                out.append("\n    ");
            } else {
                out.append(c < ' ' && c != '\t' || c == 127 ? '?' : c);
            }
        }
    }

    /** {@code Nov 24 03:41:17.749}, local time. */
    private void appendTime(StringBuilder out, long millis) {
        long local = millis + zone.getOffset(millis);
        long day = Math.floorDiv(local, 86_400_000L);
        int inDay = (int) Math.floorMod(local, 86_400_000L);
        // Civil date from days since 1970: count from the 1st of March of the year 0, in eras of 400 years.
        long shifted = day + 719_468;
        int dayOfEra = (int) Math.floorMod(shifted, 146_097L);
        int yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        int marchMonth = (5 * dayOfYear + 2) / 153;
        int month = (marchMonth + 2) % 12;
        out.append(MONTHS, 3 * month, 3 * month + 3).append(' ');
        append2(out, dayOfYear - (153 * marchMonth + 2) / 5 + 1);
        append2(out.append(' '), inDay / 3_600_000);
        append2(out.append(':'), inDay / 60_000 % 60);
        append2(out.append(':'), inDay / 1000 % 60);
        out.append('.').append((char) ('0' + inDay % 1000 / 100));
        append2(out, inDay % 100);
    }

    private static void append2(StringBuilder out, int value) {
        out.append((char) ('0' + value / 10)).append((char) ('0' + value % 10));
    }
}
