package dev.cepa.testnet;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One {@code tor} process of a {@link TestNetwork}, and the only owner of that process. Its identity, ports and files
 * stay the same over restarts. Safe for use by several threads.
 */
public final class Node {
    private static final int LOG_TAIL = 4096;
    private static final long PATIENCE_MILLIS = 3000;

    private final NodeKind kind;
    private final String nickname;
    private final Path folder;
    private final int orPort;
    private final int dirPort;
    private final int socksPort;
    private final List<String> extraLines;
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock, as the two fields below it are. */
    private @Nullable Process process;
    private @Nullable String fingerprint;
    private @Nullable String ed25519Id;

    Node(NodeKind kind, String nickname, Path folder, int orPort, int dirPort, int socksPort, List<String> extraLines) {
        this.kind = kind;
        this.nickname = nickname;
        this.folder = folder;
        this.orPort = orPort;
        this.dirPort = dirPort;
        this.socksPort = socksPort;
        this.extraLines = List.copyOf(extraLines);
    }

    /** What this node does. */
    public NodeKind kind() {
        return kind;
    }

    /** Its nickname, such as {@code exit0}. */
    public String nickname() {
        return nickname;
    }

    /** Its data directory, with its keys and cached documents. */
    public Path folder() {
        return folder;
    }

    /** The file with everything it has logged, over all its starts. */
    public Path logFile() {
        return folder.resolve("notice.log");
    }

    /** The port for onion-router connections on 127.0.0.1; 0 for a client. */
    public int orPort() {
        return orPort;
    }

    /** The port for plain directory requests on 127.0.0.1; 0 unless this is an authority. */
    public int dirPort() {
        return dirPort;
    }

    /** The SOCKS port on 127.0.0.1; 0 unless this is a client. */
    public int socksPort() {
        return socksPort;
    }

    /**
     * Its RSA identity fingerprint, 40 upper-case hex digits.
     *
     * @throws IllegalStateException if it has none: it never started, or it is a client
     */
    public String fingerprint() {
        lock.lock();
        try {
            String known = fingerprint;
            if (known == null) {
                known = identity("fingerprint");
                fingerprint = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Its Ed25519 identity, 43 characters of base64 without padding.
     *
     * @throws IllegalStateException if it has none: it never started, or it is a client
     */
    public String ed25519Id() {
        lock.lock();
        try {
            String known = ed25519Id;
            if (known == null) {
                known = identity("fingerprint-ed25519");
                ed25519Id = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    /** The process id of its last start, or -1 if it never started. */
    public long pid() {
        lock.lock();
        try {
            return process == null ? -1 : process.pid();
        } finally {
            lock.unlock();
        }
    }

    /** Whether its process exists; a suspended one does. */
    public boolean isAlive() {
        lock.lock();
        try {
            return process != null && process.isAlive();
        } finally {
            lock.unlock();
        }
    }

    /** Ends it as an operator would (SIGTERM), forcibly after three seconds, and returns when it is gone. */
    public void stop() throws IOException {
        requestStop();
        awaitStop(System.nanoTime() + PATIENCE_MILLIS * 1_000_000);
    }

    /** Ends it at once (SIGKILL), as a crash would, and returns when it is gone. */
    public void kill() throws IOException {
        Process current = current();
        if (current != null) {
            current.destroyForcibly();
            waitFor(current, PATIENCE_MILLIS);
        }
    }

    /** Freezes it (SIGSTOP): its connections stay open and nothing is answered. */
    public void suspend() throws IOException {
        signal("STOP");
    }

    /** Ends {@link #suspend()} (SIGCONT). */
    public void resume() throws IOException {
        signal("CONT");
    }

    /** Stops it if it runs, and starts it again with the same keys and ports. */
    public void restart() throws IOException {
        stop();
        start(Programs.require("tor"));
        // Listening is what makes a relay a relay again; a client has to bootstrap, which is for its user to await.
        if (orPort != 0) {
            long end = System.nanoTime() + 30_000_000_000L;
            while (Ports.isFree(orPort)) {
                if (!isAlive() || System.nanoTime() > end) {
                    throw new IOException(nickname + " did not come up again; it says:\n" + logTail());
                }
                pause(50);
            }
        }
    }

    /** The last lines of its log. */
    public String logTail() {
        try (RandomAccessFile file = new RandomAccessFile(logFile().toFile(), "r")) {
            long length = file.length();
            byte[] tail = new byte[(int) Math.min(length, LOG_TAIL)];
            file.seek(length - tail.length);
            file.readFully(tail);
            return new String(tail, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    @Override
    public String toString() {
        return nickname + " (" + kind + ", port " + (orPort != 0 ? orPort : socksPort) + ")";
    }

    List<String> extraLines() {
        return extraLines;
    }

    Path torrcFile() {
        return folder.resolve("torrc");
    }

    void start(Path tor) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(tor.toString(), "--defaults-torrc", "/dev/null",
                "-f", torrcFile().toString(), "--hush");
        builder.directory(folder.toFile());
        builder.redirectErrorStream(true);
        builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()));
        lock.lock();
        try {
            if (process != null && process.isAlive()) {
                throw new IllegalStateException(nickname + " is running already");
            }
            process = builder.start();
        } finally {
            lock.unlock();
        }
    }

    /** Has it read its torrc again (SIGHUP). */
    void reload() throws IOException {
        signal("HUP");
    }

    /** Whether the log contains the text. */
    boolean hasLogged(String text) throws IOException {
        try {
            return Files.readString(logFile(), StandardCharsets.ISO_8859_1).contains(text);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Sends SIGTERM and does not wait. A suspended process is woken up, so that it can obey. */
    void requestStop() {
        Process current = current();
        if (current != null && current.isAlive()) {
            current.destroy();
            try {
                signal("CONT");
            } catch (IOException e) {
                current.destroyForcibly();
            }
        }
    }

    /** Waits until it is gone, with SIGKILL at {@code nanoTime}. */
    void awaitStop(long nanoTime) throws IOException {
        Process current = current();
        if (current == null) {
            return;
        }
        waitFor(current, Math.max(1, (nanoTime - System.nanoTime()) / 1_000_000));
        if (current.isAlive()) {
            current.destroyForcibly();
            waitFor(current, PATIENCE_MILLIS);
        }
    }

    private @Nullable Process current() {
        lock.lock();
        try {
            return process;
        } finally {
            lock.unlock();
        }
    }

    private String identity(String file) {
        try {
            // "nickname identity", as tor writes it.
            String line = Files.readString(folder.resolve(file), StandardCharsets.US_ASCII).strip();
            return line.substring(line.indexOf(' ') + 1);
        } catch (IOException e) {
            throw new IllegalStateException(nickname + " has no identity: " + e.getMessage(), e);
        }
    }

    /** The JDK can send SIGTERM and SIGKILL only; every other signal goes by way of the shell's own kill. */
    private void signal(String name) throws IOException {
        Process current = current();
        if (current == null || !current.isAlive()) {
            throw new IOException(nickname + " is not running");
        }
        Process kill = new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + current.pid())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        waitFor(kill, PATIENCE_MILLIS);
        if (kill.isAlive() || kill.exitValue() != 0) {
            throw new IOException("could not send SIG" + name + " to " + nickname);
        }
    }

    private static void waitFor(Process process, long millis) throws IOException {
        try {
            process.waitFor(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            throw interrupted(e);
        }
    }

    static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(e);
        }
    }

    private static InterruptedIOException interrupted(InterruptedException cause) {
        InterruptedIOException e = new InterruptedIOException("interrupted while waiting for a relay");
        e.initCause(cause);
        return e;
    }
}
