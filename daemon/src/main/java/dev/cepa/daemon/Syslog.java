package dev.cepa.daemon;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The system's log, by the C library's {@code syslog}: Java has no datagrams over unix sockets. Loaded only if a Log line
 * asks for it. The name it writes under belongs to the whole process. Used by one thread at a time.
 */
final class Syslog {
    private static final int LOG_PID = 1;
    private static final int LOG_NDELAY = 8;
    private static final int LOG_DAEMON = 3 << 3;
    private static final int LOG_ERR = 3;

    private final MethodHandle write;
    private final MemorySegment format;

    private Syslog(MethodHandle write, MemorySegment format) {
        this.write = write;
        this.format = format;
    }

    /**
     * Opens it under the name {@code Tor}, as Tor does.
     *
     * @param tag added to the name; empty for none
     * @return null if there is none
     */
    @SuppressWarnings("restricted") // a call into the C library, which --enable-native-access allows
    static @Nullable Syslog open(String tag) {
        String system = System.getProperty("os.name");
        if (system.startsWith("Windows") || system.equals("Linux") && !Files.exists(Path.of("/dev/log"))) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        ValueLayout pointer = ValueLayout.ADDRESS;
        ValueLayout number = ValueLayout.JAVA_INT;
        MethodHandle open = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("openlog"), FunctionDescriptor.ofVoid(pointer, number, number));
        MethodHandle write = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("syslog"),
                FunctionDescriptor.ofVoid(number, pointer, pointer),
                Linker.Option.firstVariadicArg(2));
        // The C library keeps the pointer, so the name is never freed; there are few in the life of a process.
        MemorySegment name = Arena.global().allocateFrom(tag.isEmpty() ? "Tor" : "Tor-" + tag);
        try {
            open.invokeExact(name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
        } catch (Throwable e) {
            return null;
        }
        return new Syslog(write, Arena.global().allocateFrom("%s"));
    }

    /** Writes one message, which has no time and no severity: the system adds them. */
    void write(Severity severity, String message) {
        try (Arena arena = Arena.ofConfined()) {
            // Tor's severities are syslog's: err, warning, notice, info, debug.
            write.invokeExact(LOG_ERR + severity.ordinal(), format, arena.allocateFrom(message));
        } catch (Throwable e) {
            // There is nowhere to say that the log can't be written.
        }
    }
}
