package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvents;
import dev.cepa.pool.IsolationKey;
import dev.cepa.pool.OpenedStream;
import dev.cepa.pool.StreamOpener;
import dev.cepa.pool.StreamRequest;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What becomes of programs' requests, whichever port they come by: they are refused, or answered by Tor. Thread-safe. */
public final class ProgramRequests {
    private static final Logger LOG = LoggerFactory.getLogger(ProgramRequests.class);
    private static final long WARNING_INTERVAL_NANOS = 5_000_000_000L;

    private final StreamOpener opener;
    private final TorEvents events;
    private volatile RequestRules rules;
    private final AtomicLong nextUnsafeWarning = new AtomicLong(System.nanoTime());

    /** @param opener opens streams and asks about names */
    public ProgramRequests(StreamOpener opener, RequestRules rules, TorEvents events) {
        this.opener = opener;
        this.events = events;
        this.rules = rules;
    }

    /** Takes over other rules, for requests that come from now on. */
    public void setRules(RequestRules changed) {
        rules = changed;
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
        long begun = System.nanoTime();
        try {
            OpenedStream opened = connectNow(request, early, settings, deadline);
            tell(request, "CONNECT", begun, null);
            return opened;
        } catch (TorException e) {
            tell(request, "CONNECT", begun, e);
            throw e;
        }
    }

    private OpenedStream connectNow(
            ProgramRequest request, Supplier<byte[]> early, PortSettings settings, Deadline deadline) throws TorException {
        if (request.port() == 0) {
            throw new RefusedException(false, "Application asked to connect to port 0. Refusing.");
        }
        checkPlaintext(request.port());
        checkKind(request.host(), settings);
        checkInternal(request.host());
        return opener.open(streamRequest(request, request.host(), settings).withEarly(early), deadline);
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
        String host = name.toLowerCase(Locale.ROOT);
        if (host.endsWith(".exit") || host.endsWith(".exit.")) {
            throw new RefusedException(false, "The \".exit\" notation is not supported. Refusing.");
        }
        boolean onion = HostText.isOnion(host);
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

    private static StreamRequest streamRequest(ProgramRequest request, String host, PortSettings settings) {
        IsolationKey key = settings.isolationKey(
                request.client(), request.protocol(), request.user(), request.password(), request.host(), request.port());
        StreamRequest wanted = new StreamRequest(host, request.port(), key, request.beginFlags(), false);
        return settings.keepAlive() && request.hasCredentials() ? wanted.keepingAlive() : wanted;
    }

    /**
     * Asks what a name's addresses are. An address is its own answer.
     *
     * @return at least one answer
     * @throws RefusedException if the program may not ask
     * @throws TorException of kind NAME_NOT_FOUND if there is no answer, or one that may not be believed
     */
    List<Answer> resolve(ProgramRequest request, PortSettings settings, Deadline deadline) throws TorException {
        long begun = System.nanoTime();
        try {
            checkNameRequests(settings);
            InetAddress address = HostText.parseAddress(request.host());
            List<Answer> answers = address == null
                    ? believable(ask(request, request.host(), settings, deadline))
                    : List.of(new Answer.Address(address, 0));
            tell(request, "RESOLVE", begun, null);
            return answers;
        } catch (TorException e) {
            tell(request, "RESOLVE", begun, e);
            throw e;
        }
    }

    /**
     * Asks what the name of an address is.
     *
     * @param request whose host is the address
     * @return at least one answer
     * @throws RefusedException if the program may not ask
     * @throws TorException of kind NAME_NOT_FOUND if there is none
     */
    List<Answer> resolveReverse(ProgramRequest request, InetAddress address, PortSettings settings, Deadline deadline)
            throws TorException {
        long begun = System.nanoTime();
        try {
            checkNameRequests(settings);
            if (rules.rejectInternalAnswers() && InternalAddresses.contains(address.getAddress())) {
                throw new TorException(ErrorKind.NAME_NOT_FOUND, "a private address has no name, seen from an exit");
            }
            List<Answer> answers = ask(request, HostText.reverseName(address.getAddress()), settings, deadline);
            tell(request, "RESOLVE_PTR", begun, null);
            return answers;
        } catch (TorException e) {
            tell(request, "RESOLVE_PTR", begun, e);
            throw e;
        }
    }

    private void tell(ProgramRequest request, String command, long begun, @Nullable TorException failure) {
        if (events.hasListeners()) {
            events.emit(new TorEvent.ProxyRequest(
                    request.protocol(), command, Duration.ofNanos(System.nanoTime() - begun), failure));
        }
    }

    private static void checkNameRequests(PortSettings settings) throws RefusedException {
        if (!settings.nameRequests()) {
            throw new RefusedException(true, "A name was asked for on a port with NoDNSRequest. Rejecting.");
        }
    }

    private List<Answer> ask(ProgramRequest request, String name, PortSettings settings, Deadline deadline)
            throws TorException {
        return opener.resolve(streamRequest(request, name, settings), deadline);
    }

    private List<Answer> believable(List<Answer> answers) throws TorException {
        if (!rules.rejectInternalAnswers()) {
            return answers;
        }
        List<Answer> good = new ArrayList<>(answers.size());
        for (Answer answer : answers) {
            if (!(answer instanceof Answer.Address a && InternalAddresses.contains(a.address().getAddress()))) {
                good.add(answer);
            }
        }
        if (good.isEmpty()) {
            throw new TorException(
                    ErrorKind.NAME_NOT_FOUND, "the exit answered with private addresses only, which were not believed");
        }
        return good;
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
