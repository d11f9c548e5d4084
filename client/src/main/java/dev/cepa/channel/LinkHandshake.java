package dev.cepa.channel;

import dev.cepa.cell.ByteReader;
import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.Cell;
import dev.cepa.cell.ChannelMessage;
import dev.cepa.cell.ChannelMessage.Certs;
import dev.cepa.cell.ChannelMessage.Netinfo;
import dev.cepa.cell.ChannelMessage.Versions;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.ProtocolException;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The handshake inside TLS (tor-spec section 4): our VERSIONS; the relay's VERSIONS, CERTS, AUTH_CHALLENGE and NETINFO, in
 * this order, with VPADDING allowed between them; our NETINFO. Reads not one byte past NETINFO. As a client we leave
 * AUTH_CHALLENGE unanswered, which is how relays tell a client. One use, one thread; the caller bounds the time.
 */
final class LinkHandshake {
    /** The link protocols that we speak. */
    private static final List<Integer> VERSIONS = List.of(4, 5);
    /** CERTS of today's relays have 2 KB; nothing else here is longer. */
    private static final int MAX_VARIABLE = 16 * 1024;
    /** All that a relay may send before the link is open, padding included. */
    private static final int MAX_TOTAL = 128 * 1024;
    /** A timestamp that comes later than this after our first message says nothing about clocks. */
    private static final Duration MAX_SKEW_DELAY = Duration.ofMinutes(3);

    /** What the handshake settled. {@code clockSkew} is positive if our clock is ahead, null if the relay gave no time. */
    record Result(int version, LinkVerifier.Identity identity, @Nullable Duration clockSkew) {}

    private final ChannelTarget target;
    private final InetAddress dialled;
    private final InstantSource clock;
    private final InputStream in;
    private final OutputStream out;
    /** Before VERSIONS is settled circuit ids have 2 bytes. */
    private int circuitIdLength = 2;
    private int total;

    LinkHandshake(
            ChannelTarget target, InetAddress dialled, InstantSource clock, InputStream in, OutputStream out) {
        this.target = target;
        this.dialled = dialled;
        this.clock = clock;
        this.in = in;
        this.out = out;
    }

    /**
     * Runs it.
     *
     * @param tlsDigest SHA-256 of the certificate of the relay's end of the TLS link, 32 bytes
     * @throws TorException if the relay breaks the protocol, or is not the one that we want
     * @throws IOException if the link breaks
     */
    Result run(byte[] tlsDigest) throws IOException {
        ByteWriter hello = new ByteWriter().u16(0).u8(Cell.VERSIONS).u16(2 * VERSIONS.size());
        new Versions(VERSIONS).write(hello);
        Instant start = clock.instant();
        out.write(hello.toByteArray());
        out.flush();

        int version = version((Versions) expect(Cell.VERSIONS));
        circuitIdLength = 4;
        Certs certs = (Certs) expect(Cell.CERTS);
        expect(Cell.AUTH_CHALLENGE);
        Netinfo netinfo = (Netinfo) expect(Cell.NETINFO);

        Instant now = clock.instant();
        Duration skew = clockSkew(netinfo, start, now);
        LinkVerifier.Identity identity = new LinkVerifier(target, now, skew).verify(certs, tlsDigest);

        ByteWriter answer = new ByteWriter(Cell.LENGTH).u32(0).u8(Cell.NETINFO);
        new Netinfo(0, dialled, List.of()).write(answer);
        out.write(answer.zeros(Cell.LENGTH - answer.size()).toByteArray());
        out.flush();
        return new Result(version, identity, skew);
    }

    private static int version(Versions theirs) throws ProtocolException {
        for (int i = VERSIONS.size() - 1; i >= 0; i--) {
            if (theirs.versions().contains(VERSIONS.get(i))) {
                return VERSIONS.get(i);
            }
        }
        throw new ProtocolException("no link protocol in common: it offers " + theirs.versions() + ", we " + VERSIONS);
    }

    private static @Nullable Duration clockSkew(Netinfo netinfo, Instant start, Instant now) {
        Duration delay = Duration.between(start, now);
        if (netinfo.timestamp() == 0 || delay.isNegative() || delay.compareTo(MAX_SKEW_DELAY) >= 0) {
            return null;
        }
        return Duration.between(Instant.ofEpochSecond(netinfo.timestamp()), now);
    }

    /** The next message, which must be of this command; VPADDING and further VERSIONS are passed over. */
    private ChannelMessage expect(int wanted) throws IOException {
        while (true) {
            byte[] header = read(circuitIdLength + 1, wanted);
            int command = header[circuitIdLength] & 0xff;
            byte[] body;
            if (Cell.isVariable(command)) {
                int length = new ByteReader(read(2, wanted)).u16();
                if (length > MAX_VARIABLE && command != Cell.VPADDING) {
                    throw new ProtocolException(Cell.name(command) + " of " + length + " bytes");
                }
                body = read(length, wanted);
            } else {
                body = read(Cell.BODY, wanted);
            }
            boolean first = wanted == Cell.VERSIONS;
            if (!first && (command == Cell.VPADDING || command == Cell.VERSIONS)) {
                continue;
            }
            if (command != wanted) {
                throw new ProtocolException(Cell.name(command) + " where " + Cell.name(wanted) + " belongs");
            }
            for (int i = 0; i < circuitIdLength; i++) {
                if (header[i] != 0) {
                    throw new ProtocolException(Cell.name(command) + " with a circuit id");
                }
            }
            return ChannelMessage.read(command, new ByteReader(body));
        }
    }

    private byte[] read(int n, int wanted) throws IOException {
        total += n;
        if (total > MAX_TOTAL) {
            throw new ProtocolException("more than " + MAX_TOTAL + " bytes before " + Cell.name(wanted));
        }
        byte[] bytes = in.readNBytes(n);
        if (bytes.length < n) {
            throw new TorException(ErrorKind.RELAY_UNREACHABLE, "it closed the link before " + Cell.name(wanted));
        }
        return bytes;
    }
}
