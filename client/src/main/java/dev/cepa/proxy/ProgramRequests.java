package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.ExitChoice;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.OpenedStream;
import dev.cepa.pool.SessionParameters;
import dev.cepa.pool.Sessions;
import dev.cepa.pool.StreamOpener;
import dev.cepa.pool.StreamRequest;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What becomes of programs' requests, whichever port they come by: they are refused, or answered by Tor. Thread-safe. */
public final class ProgramRequests {
    private static final Logger LOG = LoggerFactory.getLogger(ProgramRequests.class);
    private static final long WARNING_INTERVAL_NANOS = 5_000_000_000L;

    /** The group of controllers' questions, which no port is in. */
    private static final int CONTROLLERS = -1;

    private final StreamOpener opener;
    private final TorEvents events;
    private final Sessions sessions;
    private volatile RequestRules rules;
    private final AtomicLong nextUnsafeWarning = new AtomicLong(System.nanoTime());
    private final ReentrantLock lock = new ReentrantLock();
    /** Null until something is mapped. */
    private volatile @Nullable AddressMap map;
    /** Null until an answer is kept. */
    private volatile @Nullable AnswerCache cache;

    /**
     * @param opener opens streams and asks about names
     * @param sessions finds the exits that programs choose where they may
     * @param events hear of each request
     */
    public ProgramRequests(StreamOpener opener, RequestRules rules, Sessions sessions, TorEvents events) {
        this.opener = opener;
        this.sessions = sessions;
        this.events = events;
        this.rules = rules;
        setRules(rules);
    }

    /** Takes over other rules, for requests that come from now on. */
    public void setRules(RequestRules changed) {
        rules = changed;
        if (map != null || !changed.map().isIdle()) {
            addressMap().configure(changed.map());
        }
    }

    /** Which names and addresses stand for others. */
    public AddressMap addressMap() {
        lock.lock();
        try {
            AddressMap known = map;
            if (known == null) {
                known = new AddressMap(InstantSource.system(), new SecureRandom());
                known.configure(rules.map());
                map = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    private AnswerCache cache() {
        lock.lock();
        try {
            AnswerCache known = cache;
            if (known == null) {
                known = new AnswerCache(InstantSource.system());
                cache = known;
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    /** Forgets the answers that were kept. */
    public void forgetAnswers() {
        AnswerCache known = cache;
        if (known != null) {
            known.clear();
        }
    }

    /** Whether that can be asked for: an address, or the name of a host as strictly as the rules want it. */
    boolean isDestination(String host) {
        return HostText.isDestination(host) || rules.anyName() && HostText.isLooseName(host);
    }

    /**
     * Opens the stream that a program wants.
     *
     * @param early gives what may be sent before the far end has confirmed the connection
     * @throws RefusedException if it may not have it
     * @throws TorException whose kind says why it can't be opened
     */
    OpenedStream connect(ProgramRequest request, Supplier<byte[]> early, PortSettings settings, Deadline deadline)
            throws TorException {
        return told(request, "CONNECT", () -> connectNow(request, early, settings, deadline));
    }

    private OpenedStream connectNow(
            ProgramRequest request, Supplier<byte[]> early, PortSettings settings, Deadline deadline) throws TorException {
        if (request.port() == 0) {
            throw new RefusedException(false, "Application asked to connect to port 0. Refusing.");
        }
        checkPlaintext(request.port());
        StreamRequest wanted = mapped(request, named(rewritten(request)), settings).withEarly(early);
        checkKind(wanted.host(), settings);
        if (wanted.exits() == null) {
            checkInternal(wanted.host());
        }
        return opener.open(wanted, deadline);
    }

    private <T> T told(ProgramRequest request, String command, Action<T> action) throws TorException {
        long begun = System.nanoTime();
        TorException failure = null;
        try {
            return action.run();
        } catch (TorException e) {
            failure = e;
            throw e;
        } finally {
            if (events.hasListeners()) {
                events.emit(new TorEvent.ProxyRequest(
                        request.protocol(), command, Duration.ofNanos(System.nanoTime() - begun), failure));
            }
        }
    }

    private interface Action<T> {
        T run() throws TorException;
    }

    /** What the host stands for, by MapAddress. Programs may not choose exits by ".exit": web pages would for them. */
    private String rewritten(ProgramRequest request) throws RefusedException {
        // In lower case as C tor's, or exits could tell the two apart.
        String host = request.host().toLowerCase(Locale.ROOT);
        if (isExit(host)) {
            throw new RefusedException(false, "The \".exit\" notation is not supported. Refusing.");
        }
        AddressMap known = map;
        return known == null ? host : known.rewrite(host);
    }

    /** What a made-up address stands for. */
    private String named(String host) throws RefusedException {
        AddressMap known = map;
        InetAddress address = known == null ? null : HostText.parseAddress(host);
        if (known == null || address == null) {
            return host;
        }
        String name = known.name(address);
        if (name == null && known.isVirtual(address)) {
            throw new RefusedException(false, "Missing mapping for a virtual address. Refusing.");
        }
        return name == null ? host : known.rewrite(name);
    }

    private static boolean isExit(String host) {
        return host.endsWith(".exit") || host.endsWith(".exit.");
    }

    /** The request for that host, which may name its exit. */
    private StreamRequest mapped(ProgramRequest request, String host, PortSettings settings) throws TorException {
        if (!isExit(host)) {
            return streamRequest(request, host, settings);
        }
        String rest = host.substring(0, host.lastIndexOf(".exit"));
        int dot = rest.lastIndexOf('.');
        if (dot <= 0) {
            throw new RefusedException(false, "A mapping to \".exit\" names no host. Refusing.");
        }
        return streamRequest(request, rest.substring(0, dot), settings)
                .withExits(ExitChoice.relay(rest.substring(dot + 1)));
    }

    private void checkPlaintext(int port) throws RefusedException {
        RequestRules now = rules;
        boolean reject = now.rejectPorts().get(port);
        if (reject || now.warnPorts().get(port)) {
            String warning = "Application request to port " + port + ": what goes there is commonly not encrypted. "
                    + "Please make sure you don't send anything that the rest of the Internet may not read!";
            if (reject) {
                throw new RefusedException(true, warning + " Closing.");
            }
            LOG.warn(warning);
        }
    }

    private static void checkKind(String name, PortSettings settings) throws RefusedException {
        boolean onion = HostText.isOnion(name);
        if (onion && settings.noOnion()) {
            throw new RefusedException(true, "An onion service was asked for on a port with NoOnionTraffic. Rejecting.");
        }
        if (!onion && settings.onionOnly()) {
            throw new RefusedException(
                    true, "Something other than an onion service was asked for on a port with OnionTrafficOnly. Rejecting.");
        }
    }

    private void checkInternal(String host) throws RefusedException {
        if (!rules.rejectInternal()) {
            return;
        }
        InetAddress address = HostText.parseAddress(host);
        if (address == null ? InternalAddresses.isLocalName(host) : InternalAddresses.contains(address.getAddress())) {
            throw new RefusedException(
                    false, "Rejecting a request for an anonymous connection to a private address. (An exit can't reach it; "
                            + "see ClientRejectInternalAddresses.)");
        }
    }

    private StreamRequest streamRequest(ProgramRequest request, String host, PortSettings settings)
            throws RefusedException {
        IsolationKey key = settings.isolationKey(
                request.client(), request.protocol(), request.user(), request.password(), request.host(), request.port());
        StreamRequest wanted = new StreamRequest(host, request.port(), key, request.beginFlags(), false).from(request);
        if (settings.sessions() && SessionParameters.isMeant(request.user())) {
            return session(request, wanted);
        }
        return settings.keepAlive() && request.hasCredentials() ? wanted.keepingAlive() : wanted;
    }

    /** The request as its user name has it; kept apart by that in any case. */
    private StreamRequest session(ProgramRequest request, StreamRequest wanted) throws RefusedException {
        IsolationKey key = wanted.isolation().withCredentials(request.user(), request.password());
        try {
            SessionParameters parameters = SessionParameters.parse(request.user());
            boolean choosesExit = !parameters.exit().isEmpty() || parameters.lifetime() != null;
            if (choosesExit && HostText.isOnion(wanted.host())) {
                throw new RefusedException(
                        false, "Session parameters: a way to an onion service has no exit, and no lifetime to choose.");
            }
            return sessions.apply(parameters, wanted.withIsolation(key));
        } catch (TorException e) {
            throw e instanceof RefusedException refused ? refused : new RefusedException(false, String.valueOf(e.getMessage()));
        }
    }

    /**
     * Asks what a name's addresses are. An address is its own answer; names that stand for no address may get made-up ones.
     *
     * @param ipv6 whether a made-up address is to be of IPv6
     * @return at least one answer, all of them addresses
     * @throws RefusedException if the program may not ask
     * @throws TorException of kind NAME_NOT_FOUND if there is no answer, or one that may not be believed
     */
    List<Answer> resolve(ProgramRequest request, boolean ipv6, PortSettings settings, Deadline deadline) throws TorException {
        return told(request, "RESOLVE", () -> resolveNow(request, ipv6, settings, deadline));
    }

    private List<Answer> resolveNow(ProgramRequest request, boolean ipv6, PortSettings settings, Deadline deadline)
            throws TorException {
        checkNameRequests(settings);
        String host = rewritten(request);
        InetAddress address = HostText.parseAddress(host);
        AddressMap known = map;
        if (address == null && known != null) {
            address = known.automap(host, ipv6);
        }
        if (address != null) {
            return List.of(new Answer.Address(address, 0));
        }
        checkKind(host, settings);
        StreamRequest wanted = mapped(request, host, settings);
        List<Answer> answers = new ArrayList<>();
        for (Answer answer : ask(wanted, settings, deadline)) {
            if (answer instanceof Answer.Address found
                    && !(rules.rejectInternalAnswers() && InternalAddresses.contains(found.address().getAddress()))) {
                answers.add(answer);
            }
        }
        if (answers.isEmpty()) {
            throw new TorException(ErrorKind.NAME_NOT_FOUND, "the exit gave no answer that can be believed");
        }
        return answers;
    }

    /**
     * Asks what the name of an address is.
     *
     * @param request whose host is the address
     * @return at least one answer, all of them names
     * @throws RefusedException if the program may not ask
     * @throws TorException of kind NAME_NOT_FOUND if there is none
     */
    List<Answer> resolveReverse(ProgramRequest request, InetAddress address, PortSettings settings, Deadline deadline)
            throws TorException {
        return told(request, "RESOLVE_PTR", () -> resolveReverseNow(request, address, settings, deadline));
    }

    private List<Answer> resolveReverseNow(
            ProgramRequest request, InetAddress address, PortSettings settings, Deadline deadline) throws TorException {
        checkNameRequests(settings);
        AddressMap known = map;
        String made = known == null ? null : known.name(address);
        if (made != null) {
            return List.of(new Answer.Name(made, 0));
        }
        if (rules.rejectInternalAnswers() && InternalAddresses.contains(address.getAddress())) {
            throw new TorException(ErrorKind.NAME_NOT_FOUND, "a private address has no name, seen from an exit");
        }
        List<Answer> answers = new ArrayList<>();
        StreamRequest wanted = streamRequest(request, HostText.reverseName(address.getAddress()), settings);
        for (Answer answer : ask(wanted, settings, deadline)) {
            if (answer instanceof Answer.Name) {
                answers.add(answer);
            }
        }
        if (answers.isEmpty()) {
            throw new TorException(ErrorKind.NAME_NOT_FOUND, "the address has no name, seen from the exit");
        }
        return answers;
    }

    /**
     * Asks what a name's addresses are, or what the names of an address, for a controller. Mappings hold as for programs.
     *
     * @param reverse whether the host is an address whose names are wanted
     * @return at least one answer, no failures among them
     * @throws TorException that says why there is none
     */
    public List<Answer> resolveForController(String host, boolean reverse, Deadline deadline) throws TorException {
        ProgramRequest request = new ProgramRequest("CONTROL", "", 0, "", "", host, 0, 0);
        PortSettings settings =
                PortSettings.builder().group(CONTROLLERS).isolation(Set.of()).build();
        if (!reverse) {
            if (!isDestination(host)) {
                throw new TorException(ErrorKind.BAD_REQUEST, "that is neither a host name nor an address");
            }
            return resolve(request, false, settings, deadline);
        }
        InetAddress address = HostText.parseAddress(host);
        if (address == null) {
            throw new TorException(ErrorKind.BAD_REQUEST, "that is no address");
        }
        return resolveReverse(request, address, settings, deadline);
    }

    private static void checkNameRequests(PortSettings settings) throws RefusedException {
        if (!settings.nameRequests()) {
            throw new RefusedException(true, "A name was asked for on a port with NoDNSRequest. Rejecting.");
        }
    }

    /** Answers of an exit, or kept ones; no failures among them. */
    private List<Answer> ask(StreamRequest wanted, PortSettings settings, Deadline deadline) throws TorException {
        List<Answer> known = settings.useAnswers() && wanted.exits() == null
                ? cache().find(wanted.isolation(), wanted.host())
                : null;
        if (known != null) {
            return known;
        }
        List<Answer> answers = opener.resolve(wanted, deadline);
        for (Answer answer : answers) {
            if (answer instanceof Answer.Failure(boolean isTransient, long ttl)) {
                throw new TorException(
                        isTransient ? ErrorKind.HOST_UNREACHABLE : ErrorKind.NAME_NOT_FOUND,
                        isTransient ? "the exit could not find out" : "the exit knows of no such name");
            }
        }
        if (settings.keepAnswers() && wanted.exits() == null) {
            cache().keep(wanted.isolation(), wanted.host(), answers);
        }
        return answers;
    }

    /**
     * Says in the log, not too often, whether programs let Tor resolve names.
     *
     * @param always whether to praise too, and not to hold back
     */
    void noteSafety(SocksRequest request, boolean always) {
        if (request.byAddress() && request.command() != SocksRequest.Command.RESOLVE_PTR) {
            long now = System.nanoTime();
            long due = nextUnsafeWarning.get();
            if (always || now - due >= 0 && nextUnsafeWarning.compareAndSet(due, now + WARNING_INTERVAL_NANOS)) {
                LOG.warn(SocksHandshake.unsafe(request.version(), request.port()));
            }
        } else if (always) {
            LOG.info(
                    "Your application (using socks{} to port {}) instructed Tor to take care of the DNS resolution "
                            + "itself if necessary. This is good.",
                    request.version(),
                    request.port());
        }
    }
}
