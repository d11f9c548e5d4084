package dev.cepa.benchmark;

import java.io.PrintWriter;

/**
 * Shows progress: on a terminal a bar that is drawn over itself, elsewhere a plain line when something new begins and every
 * few seconds. Thread-safe.
 */
final class Console implements Progress {
    private static final int BAR = 24;
    private static final int WIDTH = 100;
    private static final long REDRAW_NANOS = 100_000_000L;
    private static final long LINE_NANOS = 10_000_000_000L;
    private static final long NOTE_NANOS = 2_000_000_000L;

    private final PrintWriter out;
    private final boolean terminal;
    // Guarded by this, as is all that is printed; nothing here waits for anything but the terminal.
    private String title = "";
    private long lastNanos = System.nanoTime() - LINE_NANOS;
    private long lastNoteNanos = lastNanos;
    private boolean drawn;

    Console(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    @Override
    public synchronized void note(String text) {
        if (terminal) {
            draw(text);
        } else if (System.nanoTime() - lastNoteNanos >= NOTE_NANOS) {
            lastNoteNanos = System.nanoTime();
            line(text);
        }
    }

    @Override
    public synchronized void begun(Benchmark benchmark, int index, int count) {
        title = "[" + index + "/" + count + "] " + benchmark.name();
        if (terminal) {
            draw(title);
        } else {
            line(title);
        }
        lastNanos = System.nanoTime();
    }

    @Override
    public synchronized void moved(double fraction, String text) {
        long now = System.nanoTime();
        if (now - lastNanos < (terminal ? REDRAW_NANOS : LINE_NANOS)) {
            return;
        }
        lastNanos = now;
        if (terminal) {
            int full = (int) Math.round(fraction * BAR);
            draw("█".repeat(full) + "░".repeat(BAR - full) + " " + title + ": " + text);
        } else {
            line(title + ": " + Math.round(fraction * 100) + "%, " + text);
        }
    }

    @Override
    public synchronized void ended(Result result) {
        line((result.success() ? "✓ PASS " : "✗ FAIL ") + title + " in " + Words.duration(result.duration())
                + (result.error() == null ? "" : ": " + result.error()));
    }

    /** Takes the bar away. */
    synchronized void clear() {
        if (drawn) {
            out.print("\r\033[K");
            out.flush();
            drawn = false;
        }
    }

    private void draw(String text) {
        out.print("\r\033[K" + (text.length() > WIDTH ? text.substring(0, WIDTH) : text));
        out.flush();
        drawn = true;
    }

    private void line(String text) {
        clear();
        out.println(text);
        out.flush();
    }
}
