package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.netdoc.NetDir;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which guards one path can't have (guard-spec section 4.6): its exit and that exit's family and subnet, and some by name.
 *
 * @param exit the path's last relay if the guard must keep clear of it; null if not
 * @param excluded further relays that must not be the guard: those of the other legs of a conflux set, or, for a directory
 *     fetch, caches that lacked what we asked for
 */
public record GuardRestriction(@Nullable RsaId exit, Set<RsaId> excluded) {
    /** Any guard. */
    public static final GuardRestriction NONE = new GuardRestriction(null, Set.of());

    public GuardRestriction {
        excluded = Set.copyOf(excluded);
    }

    /** For a path to that exit. */
    public static GuardRestriction exit(RsaId exit) {
        return new GuardRestriction(exit, Set.of());
    }

    /** For a path or fetch through none of those guards. */
    public static GuardRestriction excluding(Set<RsaId> guards) {
        return new GuardRestriction(null, guards);
    }

    boolean isNone() {
        return exit == null && excluded.isEmpty();
    }

    boolean allows(Guard guard, PathSelector selector) {
        if (excluded.contains(guard.id) || (exit != null && guard.id.equals(exit))) {
            return false;
        }
        if (exit == null) {
            return true;
        }
        NetDir dir = selector.dir();
        int last = dir.indexOf(exit);
        int first = dir.indexOf(guard.id);
        return last < 0 || first < 0 || selector.canBeTogether(first, last);
    }
}
