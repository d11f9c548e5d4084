package dev.cepa.directory;

import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.Deadline;
import dev.cepa.path.GuardAttempt;
import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** How a directory server is asked: over the network, and in tests by other means. */
interface DirectoryLink extends Closeable {
    /**
     * Asks and waits for the head of the answer, which the caller must close.
     *
     * @param attempt what the guard manager gave this server out for; null if the server is no guard. It is told how it went.
     * @param deadline for the whole answer, its body included
     * @throws IOException a TorException if there is no answer
     */
    DirectoryAnswer ask(HopTarget server, @Nullable GuardAttempt attempt, DirectoryRequest request, Deadline deadline)
            throws IOException;

    /**
     * Connects to a relay and finds out who it is.
     *
     * @param relay who it must be, if it is identified
     * @return the same with the identities that it has proved
     * @throws IOException a TorException if it can't be reached, or is somebody else
     */
    ChannelTarget identify(ChannelTarget relay, Deadline deadline) throws IOException;

    /** Lets go of what nobody has used for a while. */
    void closeIdle();

    /** Ends all questions; never blocks. */
    @Override
    void close();
}
