package dev.cepa.daemon;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.cepa.proxy.OriginalDestinations;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Asks Linux where connections were meant for that its REDIRECT has led here ({@code SO_ORIGINAL_DST}). That is asked of a
 * file descriptor, which Java hides; it is found among those of this process by the two ends of its connection. Thread-safe.
 */
final class OriginalDestination implements OriginalDestinations {
    private static final String DESCRIPTORS = "/proc/self/fd";

    private static final int SOL_IP = 0;
    private static final int SOL_IPV6 = 41;
    private static final int SO_ORIGINAL_DST = 80;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    /** Bytes of the larger kind of socket address. */
    private static final int ADDRESS_SIZE = 28;

    private final MethodHandle getsockname;
    private final MethodHandle getpeername;
    private final MethodHandle getsockopt;

    @SuppressWarnings("restricted") // calls into the C library, which --enable-native-access allows
    OriginalDestination() {
        Linker linker = Linker.nativeLinker();
        FunctionDescriptor name = FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
        getsockname = linker.downcallHandle(linker.defaultLookup().find("getsockname").orElseThrow(), name);
        getpeername = linker.downcallHandle(linker.defaultLookup().find("getpeername").orElseThrow(), name);
        getsockopt = linker.downcallHandle(
                linker.defaultLookup().find("getsockopt").orElseThrow(),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    }

    /** Whether this system can be asked. */
    static boolean isPossible() {
        return new File(DESCRIPTORS).isDirectory();
    }

    @Override
    public InetSocketAddress find(InetSocketAddress local, InetSocketAddress remote) throws IOException {
        String[] descriptors = new File(DESCRIPTORS).list();
        if (descriptors == null) {
            throw new IOException(DESCRIPTORS + " can't be read");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(ADDRESS_SIZE, 4);
            MemorySegment size = arena.allocate(JAVA_INT);
            for (String number : descriptors) {
                int descriptor = Integer.parseInt(number);
                if (remote.equals(name(getpeername, descriptor, address, size))
                        && local.equals(name(getsockname, descriptor, address, size))) {
                    boolean ipv4 = local.getAddress().getAddress().length == 4;
                    size.set(JAVA_INT, 0, ADDRESS_SIZE);
                    int level = ipv4 ? SOL_IP : SOL_IPV6;
                    int result = (int) getsockopt.invokeExact(descriptor, level, SO_ORIGINAL_DST, address, size);
                    InetSocketAddress meant = result == 0 ? read(address) : null;
                    if (meant == null) {
                        throw new IOException("the system knows no original destination");
                    }
                    return meant;
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IOException("asking the system failed", e);
        }
        throw new IOException("the connection is not among those of this process");
    }

    private static @Nullable InetSocketAddress name(
            MethodHandle call, int descriptor, MemorySegment address, MemorySegment size) throws Throwable {
        size.set(JAVA_INT, 0, ADDRESS_SIZE);
        int result = (int) call.invokeExact(descriptor, address, size);
        return result == 0 ? read(address) : null;
    }

    /** The address there; IPv4 written as IPv6 becomes IPv4 again. Null if it is of another kind. */
    private static @Nullable InetSocketAddress read(MemorySegment address) throws IOException {
        int family = address.get(JAVA_SHORT, 0);
        if (family != AF_INET && family != AF_INET6) {
            return null;
        }
        int port = (address.get(JAVA_BYTE, 2) & 0xff) << 8 | address.get(JAVA_BYTE, 3) & 0xff;
        byte[] bytes = new byte[family == AF_INET ? 4 : 16];
        MemorySegment.copy(address, JAVA_BYTE, family == AF_INET ? 4 : 8, bytes, 0, bytes.length);
        return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
    }
}
