package dev.cepa;

import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.cell.RsaId;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.onion.ClientAuthKey;
import dev.cepa.onion.OnionAddress;
import dev.cepa.onion.OnionClient;
import dev.cepa.proxy.ProgramRequests;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What controllers of a client may do about names and onion services, beyond what applications do; for programs that are
 * part of Cepa. Had from {@link TorClient#onionControl}. Thread-safe.
 */
public final class OnionControl {
    private final OnionClient onions;
    private final HostedServices services;
    private final ProgramRequests requests;

    OnionControl(OnionClient onions, HostedServices services, ProgramRequests requests) {
        this.onions = onions;
        this.services = services;
        this.requests = requests;
    }

    /**
     * Asks what a name's addresses are, or an address's names, as a program would: mappings hold, and no program's stream
     * shares a circuit with the question.
     *
     * @param host a name; or an address, which is its own answer
     * @param reverse whether it is an address whose names are wanted
     * @param timeout how long that may take
     * @return at least one answer, no failures among them
     * @throws TorException that says why there is no answer
     */
    public List<Resolved.Answer> resolve(String host, boolean reverse, Duration timeout) throws TorException {
        return requests.resolveForController(host, reverse, Deadline.in(timeout));
    }

    /** Forgets which addresses names have; they are asked for anew. */
    public void forgetAnswers() {
        requests.forgetAnswers();
    }

    /**
     * Has a service that is for some clients reached with this key from now on.
     *
     * @param address whose service
     * @param key ours
     * @param configured whether every later configuration has it too, and so decides; else it stays whatever they say
     * @return what became of it
     */
    public OnionClient.KeyAdded addClientKey(OnionAddress address, ClientAuthKey key, boolean configured) {
        return onions.addClientKey(address, key, configured);
    }

    /**
     * Forgets the key for a service, one of the configuration too until that changes, and the service's descriptor.
     *
     * @param address whose service
     * @return whether there was one
     */
    public boolean removeClientKey(OnionAddress address) {
        return onions.removeClientKey(address);
    }

    /** {@return the keys that services are reached with at this moment} */
    public Map<OnionAddress, ClientAuthKey> clientKeys() {
        return onions.clientKeys();
    }

    /**
     * The descriptor of somebody's service that is at hand.
     *
     * @param address whose
     * @return as it came; null if there is none
     */
    public byte @Nullable [] clientDescriptor(OnionAddress address) {
        return onions.descriptor(address);
    }

    /**
     * The descriptor that a service of this client has for clients of this time.
     *
     * @param address whose
     * @return as directories have it; null if this client runs no such service, or it has none yet
     */
    public byte @Nullable [] serviceDescriptor(OnionAddress address) {
        return services.descriptor(address);
    }

    /**
     * Has a service's descriptor fetched, whatever is at hand. Returns at once; events tell what becomes of it.
     *
     * @param address whose
     * @param directories to be asked, each of them; none: those that should have it, one after the other
     * @throws TorException of kind RESOURCE_LIMIT if too much is under way
     */
    public void fetchDescriptor(OnionAddress address, List<RsaId> directories) throws TorException {
        onions.errands().fetch(address, directories);
    }

    /**
     * Has a descriptor given to directories. Returns at once; events tell what becomes of it.
     *
     * @param address whose it is
     * @param document as directories get it
     * @param directories to be given it; none: those where clients look for it
     * @throws TorException of kind PROTOCOL if no directory would take it, RESOURCE_LIMIT if too much is under way, or
     *     NO_DIRECTORY
     */
    public void postDescriptor(OnionAddress address, byte[] document, List<RsaId> directories) throws TorException {
        onions.errands().post(address, document, directories);
    }

    /**
     * Whether a relay is listed in the network's directory.
     *
     * @param relay its identity
     * @return false too as long as there is no directory
     */
    public boolean isListed(RsaId relay) {
        return onions.isListed(relay);
    }
}
