package dev.cepa.proxy;

import dev.cepa.error.Deadline;
import dev.cepa.error.TorException;
import java.io.IOException;
import java.net.InetAddress;

/** A DNS client that came by TCP, and may ask several questions (RFC 7766). Owned as {@link ProgramConnection} says. */
final class DnsConnection extends ProgramConnection {
    private static final int MOST = 65_535;
    /** No question is longer: a name, and what resolvers add. */
    private static final int LONGEST_QUESTION = 4096;

    DnsConnection(LocalSocket socket, PortSettings settings, ProgramRequests requests, CopyBuffers buffers) {
        super(socket, settings, requests, buffers);
    }

    @Override
    void converse() throws IOException {
        InetAddress client = socket.client();
        while (client != null) {
            Deadline deadline = Deadline.in(settings.timeout());
            byte[] head = readFully(2, deadline);
            int length = head.length < 2 ? 0 : (head[0] & 0xff) << 8 | head[1] & 0xff;
            byte[] message = length == 0 || length > LONGEST_QUESTION ? head : readFully(length, deadline);
            byte[] reply = length == 0 || message.length != length
                    ? null
                    : DnsQuestions.reply(message, length, client, settings, requests, MOST);
            if (reply == null) {
                return;
            }
            requestMade();
            byte[] framed = new byte[2 + reply.length];
            framed[0] = (byte) (reply.length >> 8);
            framed[1] = (byte) reply.length;
            System.arraycopy(reply, 0, framed, 2, reply.length);
            send(framed);
        }
    }

    /** So many bytes; fewer if the client ends before. */
    private byte[] readFully(int count, Deadline deadline) throws IOException {
        byte[] all = new byte[count];
        int done = 0;
        while (done < count) {
            byte[] part = new byte[count - done];
            int read = read(part, deadline);
            if (read < 0) {
                return java.util.Arrays.copyOf(all, done);
            }
            System.arraycopy(part, 0, all, done, read);
            done += read;
        }
        return all;
    }

    @Override
    byte[] failure(TorException e) {
        return new byte[0];
    }
}
