package dev.cepa;

import dev.cepa.cell.DestroyReason;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.Channel;
import dev.cepa.channel.ChannelManager;
import dev.cepa.channel.CircuitHandler;
import dev.cepa.circuit.Circuit;
import dev.cepa.circuit.TorStream;
import dev.cepa.directory.DirectoryManager;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEventListener;
import dev.cepa.event.TrafficListener;
import dev.cepa.netdoc.NetDir;
import dev.cepa.path.BuildTimeouts;
import dev.cepa.path.CountryFiles;
import dev.cepa.path.CountryLookup;
import dev.cepa.path.GuardInfo;
import dev.cepa.path.GuardManager;
import dev.cepa.pool.CircuitPool;
import dev.cepa.pool.ControlledCircuits;
import dev.cepa.pool.UnattachedStreams;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a controller may see and do of a client's network (control-spec), for the program that has a control port. Made when
 * it is asked for first; circuits and streams are looked up each time. Thread-safe.
 */
public final class NetworkControl {
    private final DirectoryManager directory;
    private final GuardManager guards;
    private final ChannelManager channels;
    private final CircuitPool pool;
    private final BuildTimeouts timeouts;
    private final Supplier<CountryFiles> countries;
    private final ControlledCircuits circuits;
    private final UnattachedStreams unattached;

    NetworkControl(
            DirectoryManager directory, GuardManager guards, ChannelManager channels, CircuitPool pool,
            BuildTimeouts timeouts, Supplier<CountryFiles> countries, ControlledCircuits circuits,
            UnattachedStreams unattached) {
        this.directory = directory;
        this.guards = guards;
        this.channels = channels;
        this.pool = pool;
        this.timeouts = timeouts;
        this.countries = countries;
        this.circuits = circuits;
        this.unattached = unattached;
        pool.leaveUnattached(unattached);
    }

    /** Whether programs' streams wait for a controller. */
    void leaveUnattached(boolean wait) {
        unattached.setOn(wait);
    }

    /** Tells of streams that wait for a controller. */
    void describe(TorEventListener listener) {
        unattached.describe(listener);
    }

    /** {@return the network as it is known; null before there is a consensus} */
    public @Nullable NetDir directory() {
        return directory.latest();
    }

    /** {@return whether that is enough to build circuits} */
    public boolean hasEnoughDirectory() {
        return directory.isUsable();
    }

    /** {@return the consensus as it is on disk, which may be newer by a moment; null if there is none} */
    public byte @Nullable [] consensus() {
        return directory.storedConsensus();
    }

    /**
     * Microdescriptors as they are on disk.
     *
     * @param wanted is given the SHA-256 digest of each and says whether to have it
     * @return one behind the other; the same one may be there twice
     */
    public byte[] microdescriptors(Predicate<byte[]> wanted) {
        return directory.storedMicrodescs(wanted);
    }

    /**
     * Looks an address up in the files of countries.
     *
     * @param address of either family
     * @return its country's code in lower case; null if the file says nothing of it
     * @throws TorException of kind CONFIG if the file can't be read
     */
    public @Nullable String countryOf(InetAddress address) throws TorException {
        return CountryLookup.countryOf(countries.get(), address);
    }

    /**
     * Says whether countries of addresses can be looked up.
     *
     * @param ipv6 of which family
     * @return whether the file is there
     */
    public boolean knowsCountries(boolean ipv6) {
        Path file = ipv6 ? countries.get().ipv6() : countries.get().ipv4();
        return file != null && Files.isReadable(file);
    }

    /** {@return the guards of the sample in use, in the order of sampling} */
    public List<GuardInfo> guards() {
        return guards.guards();
    }

    /** {@return how many bytes all queues of this client may hold} */
    public long queueLimit() {
        return channels.memory().bound();
    }

    /** {@return whether there is an open channel to any relay} */
    public boolean isLive() {
        return !channels.channels().isEmpty();
    }

    /**
     * Shows all channels, circuits and streams with their counters, once through.
     *
     * @param listener who is shown them
     */
    public void showTraffic(TrafficListener listener) {
        for (Channel channel : channels.channels()) {
            channel.showTraffic(listener);
        }
    }

    private @Nullable Circuit find(long circuitId) {
        for (Channel channel : channels.channels()) {
            for (CircuitHandler handler : channel.circuits()) {
                Circuit circuit = Circuit.of(handler);
                if (circuit != null && circuit.id() == circuitId && circuit.isOpen()) {
                    return circuit;
                }
            }
        }
        return null;
    }

    private @Nullable TorStream findStream(long streamId) {
        for (Channel channel : channels.channels()) {
            for (CircuitHandler handler : channel.circuits()) {
                Circuit circuit = Circuit.of(handler);
                TorStream stream = circuit == null ? null : circuit.findStream(streamId);
                if (stream != null) {
                    return stream;
                }
            }
        }
        return null;
    }

    /**
     * Says whether there is such a circuit.
     *
     * @param circuitId as in events
     * @return whether it is open, or being built
     */
    public boolean hasCircuit(long circuitId) {
        return find(circuitId) != null;
    }

    /**
     * Says whether there is such a stream.
     *
     * @param streamId as in events
     * @return whether it is open, or being opened
     */
    public boolean hasStream(long streamId) {
        return isUnattached(streamId) || findStream(streamId) != null;
    }

    /**
     * Closes a circuit.
     *
     * @param circuitId as in events
     * @param unusedOnly whether to leave it if it carries streams
     * @return whether there is such a circuit
     */
    public boolean closeCircuit(long circuitId, boolean unusedOnly) {
        Circuit circuit = find(circuitId);
        if (circuit == null) {
            return false;
        }
        if (!unusedOnly || !circuit.carriesStreams()) {
            circuit.close(DestroyReason.REQUESTED);
        }
        return true;
    }

    /**
     * Closes a stream; whoever reads it or writes to it hears so.
     *
     * @param streamId as in events
     * @return whether there is such a stream
     */
    public boolean closeStream(long streamId) {
        TorStream stream = findStream(streamId);
        if (stream == null) {
            return unattached.close(streamId);
        }
        stream.close();
        return true;
    }

    /**
     * Says what a circuit is for from now on, in its events; of itself it is no event.
     *
     * @param circuitId as in events
     * @param purpose in the control specification's words
     * @return whether there is such a circuit
     */
    public boolean setPurpose(long circuitId, String purpose) {
        Circuit circuit = find(circuitId);
        if (circuit == null) {
            return false;
        }
        circuit.setPurpose(purpose);
        return true;
    }

    /**
     * Begins a circuit; what becomes of it events tell.
     *
     * @param relays the first one first; empty for three of the client's choice
     * @param purpose in the control specification's words
     * @return its number
     * @throws TorException if it can't even be begun
     */
    public long launch(List<RsaId> relays, String purpose) throws TorException {
        return circuits.launch(relays, purpose);
    }

    /**
     * Begins to extend a circuit; what becomes of it events tell.
     *
     * @param circuitId as in events
     * @param relays the next one first
     * @return whether there is such a circuit
     * @throws TorException if there is no way to those relays
     */
    public boolean extend(long circuitId, List<RsaId> relays) throws TorException {
        Circuit circuit = find(circuitId);
        if (circuit != null) {
            circuits.extend(circuit, relays);
        }
        return circuit != null;
    }

    /**
     * Says how long a circuit is.
     *
     * @param circuitId as in events
     * @return how many relays it has; 0 while it is being built, or if there is none of that number
     */
    public int length(long circuitId) {
        Circuit circuit = find(circuitId);
        return circuit == null || !circuit.isBuilt() ? 0 : circuit.path().size();
    }

    /**
     * Says whether a program's stream waits for a controller.
     *
     * @param streamId as in events
     * @return whether it does
     */
    public boolean isUnattached(long streamId) {
        return unattached.has(streamId);
    }

    /**
     * Puts a stream that waits for that on a circuit.
     *
     * @param streamId as in events
     * @param circuitId as in events; 0 for any that will do
     * @return whether there is such a stream, which waits, and such a circuit
     */
    public boolean attach(long streamId, long circuitId) {
        Circuit circuit = circuitId == 0 ? null : find(circuitId);
        return (circuit != null || circuitId == 0)
                && unattached.attach(streamId, circuit == null ? null : circuit.tunnel());
    }

    /**
     * Has a stream that waits for a circuit go elsewhere.
     *
     * @param streamId as in events
     * @param host a name or an address
     * @param port 0 to leave it as it is
     * @return whether there is such a stream, which waits
     */
    public boolean redirect(long streamId, String host, int port) {
        return unattached.redirect(streamId, host, port);
    }

    /** Forgets the guards in use and chooses others, for circuits that are built from now on. */
    public void dropGuards() {
        guards.dropGuards();
        pool.retireAll();
    }

    /** Forgets how long circuits take to build. */
    public void dropTimeouts() {
        timeouts.drop();
    }
}
