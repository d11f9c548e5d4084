package dev.cepa.daemon;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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

    /** @param out null if it is the system's log */
    private record Sink(LogTarget target, @Nullable OutputStream out, @Nullable Syslog syslog) {
        boolean takes(Severity severity, int domain, boolean forcedDebug) {
            return target.takes(severity, domain) || forcedDebug && (target.mask() & Severity.NOTICE.bit()) != 0;
        }
    }

    /** Who is shown the log while it is written. */
    interface Tail {
        /** Called with the log's lock held, line by line: it must be quick, and must not log. */
        void line(long millis, Severity severity, String text);
    }

    /** @param mask what it is shown, whatever the Log lines say */
    private record Shown(Tail tail, int mask) {}

    private final InstantSource clock;
    private final TimeZone zone;
    private final OutputStream stdout;
    private final OutputStream stderr;
    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by lock:
    private List<Sink> sinks;
    private LogStyle style = LogStyle.DEFAULT;
    private boolean forcedDebug;
    private List<Shown> tails = List.of();

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
        this.sinks = List.of(new Sink(LogTarget.DEFAULT, stdout, null));
        this.wanted = LogTarget.DEFAULT.mask();
    }

    boolean wants(Severity severity) {
        return (wanted & severity.bit()) != 0;
    }

    /**
     * Writes to these places from now on; files are opened anew, so that they may have been moved away.
     *
     * @throws TorException of kind CONFIG if a file can't be opened; then nothing has changed, and no file is emptied
     */
    void configure(List<LogTarget> targets, LogStyle next) throws TorException {
        boolean noSyslog = false;
        lock.lock();
        try {
            List<Sink> opened = open(targets);
            for (Sink sink : sinks) {
                close(sink);
            }
            if (next.truncate()) {
                opened.forEach(LogOutput::truncate);
            }
            for (int i = 0; i < opened.size(); i++) {
                if (opened.get(i).out == null) {
                    Syslog system = Syslog.open(next.syslogTag());
                    noSyslog |= system == null;
                    opened.set(i, new Sink(targets.get(i), system == null ? stdout : null, system));
                }
            }
            sinks = opened;
            style = next;
            forcedDebug = false;
            countWanted();
        } finally {
            lock.unlock();
        }
        if (noSyslog) {
            write(Severity.WARN, "There is no syslog here; logging to standard output, which a service manager takes from there.",
                    null);
        }
    }

    /** The same in the plain style, as tools log. */
    void configure(List<LogTarget> targets) throws TorException {
        configure(targets, LogStyle.DEFAULT);
    }

    private List<Sink> open(List<LogTarget> targets) throws TorException {
        List<Sink> opened = new ArrayList<>();
        try {
            for (LogTarget target : targets) {
                opened.add(new Sink(target, open(target), null));
            }
            return opened;
        } catch (TorException e) {
            opened.forEach(LogOutput::close);
            throw e;
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

    /**
     * Shows lines to somebody too.
     *
     * @param mask of which severities from now on; 0 for none
     */
    void show(Tail tail, int mask) {
        lock.lock();
        try {
            List<Shown> next = new ArrayList<>(tails);
            next.removeIf(shown -> shown.tail == tail);
            if (mask != 0) {
                next.add(new Shown(tail, mask));
            }
            tails = next;
            countWanted();
        } finally {
            lock.unlock();
        }
    }

    private void countWanted() {
        int mask = 0;
        for (Sink sink : sinks) {
            mask |= sink.target().mask();
        }
        boolean all = forcedDebug && (mask & Severity.NOTICE.bit()) != 0;
        mask = all ? Severity.range(Severity.DEBUG, Severity.ERR) : mask;
        for (Shown shown : tails) {
            mask |= shown.mask;
        }
        wanted = mask;
    }

    private @Nullable OutputStream open(LogTarget target) throws TorException {
        String file = target.file();
        if (file == null) {
            return target.kind() == LogTarget.Kind.SYSLOG ? null : target.kind() == LogTarget.Kind.STDERR ? stderr : stdout;
        }
        try {
            createForOwnerAndGroup(Path.of(file));
            return new FileOutputStream(file, true);
        } catch (IOException e) {
            String reason = Reasons.of(e);
            throw new TorException(
                    ErrorKind.CONFIG,
                    "Couldn't open file for 'Log': " + (reason.contains(file) ? reason : file + ": " + reason),
                    e);
        }
    }

    /** As Tor does it: 0640. */
    private static void createForOwnerAndGroup(Path file) throws IOException {
        if (Files.exists(file) || !file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----")));
        } catch (FileAlreadyExistsException e) {
            // a dangling link, or somebody was faster: opening it will tell
        }
    }

    private static void truncate(Sink sink) {
        if (sink.target().file() != null && sink.out() instanceof FileOutputStream file) {
            try {
                file.getChannel().truncate(0);
            } catch (IOException e) {
                // A pipe or a device has nothing to empty.
            }
        }
    }

    private static void close(Sink sink) {
        OutputStream out = sink.out();
        if (sink.target().file() != null && out != null) {
            try {
                out.close();
            } catch (IOException e) {
                // Nothing is buffered, so nothing is lost; and where would one say so?
            }
        }
    }

    /** Writes one message of no domain of its own. */
    void write(Severity severity, String message, @Nullable Throwable cause) {
        write(severity, LogDomains.GENERAL, message, cause);
    }

    /** Writes one message; line feeds in it begin continuation lines. */
    void write(Severity severity, int domain, String message, @Nullable Throwable cause) {
        if (!wants(severity)) {
            return;
        }
        lock.lock();
        try {
            byte[] line = null;
            for (Sink sink : sinks) {
                if (!sink.takes(severity, domain, forcedDebug)) {
                    continue;
                }
                Syslog syslog = sink.syslog();
                OutputStream out = sink.out();
                if (syslog != null) {
                    syslog.write(severity, body(new StringBuilder(), domain, message, cause).toString());
                } else if (out != null) {
                    line = line == null ? line(severity, domain, message, cause).getBytes(StandardCharsets.UTF_8) : line;
                    write(out, line);
                }
            }
            for (Shown shown : tails) {
                if ((shown.mask & severity.bit()) != 0) {
                    shown.tail.line(now(), severity, body(new StringBuilder(), domain, message, cause).toString());
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private static void write(OutputStream out, byte[] line) {
        try {
            out.write(line);
        } catch (IOException e) {
            // A full disk or a closed pipe must not stop the program.
        }
    }

    /** As exact as lines say the time. */
    private long now() {
        long now = clock.millis();
        return now - Math.floorMod(now, style.granularityMillis());
    }

    private String line(Severity severity, int domain, String message, @Nullable Throwable cause) {
        long rounded = now();
        StringBuilder out = new StringBuilder(40 + message.length());
        if (style.json()) {
            JsonLine.append(out, rounded, severity, domain, message, cause);
            return out.append('\n').toString();
        }
        appendTime(out, rounded);
        out.append(" [").append(severity.text()).append("] ");
        return body(out, domain, message, cause).append('\n').toString();
    }

    private StringBuilder body(StringBuilder out, int domain, String message, @Nullable Throwable cause) {
        if (style.domains()) {
            out.append('{').append(LogDomains.name(domain)).append("} ");
        }
        appendPrintable(out, message);
        if (cause != null) {
            appendPrintable(out.append(": "), cause.toString());
            if ((wanted & Severity.DEBUG.bit()) != 0) {
                for (StackTraceElement element : cause.getStackTrace()) {
                    out.append("\n    at ").append(element);
                }
            }
        }
        return out;
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
