package dev.cepa.benchmark.process;

import dev.cepa.benchmark.MemorySnapshot;
import dev.cepa.error.Deadline;
import dev.cepa.testnet.Ports;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run of a client program, and the only owner of its process. The process ends with {@link #close()}, when this JVM
 * exits (Ctrl-C too), and when it is killed: a shell waits for that, so that the program itself need not be told to watch us
 * and is measured as it is. The folder stays, for a second start with what the first one has learnt.
 *
 * <p>{@code FOLDER/torrc} is what it was given, {@code FOLDER/log} all that it said, {@code FOLDER/data} its DataDirectory.
 * Safe for use by several threads.
 */
public final class ClientProcess implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 5;
    private static final long POLL_MILLIS = 2;
    private static final int LOG_TAIL = 2048;
    private static final byte[] LOOPBACK = {127, 0, 0, 1};

    private final ClientProgram program;
    private final Path folder;
    private final int socksPort;
    private final long startedNanos;
    private final Process process;
    private final Process watcher;
    private final Thread shutdownHook;

    private ClientProcess(ClientProgram program, Path folder, int socksPort, List<String> command) throws IOException {
        this.program = program;
        this.folder = folder;
        this.socksPort = socksPort;
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()));
        this.startedNanos = System.nanoTime();
        this.process = builder.start();
        try {
            this.watcher = new ProcessBuilder("/bin/sh", "-c", "trap '' INT; read -r line; kill \"$1\" 2>/dev/null", "sh",
                    Long.toString(process.pid())).start();
        } catch (IOException e) {
            process.destroyForcibly();
            throw e;
        }
        this.shutdownHook = new Thread(this::end, "client process shutdown");
        Runtime.getRuntime().addShutdownHook(shutdownHook);
    }

    /**
     * Starts a program on a network.
     *
     * @param folder  made if need be, for its owner only
     * @param network torrc lines that say which network
     * @param core    the only CPU it may use (by {@code taskset}), or null for all
     * @throws IOException if it can't be started, or {@code taskset} is missing
     */
    public static ClientProcess start(ClientProgram program, Path folder, List<String> network, @Nullable Integer core)
            throws IOException {
        createPrivateFolder(folder);
        Path data = createPrivateFolder(dataDirectory(folder));
        int port = new Ports(new SecureRandom()).next();
        List<String> torrc = new ArrayList<>(network);
        torrc.add("SocksPort 127.0.0.1:" + port);
        torrc.add("DataDirectory " + data);
        torrc.add("Log notice stdout");
        Path file = folder.resolve("torrc");
        Files.write(file, torrc);
        List<String> command = new ArrayList<>();
        if (core != null) {
            // taskset becomes the program, so the process id is the program's.
            command.addAll(List.of(ClientProgram.named("taskset").command().getFirst(), "-c", core.toString()));
        }
        command.addAll(program.command());
        command.addAll(List.of("--defaults-torrc", "/dev/null", "-f", file.toString()));
        ClientProcess started = new ClientProcess(program, folder, port, command);
        try {
            if (core != null) {
                started.requireConfinement(core);
            }
            return started;
        } catch (IOException e) {
            started.close();
            throw e;
        }
    }

    /** Where a program that is started with that folder keeps its files. */
    public static Path dataDirectory(Path folder) {
        return folder.resolve("data");
    }

    /** The CPU to confine a program to: the last of those that this process may use. */
    public static int spareCore() throws IOException {
        String list = ProcessStatus.allowedCpus(ProcessHandle.current().pid());
        int at = Math.max(list.lastIndexOf(','), list.lastIndexOf('-'));
        return Integer.parseInt(list.substring(at + 1));
    }

    /** Which program it is. */
    public ClientProgram program() {
        return program;
    }

    /** Its process id. */
    public long pid() {
        return process.pid();
    }

    /** Its SOCKS port on 127.0.0.1. */
    public int socksPort() {
        return socksPort;
    }

    /** When its process was created, on {@link System#nanoTime}'s clock. */
    public long startedNanos() {
        return startedNanos;
    }

    /** Whether it runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Its memory now. */
    public MemorySnapshot memory() throws IOException {
        requireAlive();
        return MemorySnapshot.ofProcess(process.pid());
    }

    /** CPU time used since its start, in seconds. */
    public double cpuSeconds() throws IOException {
        requireAlive();
        return ProcessStatus.cpuSeconds(process.pid());
    }

    /**
     * Waits until its SOCKS port accepts connections; bootstrapping is seen by a first request that succeeds.
     *
     * @throws IOException if the time is up, it ends, or it is another process that listens: a wrapper that does not become
     *     the program would be measured in its place
     */
    public void awaitListening(Deadline deadline) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), socksPort);
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(address, 1000);
                break;
            } catch (IOException e) {
                requireAlive();
                if (deadline.passed()) {
                    throw new IOException(program.name() + " does not listen in time; it says:\n" + logTail(), e);
                }
                pause(POLL_MILLIS);
            }
        }
        if (!ProcessStatus.listens(process.pid(), socksPort)) {
            requireAlive();
            throw new IOException(program.name() + " listens in another process than the one that was started and would be "
                    + "measured: a wrapper has to exec it");
        }
    }

    /** Throws, with the end of its log, if it does not run any more. */
    public void requireAlive() throws IOException {
        if (!process.isAlive()) {
            throw new IOException(
                    program.name() + " has ended with status " + process.exitValue() + "; it says:\n" + logTail());
        }
    }

    /** All that it has said so far. */
    String log() throws IOException {
        return Files.readString(folder.resolve("log"), StandardCharsets.ISO_8859_1);
    }

    /** Sends it a signal, by the shell's own kill: the JDK can send SIGTERM and SIGKILL only. */
    void signal(String name) throws IOException, InterruptedException {
        requireAlive();
        Process kill = new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + process.pid())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!kill.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || kill.exitValue() != 0) {
            kill.destroyForcibly();
            throw new IOException("could not send SIG" + name + " to " + program.name());
        }
    }

    /** The last lines of what it said. */
    public String logTail() {
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve("log").toFile(), "r")) {
            long length = file.length();
            byte[] tail = new byte[(int) Math.min(length, LOG_TAIL)];
            file.seek(length - tail.length);
            file.readFully(tail);
            String text = new String(tail, StandardCharsets.UTF_8);
            return length > LOG_TAIL ? text.substring(text.indexOf('\n') + 1) : text;
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    /** Ends it as a user would (SIGTERM), after five seconds forcibly, and returns when it is gone. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException e) {
            // The JVM is exiting, and the hook does the same work at the same time; both may.
        }
        end();
    }

    private void end() {
        watcher.destroyForcibly();
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** It may take a moment until taskset has done its work, and what it was told is not yet what is. */
    private void requireConfinement(int core) throws IOException {
        Deadline deadline = Deadline.in(Duration.ofSeconds(PATIENCE_SECONDS));
        while (!ProcessStatus.allowedCpus(process.pid()).equals(Integer.toString(core))) {
            requireAlive();
            if (deadline.passed()) {
                throw new IOException(program.name() + " could not be confined to CPU " + core);
            }
            pause(POLL_MILLIS);
        }
    }

    private static Path createPrivateFolder(Path path) throws IOException {
        return Files.createDirectories(path,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private static void pause(long millis) throws InterruptedIOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for a client");
        }
    }
}
