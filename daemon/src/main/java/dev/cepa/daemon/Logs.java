package dev.cepa.daemon;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.util.List;

/** Where the log lines of this process go, for subcommands that live in other modules. */
public final class Logs {
    private Logs() {}

    /**
     * Sends lines of that severity and worse to standard error, and all others nowhere.
     *
     * @param severity one of Tor's: {@code err}, {@code warn}, {@code notice}, {@code info}, {@code debug}
     * @throws TorException of kind CONFIG if it is none of them
     */
    public static void toStandardError(String severity) throws TorException {
        Severity mildest = Severity.of(severity);
        if (mildest == null) {
            throw new TorException(
                    ErrorKind.CONFIG, "\"" + severity + "\" is no log level: err, warn, notice, info or debug");
        }
        LogTarget target = new LogTarget(Severity.range(mildest, Severity.ERR), LogTarget.Kind.STDERR, null);
        TorLogProvider.output().configure(List.of(target));
    }
}
