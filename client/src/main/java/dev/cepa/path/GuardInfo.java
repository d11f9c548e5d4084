package dev.cepa.path;

import dev.cepa.cell.RsaId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A guard as the control port shows it.
 *
 * @param nickname empty if unknown
 * @param status {@code never-connected}, {@code up}, {@code down} or {@code unusable}
 * @param since since when it is down or unusable; null otherwise
 * @param primary whether it is one of those that circuits use first
 * @param shown what events call it: of a bridge, not who it is
 */
public record GuardInfo(
        RsaId id, String nickname, String status, @Nullable Instant since, boolean primary, String shown) {}
