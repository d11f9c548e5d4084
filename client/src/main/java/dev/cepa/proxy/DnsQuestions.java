package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Begin;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers questions of DNS clients through Tor, whether they come by UDP or TCP. Thread-safe and without state. */
final class DnsQuestions {
    private static final Logger LOG = LoggerFactory.getLogger(DnsQuestions.class);
    /** Clients are told to keep an answer at least so long, as by C tor. */
    private static final long LEAST_TTL = 60;

    private DnsQuestions() {}

    /**
     * The reply to a message.
     *
     * @param client where it comes from
     * @param most how many bytes the reply may have
     * @return null if none is due
     */
    static byte @Nullable [] reply(
            byte[] data, int length, InetAddress client, PortSettings settings, ProgramRequests requests, int most) {
        DnsMessage message = DnsMessage.read(data, length);
        if (message == null) {
            return null;
        }
        if (message.problem() != DnsMessage.NO_ERROR || message.type() == 0) {
            return message.reply(message.problem(), most);
        }
        if (!settings.clients().test(client)) {
            LOG.warn("Rejecting a DNS request from an address that SocksPolicy does not let in.");
            return message.reply(DnsMessage.REFUSED, most);
        }
        return message.reply(answer(message, HostText.format(client.getAddress()), settings, requests), most);
    }

    /** Adds what answers there are; returns the code of the reply. */
    private static int answer(DnsMessage message, String client, PortSettings settings, ProgramRequests requests) {
        try {
            Deadline deadline = Deadline.in(settings.timeout());
            List<Answer> answers;
            if (message.type() == DnsMessage.PTR) {
                InetAddress address = message.reverseAddress();
                if (address == null) {
                    return DnsMessage.NO_SUCH_NAME;
                }
                answers = requests.resolveReverse(
                        request(client, HostText.format(address.getAddress()), 0), address, settings, deadline);
            } else {
                if (!requests.isDestination(message.name())) {
                    return DnsMessage.NO_SUCH_NAME;
                }
                boolean ipv6 = message.type() == DnsMessage.AAAA;
                int flags = ipv6 ? Begin.IPV6_OK | Begin.IPV4_NOT_OK : 0;
                answers = requests.resolve(request(client, message.name(), flags), ipv6, settings, deadline);
            }
            for (Answer answer : answers) {
                switch (answer) {
                    case Answer.Address(var address, long ttl) -> message.add(address, Math.max(LEAST_TTL, ttl));
                    case Answer.Name(String name, long ttl) -> message.add(name, Math.max(LEAST_TTL, ttl));
                    case Answer.Failure failure -> {}
                }
            }
            return DnsMessage.NO_ERROR;
        } catch (TorException e) {
            if (e instanceof RefusedException) {
                LOG.info(e.getMessage());
                return DnsMessage.REFUSED;
            }
            // An onion service has no address, and nobody should be asked for it elsewhere.
            return e.kind() == ErrorKind.NAME_NOT_FOUND || e.kind() == ErrorKind.BAD_REQUEST
                    ? DnsMessage.NO_SUCH_NAME
                    : DnsMessage.SERVER_FAILURE;
        }
    }

    private static ProgramRequest request(String client, String host, int beginFlags) {
        return new ProgramRequest("DNS", client, 0, "", "", host, 0, beginFlags);
    }
}
