package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.netdoc.NetDir;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which guards one path can't have (guard-spec section 4.6): its exit and that exit's family and subnet, some by name,
 * and for a leg of a set all that are too close to its other legs.
 *
 * @param exit the path's last relay if the guard must keep clear of it; null if not
 * @param excluded caches that lacked what we asked for, for a directory fetch
 * @param apart relays of the other legs of a set: the guard is none of them, nor of their families and subnets
 */
public record GuardRestriction(@Nullable RsaId exit, Set<RsaId> excluded, Set<RsaId> apart) {
    /** Any guard. */
    public static final GuardRestriction NONE = new GuardRestriction(null, Set.of(), Set.of());

    public GuardRestriction {
        excluded = Set.copyOf(excluded);
        apart = Set.copyOf(apart);
    }

    /** For a path to that exit. */
    public static GuardRestriction exit(RsaId exit) {
        return new GuardRestriction(exit, Set.of(), Set.of());
    }

    /** For a leg of a set to that exit, whose other legs have those relays. */
    public static GuardRestriction leg(RsaId exit, Set<RsaId> others) {
        return new GuardRestriction(exit, Set.of(), others);
    }

    /** For a path or fetch through none of those guards. */
    public static GuardRestriction excluding(Set<RsaId> guards) {
        return new GuardRestriction(null, guards, Set.of());
    }

    boolean isNone() {
        return exit == null && excluded.isEmpty() && apart.isEmpty();
    }

    boolean allows(Guard guard, PathSelector selector) {
        if (excluded.contains(guard.id) || (exit != null && guard.id.equals(exit))) {
            return false;
        }
        for (RsaId other : apart) {
            if (!isClear(guard, other, selector)) {
                return false;
            }
        }
        return exit == null || isClear(guard, exit, selector);
    }

    /** The exit and what must be kept apart, by their numbers in a snapshot. */
    int[] relaysIn(NetDir dir) {
        int[] relays = new int[1 + apart.size()];
        int count = 0;
        int last = exit == null ? -1 : dir.indexOf(exit);
        if (last >= 0) {
            relays[count++] = last;
        }
        for (RsaId other : apart) {
            int relay = dir.indexOf(other);
            if (relay >= 0) {
                relays[count++] = relay;
            }
        }
        return Arrays.copyOf(relays, count);
    }

    private static boolean isClear(Guard guard, RsaId other, PathSelector selector) {
        NetDir dir = selector.dir();
        int a = dir.indexOf(other);
        int b = dir.indexOf(guard.id);
        return !guard.id.equals(other) && (a < 0 || b < 0 || selector.canBeTogether(a, b));
    }
}
