package dev.cepa.proxy;

import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.path.CountryFiles;
import dev.cepa.pool.OpenedStream;
import dev.cepa.pool.Sessions;
import dev.cepa.pool.StreamOpener;
import dev.cepa.pool.StreamRequest;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** Streams that are plain sockets to a server which sends back what it gets; or that fail as told. */
final class PlainOpener implements StreamOpener, Closeable {
    static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    final LinkedBlockingQueue<StreamRequest> requests = new LinkedBlockingQueue<>();
    final Map<String, List<Answer>> answers = new ConcurrentHashMap<>();
    volatile @Nullable TorException failure;
    private final ServerSocket server;

    PlainOpener() throws IOException {
        server = new ServerSocket(0, 50, LOOPBACK);
        Thread.ofVirtual().start(this::echoAll);
    }

    private void echoAll() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> echo(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void echo(Socket socket) {
        try (socket) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException e) {
            // the other side is gone
        }
    }

    ProgramRequests programs() {
        return new ProgramRequests(this, RequestRules.DEFAULT.withInternal(), new Sessions(() -> CountryFiles.DEFAULT), new TorEvents());
    }

    @Override
    public OpenedStream open(StreamRequest request, Deadline deadline) throws TorException {
        requests.add(request);
        TorException fails = failure;
        if (fails != null) {
            throw fails;
        }
        try {
            Socket socket = new Socket(LOOPBACK, server.getLocalPort());
            OutputStream out = socket.getOutputStream();
            request.sendEarly(out);
            return new OpenedStream(socket.getInputStream(), out, socket);
        } catch (IOException e) {
            throw new TorException(ErrorKind.INTERNAL, "test", e);
        }
    }

    @Override
    public List<Answer> resolve(StreamRequest request, Deadline deadline) throws TorException {
        requests.add(request);
        TorException fails = failure;
        if (fails != null) {
            throw fails;
        }
        List<Answer> found = answers.get(request.host());
        if (found == null) {
            throw new TorException(ErrorKind.NAME_NOT_FOUND, "test");
        }
        return found;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
