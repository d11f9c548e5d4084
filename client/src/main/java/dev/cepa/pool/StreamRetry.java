package dev.cepa.pool;

import dev.cepa.cell.EndReason;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** When a stream that one exit did not open is tried at another. */
final class StreamRetry {
    /** Circuits tried for one stream. */
    static final int ATTEMPTS = 3;
    /** How long the exit may take to answer, by attempt (C tor's schedule). */
    private static final Duration[] ANSWER_TIMES = {Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(15)};

    private StreamRetry() {}

    /**
     * How long an exit may take to answer.
     *
     * @param attempt from 0
     * @param configured the user's choice; null if he made none
     */
    static Duration answerTime(int attempt, @Nullable Duration configured) {
        return configured != null ? configured : ANSWER_TIMES[Math.min(attempt, ANSWER_TIMES.length - 1)];
    }

    /**
     * Whether other streams would fare no better on that circuit: its exit is silent, or takes none at all. Like C tor we give
     * it no more then, or each of them would find that out anew.
     *
     * @param e what came of a stream in the time that the exit may take to answer
     */
    static boolean isCircuitsFault(TorException e) {
        if (e instanceof StreamException ended) {
            return switch (EndReason.of(ended.endReason())) {
                case HIBERNATING, RESOURCELIMIT -> true;
                default -> false;
            };
        }
        return e.kind() == ErrorKind.TIMEOUT;
    }

    /**
     * Whether another exit may do better: what an exit says of itself, or of names and routes as it sees them, may be
     * different elsewhere; what it says of the destination, such as a refused connection, is not (tor-spec section 6.3).
     *
     * @param attempt that failed, from 0
     */
    static boolean isWorthwhile(TorException e, int attempt) {
        if (attempt + 1 >= ATTEMPTS) {
            return false;
        }
        if (e instanceof StreamException ended) {
            return switch (EndReason.of(ended.endReason())) {
                case EXITPOLICY, RESOLVEFAILED, MISC, NOROUTE, HIBERNATING, RESOURCELIMIT -> true;
                default -> false;
            };
        }
        return switch (e.kind()) {
            case CIRCUIT_FAILED, TIMEOUT, PROTOCOL, RELAY_UNREACHABLE, RESOURCE_LIMIT, NAME_NOT_FOUND -> true;
            default -> false;
        };
    }
}
