package dev.cepa;

import dev.cepa.channel.ChannelPadding;
import dev.cepa.channel.ChannelSettings;
import dev.cepa.channel.LinkSettings;
import dev.cepa.channel.OutboundAddresses;
import dev.cepa.channel.OutboundProxy;
import dev.cepa.channel.QueueMemory;
import dev.cepa.circuit.CircuitSettings;
import dev.cepa.directory.BootstrapSettings;
import dev.cepa.directory.DataDirectory;
import dev.cepa.directory.DirectoryAuthority;
import dev.cepa.directory.FallbackDirectory;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.onion.ClientAuthFolder;
import dev.cepa.onion.ClientAuthKey;
import dev.cepa.onion.OnionAddress;
import dev.cepa.onion.OnionSettings;
import dev.cepa.path.BridgeLine;
import dev.cepa.path.CountryFiles;
import dev.cepa.path.PathSettings;
import dev.cepa.path.RelaySet;
import dev.cepa.path.VanguardSettings;
import dev.cepa.pool.ConfluxChoice;
import dev.cepa.pool.PoolSettings;
import dev.cepa.proxy.ListenerKind;
import dev.cepa.proxy.PortSettings;
import dev.cepa.proxy.RequestRules;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects the settings of a {@link TorConfig}. Values are checked where they are given; not thread-safe. */
public final class TorConfigBuilder {
    @Nullable Path dataDirectory = DataDirectory.platformDefault();
    final List<DirectoryAuthority> authorities = new ArrayList<>();
    final List<FallbackDirectory> fallbacks = new ArrayList<>();
    boolean testingNetwork;
    boolean networkDisabled;
    boolean nonAnonymousServices;
    Duration bootstrapTimeout = Duration.ofMinutes(3);
    final List<TorConfig.ListenPort> listenPorts = new ArrayList<>();
    ChannelSettings channels = ChannelSettings.DEFAULT;
    ChannelPadding.Mode padding = ChannelPadding.Mode.NORMAL;
    boolean forcePadding;
    long maxMemoryInQueues = QueueMemory.defaultBound();
    CircuitSettings circuits = CircuitSettings.DEFAULT;
    CountryFiles countryFiles = CountryFiles.DEFAULT;
    @Nullable Path cacheDirectory;
    boolean withoutFallbacks;
    OutboundAddresses outbound = OutboundAddresses.ANY;
    LinkSettings links = LinkSettings.DEFAULT;
    @Nullable OutboundProxy proxy;
    BootstrapSettings firstConsensus = BootstrapSettings.DEFAULT;
    boolean dataForGroup;
    boolean cacheForGroup;
    boolean fewDiskWrites;
    boolean leaveStreamsUnattached;
    PathSettings paths = PathSettings.DEFAULT;
    final List<BridgeLine> bridges = new ArrayList<>();
    boolean namesBridges;
    boolean dropsBridgeDescriptors;
    VanguardSettings vanguards = VanguardSettings.DEFAULT;
    PoolSettings pool = PoolSettings.DEFAULT;
    DormantSettings dormant = DormantSettings.DEFAULT;
    OnionSettings onions = OnionSettings.DEFAULT;
    @Nullable RequestRules requestRules;
    List<String> trackedHosts = List.of();
    Duration trackedHostsLifetime = Duration.ofMinutes(30);

    TorConfigBuilder() {}

    /**
     * The folder for the directory cache and the guards. It is created 0700 and belongs to one client at a time.
     * Keeping it between runs makes starts fast, and keeps the guards, which anonymity wants to change rarely.
     *
     * @param folder created if it is not there
     * @return this builder
     */
    public TorConfigBuilder dataDirectory(Path folder) {
        dataDirectory = folder;
        return this;
    }

    /**
     * Keeps nothing on disk: every start downloads the directory and chooses new guards.
     *
     * @return this builder
     */
    public TorConfigBuilder inMemory() {
        dataDirectory = null;
        return this;
    }

    /**
     * Uses this authority instead of those of the public network; may be given several times.
     *
     * @param torrcValue as after {@code DirAuthority} in a torrc file
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder directoryAuthority(String torrcValue) throws TorException {
        authorities.add(DirectoryAuthority.parse(torrcValue));
        return this;
    }

    /**
     * Starts from this directory instead of the public network's; may be given several times.
     *
     * @param torrcValue as after {@code FallbackDir} in a torrc file
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder fallbackDirectory(String torrcValue) throws TorException {
        fallbacks.add(FallbackDirectory.parse(torrcValue));
        return this;
    }

    /**
     * Whether the network is a private one for tests, with short intervals ({@code TestingTorNetwork}).
     *
     * @param testing true for a private network
     * @return this builder
     */
    public TorConfigBuilder testingNetwork(boolean testing) {
        testingNetwork = testing;
        if (testing) {
            paths = paths.withDistinctSubnets(false);
        }
        return this;
    }

    /**
     * Whether to stay off the network altogether ({@code DisableNetwork}).
     *
     * @param disabled true to stay off the network
     * @return this builder
     */
    public TorConfigBuilder disableNetwork(boolean disabled) {
        networkDisabled = disabled;
        return this;
    }

    /**
     * Gives up the anonymity of this client's onion services, all of them, for speed: introduction and rendezvous
     * points are connected to directly, and see where the services are
     * ({@code HiddenServiceSingleHopMode, HiddenServiceNonAnonymousMode}). Their clients stay anonymous. Such a client
     * can't be used for anything else: it opens no streams, and has no SOCKS ports.
     *
     * @param nonAnonymous true for services that everybody may find
     * @return this builder
     */
    public TorConfigBuilder nonAnonymousServices(boolean nonAnonymous) {
        nonAnonymousServices = nonAnonymous;
        return this;
    }

    /**
     * How long {@link TorClient#connect} waits for the client to be ready; 3 minutes unless set.
     *
     * @param timeout positive
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder bootstrapTimeout(Duration timeout) throws TorException {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new TorException(ErrorKind.CONFIG, "the bootstrap timeout must be positive, not " + timeout);
        }
        bootstrapTimeout = timeout;
        return this;
    }

    /**
     * How long opening one stream may take in all; 2 minutes unless set.
     *
     * @param timeout positive
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder streamTimeout(Duration timeout) throws TorException {
        pool = pool.withStreamTimeout(timeout);
        return this;
    }

    /**
     * Whether circuits are built ahead of the streams that are likely to come; they are unless turned off.
     *
     * @param predicted false to build none before it is asked for
     * @return this builder
     */
    public TorConfigBuilder predictCircuits(boolean predicted) {
        pool = pool.withPrediction(predicted);
        return this;
    }

    /**
     * How long after its first stream a circuit takes new ones; 10 minutes unless set.
     *
     * @param age not negative
     * @return this builder
     * @throws TorException of kind CONFIG if it is negative
     */
    public TorConfigBuilder maxCircuitDirtiness(Duration age) throws TorException {
        if (age.isNegative()) {
            throw new TorException(ErrorKind.CONFIG, "the age of a circuit can't be negative: " + age);
        }
        pool = pool.withMaxCircuitDirtiness(age);
        return this;
    }

    /**
     * Offers SOCKS on that port of the loopback address; 0 takes any free one.
     *
     * @param port 1 to 65535, or 0 for any free one
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder socksPort(int port) throws TorException {
        if (port < 0 || port > 65535) {
            throw new TorException(ErrorKind.CONFIG, "SOCKS port " + port + " is not from 0 to 65535");
        }
        return socksListener(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PortSettings.DEFAULT);
    }

    /**
     * Opens no SOCKS port, whatever was said before.
     *
     * @return this builder
     */
    public TorConfigBuilder noSocksPorts() {
        listenPorts.removeIf(port -> port.kind() == ListenerKind.SOCKS);
        return this;
    }

    /**
     * Offers SOCKS on that address.
     *
     * @param address where to listen
     * @param settings which programs may use it, and how their streams are kept apart
     * @return this builder
     */
    public TorConfigBuilder socksListener(InetSocketAddress address, PortSettings settings) {
        return listener(ListenerKind.SOCKS, address, settings);
    }

    /**
     * Opens a port for programs.
     *
     * @param kind what they speak there
     * @param address of a TCP port, or of a socket in the file system
     * @param settings which programs may use it, and how their streams are kept apart
     * @return this builder
     */
    public TorConfigBuilder listener(ListenerKind kind, SocketAddress address, PortSettings settings) {
        listenPorts.add(new TorConfig.ListenPort(kind, address, settings));
        return this;
    }

    /**
     * Has hosts reached by the exit that they were last reached by ({@code TrackHostExits}), which some want of those
     * who log in. Whoever sees that exit sees more of what goes there.
     *
     * @param hosts names; those of a whole domain with a dot before; a dot alone means all; none to track nothing
     * @param lifetime how long an exit is remembered after it was last used
     * @return this builder
     */
    public TorConfigBuilder trackHostExits(List<String> hosts, Duration lifetime) {
        trackedHosts = hosts;
        trackedHostsLifetime = lifetime;
        return this;
    }

    /**
     * What no program may ask for, whichever port it came by. Unless set, C tor's rules; on a private network for
     * tests, internal addresses are no harm.
     *
     * @param rules take the place of those before
     * @return this builder
     */
    public TorConfigBuilder requestRules(RequestRules rules) {
        requestRules = rules;
        return this;
    }

    /**
     * Uses these relays alone as guards: fingerprints, names, address patterns such as {@code 192.0.2.0/24}, and
     * countries such as {@code {de}}, with commas between them. Countries need {@link #countryFiles}.
     *
     * @param relays as in torrc, with commas in between
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder entryNodes(String relays) throws TorException {
        paths = paths.withEntryNodes(RelaySet.parse(relays));
        return this;
    }

    /**
     * Uses these relays alone as exits.
     *
     * @param relays as in torrc, with commas in between
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder exitNodes(String relays) throws TorException {
        paths = paths.withExitNodes(RelaySet.parse(relays));
        return this;
    }

    /**
     * Uses these relays nowhere.
     *
     * @param relays as in torrc, with commas in between
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder excludeNodes(String relays) throws TorException {
        paths = paths.withExcluded(RelaySet.parse(relays), paths.excludeExitNodes());
        return this;
    }

    /**
     * Does not use these relays as exits.
     *
     * @param relays as in torrc, with commas in between
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder excludeExitNodes(String relays) throws TorException {
        paths = paths.withExcluded(paths.excludeNodes(), RelaySet.parse(relays));
        return this;
    }

    /**
     * Uses these relays alone between guard and exit.
     *
     * @param relays as in torrc, with commas in between
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public TorConfigBuilder middleNodes(String relays) throws TorException {
        paths = paths.withMiddleNodes(RelaySet.parse(relays));
        return this;
    }

    /**
     * Where to look up in which country relays are; unless set, the files of Debian's package tor-geoipdb. They are
     * read by {@link #build}, and only if relays are named by country.
     *
     * @param ipv4 the file of IPv4 addresses ({@code GeoIPFile})
     * @param ipv6 the file of IPv6 addresses ({@code GeoIPv6File}); null for none
     * @return this builder
     */
    public TorConfigBuilder countryFiles(Path ipv4, @Nullable Path ipv6) {
        return countryFiles(new CountryFiles(ipv4, ipv6, countryFiles.excludeUnknown()));
    }

    /**
     * All that may be said of countries at once.
     *
     * @param files ranges of addresses and their countries, and what becomes of relays in none of them
     * @return this builder
     */
    public TorConfigBuilder countryFiles(CountryFiles files) {
        countryFiles = files;
        return this;
    }

    /**
     * Keeps the directory's documents, which can be fetched again, outside of the data directory
     * ({@code CacheDirectory}). No effect on a client that keeps nothing on disk.
     *
     * @param folder created 0700 if it is not there
     * @return this builder
     */
    public TorConfigBuilder cacheDirectory(Path folder) {
        cacheDirectory = folder;
        return this;
    }

    /**
     * Saves changes of the state once an hour, and at the end, instead of twice a minute ({@code AvoidDiskWrites}).
     *
     * @param avoid true to write less often
     * @return this builder
     */
    public TorConfigBuilder avoidDiskWrites(boolean avoid) {
        fewDiskWrites = avoid;
        return this;
    }

    /**
     * Has programs' streams to exits wait until a controller says which circuit they go on ({@code __LeaveStreamsUnattached}).
     *
     * @param leave whether they wait
     * @return this builder
     */
    public TorConfigBuilder leaveStreamsUnattached(boolean leave) {
        leaveStreamsUnattached = leave;
        return this;
    }

    /**
     * Asks authorities alone for the first consensus, without the built-in fallback directories
     * ({@code UseDefaultFallbackDirs 0}). Those that were given by {@link #fallbackDirectory} are asked all the same.
     *
     * @return this builder
     */
    public TorConfigBuilder withoutDefaultFallbacks() {
        withoutFallbacks = true;
        return this;
    }

    /**
     * Connects to relays from these addresses of this computer ({@code OutboundBindAddress}).
     *
     * @param addresses at most one of each family
     * @return this builder
     */
    public TorConfigBuilder outboundAddresses(OutboundAddresses addresses) {
        outbound = addresses;
        return this;
    }

    /**
     * How the first consensus is asked for.
     *
     * @param settings take the place of those before
     * @return this builder
     */
    public TorConfigBuilder firstConsensus(BootstrapSettings settings) {
        firstConsensus = settings;
        return this;
    }

    /**
     * Lets the group of this program's user list and read folders, which are for the user alone unless set
     * ({@code DataDirectoryGroupReadable, CacheDirectoryGroupReadable}).
     *
     * @param data whether it may read the data directory
     * @param cache whether it may read the cache directory, if that is another
     * @return this builder
     */
    public TorConfigBuilder groupReadable(boolean data, boolean cache) {
        dataForGroup = data;
        cacheForGroup = cache;
        return this;
    }

    /**
     * Connects to relays by way of a proxy alone, never directly ({@code Socks4Proxy, Socks5Proxy, HTTPSProxy}). While a
     * client runs, another proxy is used by new circuits; streams that are open stay as they are.
     *
     * @param used null to connect directly
     * @return this builder
     */
    public TorConfigBuilder proxy(@Nullable OutboundProxy used) {
        proxy = used;
        return this;
    }

    /**
     * How much may pass over links to relays, and how they are kept.
     *
     * @param settings take the place of those before
     * @return this builder
     */
    public TorConfigBuilder links(LinkSettings settings) {
        links = settings;
        return this;
    }

    /**
     * All that may be said of paths at once.
     *
     * @param settings take the place of all that was said before
     * @return this builder
     */
    public TorConfigBuilder paths(PathSettings settings) {
        paths = settings;
        return this;
    }

    /**
     * Connects to this bridge, and to no other relay but the bridges that are given as well; may be given several times. Of
     * two at one address the later one counts. A bridge whose fingerprint is not given must keep the one that it shows
     * first.
     *
     * @param torrcValue as after {@code Bridge} in a torrc file: address and port, then the fingerprint
     * @return this builder
     * @throws TorException of kind CONFIG that says what is wrong, or that the bridge needs a pluggable transport
     */
    public TorConfigBuilder bridge(String torrcValue) throws TorException {
        BridgeLine line = BridgeLine.parse(torrcValue);
        if (!line.transport().isEmpty()) {
            throw new TorException(
                    ErrorKind.CONFIG, "a bridge needs the pluggable transport " + line.transport() + ", and there are none yet");
        }
        bridges.removeIf(other -> other.address().equals(line.address()));
        bridges.add(line);
        return this;
    }

    /**
     * Uses no bridge, whatever was said before.
     *
     * @return this builder
     */
    public TorConfigBuilder noBridges() {
        bridges.clear();
        return this;
    }

    /**
     * Whether events and messages name bridges by address and fingerprint, as they do relays. Unless set they are called by
     * their place among those that were given, such as {@code [bridge 1]}: where they are is a secret.
     *
     * @param named true to name them
     * @return this builder
     */
    public TorConfigBuilder namedBridges(boolean named) {
        namesBridges = named;
        return this;
    }

    /**
     * Whether each change of the configuration has bridges asked again for what they say of themselves
     * ({@code ReconfigDropsBridgeDescs}).
     *
     * @param drops true to forget what is known
     * @return this builder
     */
    public TorConfigBuilder dropBridgeDescriptors(boolean drops) {
        dropsBridgeDescriptors = drops;
        return this;
    }

    /**
     * Which hops of onion-service circuits are chosen once and kept; the second, for days, unless set.
     *
     * @param settings take the place of those before
     * @return this builder
     */
    public TorConfigBuilder vanguards(VanguardSettings settings) {
        vanguards = settings;
        return this;
    }

    /**
     * All that may be said of the pool at once.
     *
     * @param settings take the place of all that was said before
     * @return this builder
     */
    public TorConfigBuilder pool(PoolSettings settings) {
        pool = settings;
        return this;
    }

    /**
     * Whether streams may go over sets of two circuits with one exit, which is faster; as the consensus says, unless set.
     *
     * @param choice takes the place of the one before
     * @return this builder
     */
    public TorConfigBuilder conflux(ConfluxChoice choice) {
        pool = pool.withConflux(choice);
        return this;
    }

    /**
     * How silent channels are padded against whoever keeps records of network flows. Holds for channels opened from
     * then on.
     *
     * @param mode takes the place of the one before
     * @param forced whether to pad channels to relays too that don't pad by themselves
     * @return this builder
     */
    public TorConfigBuilder channelPadding(ChannelPadding.Mode mode, boolean forced) {
        padding = mode;
        forcePadding = forced;
        return this;
    }

    /**
     * How much memory may be taken by what streams have received and nobody has read, and by cells that relays have not
     * taken, all together ({@code MaxMemInQueues}). When it is more, the circuits with the oldest data are closed, as
     * {@link dev.cepa.event.TorEvent.LowMemory} tells; reads then fail with
     * {@link dev.cepa.error.ErrorKind#RESOURCE_LIMIT}. A quarter of the Java heap's greatest size unless set.
     *
     * @param bytes at least a mebibyte
     * @return this builder
     * @throws TorException of kind CONFIG if it is less
     */
    public TorConfigBuilder maxMemoryInQueues(long bytes) throws TorException {
        if (bytes < QueueMemory.LEAST_BOUND) {
            throw new TorException(
                    ErrorKind.CONFIG, "MaxMemInQueues must be at least " + QueueMemory.LEAST_BOUND + " bytes, not " + bytes);
        }
        maxMemoryInQueues = bytes;
        return this;
    }

    /**
     * When the client goes to rest because nobody uses it.
     *
     * @param settings take the place of those before
     * @return this builder
     */
    public TorConfigBuilder dormant(DormantSettings settings) {
        dormant = settings;
        return this;
    }

    /**
     * Gives our key for an onion service that is for some clients only.
     *
     * @param address the service's, ending in {@code .onion}
     * @param key {@code descriptor:x25519:} and the private key in base32, or the latter alone
     * @return this builder
     * @throws TorException that says what is wrong with either, without repeating the key
     */
    public TorConfigBuilder onionClientKey(String address, String key) throws TorException {
        onions = onions.withClientKeys(Map.of(OnionAddress.parse(address), ClientAuthKey.parse(key)));
        return this;
    }

    /**
     * Whether descriptors of onion services are fetched, without which none can be reached, and those of this client's
     * own given to directories, without which none but those who have one can reach them
     * ({@code FetchHidServDescriptors, PublishHidServDescriptors}). Both unless set.
     *
     * @param fetched whether to fetch
     * @param published whether to publish
     * @return this builder
     */
    public TorConfigBuilder onionDescriptors(boolean fetched, boolean published) {
        onions = onions.withDescriptors(fetched, published);
        return this;
    }

    /**
     * Gives all client keys of a folder ({@code ClientOnionAuthDir}): files {@code *.auth_private} with
     * {@code <56 characters>:descriptor:x25519:<key>}. The folder is read now.
     *
     * @param folder where the files are
     * @return this builder
     * @throws TorException of kind STORAGE if it can't be read
     */
    public TorConfigBuilder onionClientKeys(Path folder) throws TorException {
        onions = onions.withClientKeys(ClientAuthFolder.read(folder));
        return this;
    }

    /**
     * Gives no client key for an onion service, whatever was said before.
     *
     * @param address the service's, ending in {@code .onion}
     * @return this builder
     * @throws TorException of kind BAD_REQUEST if that is no address
     */
    public TorConfigBuilder noOnionClientKey(String address) throws TorException {
        onions = onions.withoutClientKey(OnionAddress.parse(address));
        return this;
    }

    /**
     * All that may be said of onion services at once.
     *
     * @param settings take the place of all that was said before
     * @return this builder
     */
    public TorConfigBuilder onions(OnionSettings settings) {
        onions = settings;
        return this;
    }

    /**
     * All that may be said of channels at once.
     *
     * @param settings take the place of all that was said before
     * @return this builder
     */
    public TorConfigBuilder channels(ChannelSettings settings) {
        channels = settings;
        return this;
    }

    /**
     * All that may be said of circuits at once.
     *
     * @param settings take the place of all that was said before
     * @return this builder
     */
    public TorConfigBuilder circuits(CircuitSettings settings) {
        circuits = settings;
        return this;
    }

    /**
     * {@return the finished settings}
     *
     * @throws TorException of kind CONFIG if relays are named by country and the countries can't be looked up
     */
    public TorConfig build() throws TorException {
        return new TorConfig(this);
    }
}
