package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.RelayMessage.Resolved;
import dev.cepa.error.Deadline;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import dev.cepa.path.CountryFiles;
import dev.cepa.pool.OpenedStream;
import dev.cepa.pool.Sessions;
import dev.cepa.pool.StreamOpener;
import dev.cepa.pool.StreamRequest;
import dev.cepa.proxy.ListenerKind;
import dev.cepa.proxy.PortSettings;
import dev.cepa.proxy.ProgramRequests;
import dev.cepa.proxy.RequestRules;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SOCKS ports that come and go while programs use them. */
@Timeout(120)
class ListenersTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final byte[] REQUEST = {5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 0, 7};

    private final Listeners ports = new Listeners(new ProgramRequests(new Sockets(), RequestRules.DEFAULT.withInternal(), new Sessions(() -> CountryFiles.DEFAULT), new TorEvents()), new TorEvents());
    private ServerSocket server;

    /** Opens plain sockets to {@link #server}. */
    private final class Sockets implements StreamOpener {
        @Override
        public OpenedStream open(StreamRequest request, Deadline deadline) throws TorException {
            try {
                Socket socket = new Socket(LOOPBACK, server.getLocalPort());
                return new OpenedStream(socket.getInputStream(), socket.getOutputStream(), socket);
            } catch (IOException e) {
                throw new TorException(ErrorKind.INTERNAL, "test", e);
            }
        }

        @Override
        public List<Resolved.Answer> resolve(StreamRequest request, Deadline deadline) {
            throw new UnsupportedOperationException();
        }
    }

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 50, LOOPBACK);
    }

    @AfterEach
    void close() throws IOException {
        ports.close();
        server.close();
    }

    private static TorConfig.ListenPort port(InetAddress address, int number) {
        return new TorConfig.ListenPort(ListenerKind.SOCKS, new InetSocketAddress(address, number), PortSettings.DEFAULT);
    }

    private int number(int index) {
        return ((InetSocketAddress) ports.addresses(ListenerKind.SOCKS).get(index)).getPort();
    }

    private static Socket connect(int number) throws IOException {
        Socket socket = new Socket(LOOPBACK, number);
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write(REQUEST);
        assertThat(socket.getInputStream().readNBytes(12)).startsWith(5, 0, 5, 0);
        return socket;
    }

    @Test
    void aPortThatStaysGoesOnAndOneThatGoesKeepsItsConnections() throws Exception {
        ports.open(List.of(port(LOOPBACK, 0), port(LOOPBACK, 0)));
        int first = number(0);
        int second = number(1);
        try (Socket leaving = connect(second);
                Socket far = server.accept()) {
            ports.open(List.of(port(LOOPBACK, 0)));
            assertThat(ports.addresses(ListenerKind.SOCKS)).hasSize(1);
            assertThat(number(0)).isEqualTo(first);
            connect(first).close();
            assertThatThrownBy(() -> connect(second)).isInstanceOf(ConnectException.class);
            far.getOutputStream().write(9);
            assertThat(leaving.getInputStream().read()).isEqualTo(9);
        }
    }

    @Test
    void ifOneCanNotBeOpenedAllIsAsItWas() throws Exception {
        ports.open(List.of(port(LOOPBACK, 0)));
        int number = number(0);
        List<TorConfig.ListenPort> wanted = List.of(port(LOOPBACK, 0), port(LOOPBACK, 0), port(LOOPBACK, server.getLocalPort()));
        assertThatThrownBy(() -> ports.open(wanted))
                .isInstanceOfSatisfying(TorException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIG));
        assertThat(ports.addresses(ListenerKind.SOCKS)).containsExactly(new InetSocketAddress(LOOPBACK, number));
        connect(number).close();
    }

    @Test
    void aPortCanMoveFromOneAddressToAll() throws Exception {
        ports.open(List.of(port(LOOPBACK, 0)));
        int number = number(0);
        InetAddress any = InetAddress.getByAddress(new byte[4]);
        try (Socket before = connect(number)) {
            ports.open(List.of(port(any, number)));
            assertThat(ports.addresses(ListenerKind.SOCKS)).containsExactly(new InetSocketAddress(any, number));
            connect(number).close();
            assertThat(before.isClosed()).isFalse();
        }
    }

    @Test
    void aPortThatHadToMakeRoomInVainIsOpenedAgain() throws Exception {
        ports.open(List.of(port(LOOPBACK, 0)));
        int number = number(0);
        InetAddress any = InetAddress.getByAddress(new byte[4]);
        assertThatThrownBy(() -> ports.open(List.of(port(any, number), port(LOOPBACK, server.getLocalPort()))))
                .isInstanceOf(TorException.class);
        assertThat(ports.addresses(ListenerKind.SOCKS)).containsExactly(new InetSocketAddress(LOOPBACK, number));
        connect(number).close();
    }

    @Test
    void newConnectionsHaveTheNewSettings() throws Exception {
        PortSettings onionOnly = PortSettings.builder().onions(true, false).build();
        ports.open(List.of(port(LOOPBACK, 0)));
        int number = number(0);
        connect(number).close();
        ports.open(List.of(new TorConfig.ListenPort(ListenerKind.SOCKS, new InetSocketAddress(LOOPBACK, 0), onionOnly)));
        try (Socket socket = new Socket(LOOPBACK, number)) {
            socket.getOutputStream().write(REQUEST);
            assertThat(socket.getInputStream().readNBytes(4)).startsWith(5, 0, 5, 2);
        }
    }
}
