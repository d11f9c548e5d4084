package dev.cepa.daemon;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Whether other programs of the same user may look into this process on Linux: attach debuggers, read its memory, have it dump
 * core ({@code DisableDebuggerAttachment}). Shut, it also keeps the JDK's own tools out. Stateless: the kernel keeps it.
 */
final class DebuggerDoor {
    private static final int PR_GET_DUMPABLE = 3;
    private static final int PR_SET_DUMPABLE = 4;

    private final MethodHandle prctl;

    private DebuggerDoor(MethodHandle prctl) {
        this.prctl = prctl;
    }

    /** That of this process; null on systems that have none. */
    @SuppressWarnings("restricted") // a call into the C library, which --enable-native-access allows
    static @Nullable DebuggerDoor find() {
        Linker linker = Linker.nativeLinker();
        MemorySegment function = linker.defaultLookup().find("prctl").orElse(null);
        return function == null
                ? null
                : new DebuggerDoor(linker.downcallHandle(
                        function,
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
                        Linker.Option.firstVariadicArg(1)));
    }

    boolean isOpen() throws IOException {
        return call(PR_GET_DUMPABLE, 0) == 1;
    }

    /** @throws IOException if the system says no */
    void set(boolean open) throws IOException {
        if (call(PR_SET_DUMPABLE, open ? 1 : 0) != 0) {
            throw new IOException("the system says no");
        }
    }

    private int call(int option, long argument) throws IOException {
        try {
            return (int) prctl.invokeExact(option, argument, 0L, 0L, 0L);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IOException("asking the system failed", e);
        }
    }
}
