package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import dev.cepa.proxy.SocksRequest.Command;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection to a SOCKS port. Owned as {@link ProgramConnection} says. */
final class SocksConnection extends ProgramConnection {
    private static final Logger LOG = LoggerFactory.getLogger(SocksConnection.class);

    private static final int HANDSHAKE_BUFFER = 600;

    private int version;

    SocksConnection(LocalSocket socket, PortSettings settings, ProgramRequests requests, CopyBuffers buffers) {
        super(socket, settings, requests, buffers);
    }

    @Override
    void converse() throws IOException {
        SocksHandshake handshake = new SocksHandshake(settings.safeSocks(), settings.preferNoAuthentication());
        SocksHandshake.State state = shakeHands(handshake);
        requestMade();
        if (state == SocksHandshake.State.DONE) {
            serve(handshake.request(), handshake.rest());
        } else if (state == SocksHandshake.State.REFUSED) {
            LOG.warn(handshake.problem());
            tunnel.hangUp();
        }
    }

    /** Reads and answers until there is a request; MORE if the program went away before. */
    private SocksHandshake.State shakeHands(SocksHandshake handshake) throws IOException {
        Deadline deadline = Deadline.in(settings.timeout());
        byte[] buffer = new byte[HANDSHAKE_BUFFER];
        SocksHandshake.State state = SocksHandshake.State.MORE;
        while (state == SocksHandshake.State.MORE) {
            int count = read(buffer, deadline);
            if (count < 0) {
                return state;
            }
            state = handshake.accept(buffer, 0, count);
            send(handshake.takeReply());
        }
        return state;
    }

    private void serve(SocksRequest request, byte[] early) throws IOException {
        version = request.version();
        requests.noteSafety(request, settings.testSocks());
        ProgramRequest wanted = new ProgramRequest(
                version == 4 ? "SOCKS4" : "SOCKS5", client(), socket.clientPort(), request.user(),
                request.password(), request.host(),
                request.command() == Command.CONNECT ? request.port() : 0, settings.beginFlags());
        if (request.command() == Command.CONNECT) {
            carry(wanted, early, SocksReply.status(version, SocksReply.SUCCEEDED));
        } else {
            end(resolve(request.command(), wanted));
        }
    }

    private byte[] resolve(Command command, ProgramRequest wanted) {
        Deadline deadline = Deadline.in(settings.timeout());
        try {
            InetAddress address = HostText.parseAddress(wanted.host());
            List<Answer> answers = command == Command.RESOLVE_PTR && address != null
                    ? requests.resolveReverse(wanted, address, settings, deadline)
                    : preferredFirst(requests.resolve(wanted, version == 5 && settings.preferIpv6Automap(), settings, deadline));
            return SocksReply.resolved(version, answers);
        } catch (TorException e) {
            log(e, 0);
            return failure(e);
        }
    }

    /** Addresses of the families that the port allows, those of the preferred one first. */
    private List<Answer> preferredFirst(List<Answer> answers) {
        int flags = settings.beginFlags();
        List<Answer> ordered = new ArrayList<>(answers.size());
        int firsts = 0;
        for (Answer answer : answers) {
            boolean ipv6 = answer instanceof Answer.Address(var address, long ttl) && address.getAddress().length == 16;
            if ((flags & (ipv6 ? Begin.IPV6_OK : Begin.IPV4_NOT_OK)) != 0 == ipv6) {
                boolean first = ipv6 == ((flags & Begin.IPV6_PREFERRED) != 0);
                ordered.add(first ? firsts++ : ordered.size(), answer);
            }
        }
        return ordered;
    }

    @Override
    byte[] failure(TorException e) {
        return SocksReply.status(version, SocksReply.statusOf(e, settings.extendedErrors()));
    }
}
