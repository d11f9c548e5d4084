package dev.cepa.daemon;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who this process is to the system on Linux: a process of root's becomes another user's for good ({@code User}), and has all
 * its memory kept from being swapped out ({@code DisableAllSwap}). By the C library, which changes all threads. Stateless: the
 * kernel keeps it.
 */
final class SystemUser {
    private static final Logger LOG = LoggerFactory.getLogger(SystemUser.class);
    /** All that is there, and all that comes, as soon as it has a page. */
    private static final int MCL_CURRENT_FUTURE_ONFAULT = 7;
    private static final int RLIMIT_MEMLOCK = 8;
    private static final long INFINITE = -1;
    private static final int PR_SET_KEEPCAPS = 8;
    private static final int CAPABILITY_VERSION_3 = 0x20080522;
    private static final int CAP_NET_BIND_SERVICE = 10;
    /** {@code struct passwd}: two pointers, then the numbers of user and group. */
    private static final long PASSWD_UID = 16;

    private static final long PASSWD_GID = 20;

    private final Linker linker = Linker.nativeLinker();
    private final SymbolLookup library = linker.defaultLookup();

    private SystemUser() {}

    /**
     * Becomes a user, and can never go back.
     *
     * @param bindsLowPorts whether this thread, and those that it starts, may still open ports below 1024
     * @throws TorException of kind CONFIG if there is no such user, the process is not root's, or that user could not read
     *     the program
     */
    static void become(String name, boolean bindsLowPorts) throws TorException {
        new SystemUser().change(name, bindsLowPorts);
    }

    /**
     * Keeps all memory in RAM.
     *
     * @param staysRoot whether this process does not become somebody else later
     * @throws TorException of kind CONFIG if the system does not let it, or would end it when it needs more
     */
    static void keepFromSwap(boolean staysRoot) throws TorException {
        SystemUser system = new SystemUser();
        boolean unlimited;
        try (Arena arena = Arena.ofConfined()) {
            // Only root may raise it, if anybody.
            unlimited = (int) system.invoke("setrlimit", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS),
                    RLIMIT_MEMLOCK, arena.allocateFrom(JAVA_LONG, INFINITE, INFINITE)) == 0;
        }
        // Root needs no limit. Others would have no memory beyond it, and the JVM ends when it gets none.
        boolean enough = unlimited || staysRoot && system.call("getuid") == 0;
        if (!enough || system.call("mlockall", MCL_CURRENT_FUTURE_ONFAULT) != 0) {
            throw new TorException(ErrorKind.CONFIG, "DisableAllSwap: the system does not let this process lock all its memory."
                    + " Raise the limit (systemd: LimitMEMLOCK=infinity; ulimit -l unlimited), or remove the line.");
        }
    }

    private void change(String name, boolean bindsLowPorts) throws TorException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(name);
            MemorySegment entry = (MemorySegment) invoke("getpwnam", FunctionDescriptor.of(ADDRESS, ADDRESS), text);
            if (entry.address() == 0) {
                throw failure("there is no user " + name + ". Make one, or remove the line.");
            }
            MemorySegment passwd = reinterpret(entry);
            int uid = passwd.get(JAVA_INT, PASSWD_UID);
            int gid = passwd.get(JAVA_INT, PASSWD_GID);
            int now = call("getuid");
            if (now == uid) {
                return;
            }
            if (now != 0) {
                throw failure("only root can become " + name
                        + ". Start the program as root or as that user, or remove the line.");
            }
            boolean keeps = bindsLowPorts && (int) invoke("prctl",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                    PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) == 0;
            // The groups first: only root can change them.
            boolean done = (int) invoke("initgroups", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), text, gid) == 0
                    && call("setgid", gid) == 0
                    && call("setuid", uid) == 0;
            if (!done) {
                throw failure("the system does not let this process become " + name + ".");
            }
            if (bindsLowPorts && !(keeps && keepLowPorts(arena))) {
                LOG.warn("Ports below 1024 can't be opened any more: the system does not let this process keep that right.");
            }
        }
        if (call("setuid", 0) == 0) {
            throw failure("having become " + name + ", the process could become root again.");
        }
        requireReadable(name);
    }

    /** Of all that root may, this one right; of this thread, whose rights the threads that it starts have too. */
    private boolean keepLowPorts(Arena arena) throws TorException {
        int right = 1 << CAP_NET_BIND_SERVICE;
        // Effective, permitted and inheritable, of the first 32 rights and of the others.
        return (int) invoke("capset", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS),
                arena.allocateFrom(JAVA_INT, CAPABILITY_VERSION_3, 0), arena.allocateFrom(JAVA_INT, right, right, 0, 0, 0, 0)) == 0;
    }

    /** Classes are loaded when they are needed, from files that have to be opened for it. */
    private static void requireReadable(String name) throws TorException {
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (!entry.isEmpty() && !Files.isReadable(Path.of(entry))) {
                throw failure(name + " can't read " + entry + ", a part of this program. Install it where that user can.");
            }
        }
    }

    private static TorException failure(String what) {
        return new TorException(ErrorKind.CONFIG, "User: " + what);
    }

    @SuppressWarnings("restricted") // the C library's own struct
    private static MemorySegment reinterpret(MemorySegment entry) {
        return entry.reinterpret(PASSWD_GID + Integer.BYTES);
    }

    /** A function of up to one number that gives a number. */
    private int call(String function, Integer... argument) throws TorException {
        return (int) invoke(function,
                argument.length == 0 ? FunctionDescriptor.of(JAVA_INT) : FunctionDescriptor.of(JAVA_INT, JAVA_INT),
                (Object[]) argument);
    }

    @SuppressWarnings("restricted") // calls into the C library, which --enable-native-access allows
    private Object invoke(String function, FunctionDescriptor descriptor, Object... arguments) throws TorException {
        MemorySegment address = library.find(function).orElse(null);
        if (address == null || !"Linux".equals(System.getProperty("os.name"))) {
            throw new TorException(ErrorKind.CONFIG, "User and DisableAllSwap work on Linux alone. Remove the line.");
        }
        try {
            return linker.downcallHandle(address, descriptor).invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new TorException(ErrorKind.INTERNAL, "asking the system failed", e);
        }
    }
}
