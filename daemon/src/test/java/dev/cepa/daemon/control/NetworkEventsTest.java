package dev.cepa.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.error.CircuitException;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.StreamException;
import dev.cepa.error.TorException;
import dev.cepa.event.CircuitFacts;
import dev.cepa.event.StreamFacts;
import dev.cepa.event.StreamOrigin;
import dev.cepa.event.TorEvent;
import dev.cepa.event.TorEvent.ChannelStatus;
import dev.cepa.event.TorEvent.CircuitStatus;
import dev.cepa.event.TorEvent.StreamStatus;
import dev.cepa.proxy.SocketFileMode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Events of the client as C tor tells them; the lines are a real tor's, but for what it says of isolation. */
class NetworkEventsTest {
    private static final String GUARD = "$656C8321B06AC3B0F7D0FD6BBCD48684D31D190F~auth1";
    private static final String MIDDLE = "$CD12F3F911A43007E98EC805B4F56F1FFB663F7F~relay2";
    private static final String EXIT = "$20F78602C3EDF55E7B062C18D913EBCF7EE0EDA6~exit1";
    private static final List<String> PATH = List.of(GUARD, MIDDLE, EXIT);
    private static final CircuitFacts FACTS = new Facts("", Instant.parse("2026-11-30T02:07:47.697356Z"));

    private final TestHost host = new TestHost();
    private ControlServer server;
    private Controller controller;

    private record Facts(String closedFor, Instant created) implements CircuitFacts {
        @Override
        public List<String> hops() {
            return PATH;
        }

        @Override
        public long bytesReceived() {
            return 1018;
        }

        @Override
        public long bytesSent() {
            return 509;
        }

        @Override
        public long payloadReceived() {
            return 137;
        }

        @Override
        public long payloadSent() {
            return 100;
        }
    }

    private record Origin(String protocol, String source, String user, String password) implements StreamOrigin {}

    private record Stream(@Nullable StreamOrigin origin, long bytesReceived, long bytesWritten) implements StreamFacts {}

    @BeforeEach
    void open() throws Exception {
        server = new ControlServer(host);
        server.listen(List.of(new ControlPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), SocketFileMode.OWNER)));
        controller = Controller.in(((InetSocketAddress) server.addresses().getFirst()).getPort());
    }

    @AfterEach
    void close() throws Exception {
        controller.close();
        server.close();
    }

    /** The event that comes of something, and none before it. */
    private String told(String events, TorEvent what) throws Exception {
        controller.ok("SETEVENTS " + events);
        // SETEVENTS takes effect once its reply is on the way: the next command's reply says that it has.
        controller.ok("GETINFO version");
        server.onEvent(what);
        return controller.event("");
    }

    private static CircuitStatus circuit(CircuitStatus.Status status, String purpose, @Nullable Duration time) {
        return new CircuitStatus(3, status, purpose, PATH, null, time, null, FACTS);
    }

    @Test
    void tellsOfCircuitsAsTorDoes() throws Exception {
        assertThat(told("CIRC", circuit(CircuitStatus.Status.BUILT, "GENERAL", Duration.ofMillis(50))))
                .isEqualTo("650 CIRC 3 BUILT " + GUARD + "," + MIDDLE + "," + EXIT
                        + " BUILD_FLAGS=NEED_CAPACITY PURPOSE=GENERAL TIME_CREATED=2026-11-30T02:07:47.697356");
        CircuitStatus leg = new CircuitStatus(
                3, CircuitStatus.Status.EXTENDED, "CONFLUX_UNLINKED", PATH, null, null, "0f53bb93c9598998c58cb44c7c00b136", FACTS);
        assertThat(told("CIRC", leg)).endsWith(" BUILD_FLAGS=NEED_CAPACITY,NEED_UPTIME PURPOSE=CONFLUX_UNLINKED "
                + "TIME_CREATED=2026-11-30T02:07:47.697356 CONFLUX_ID=0F53BB93C9598998C58CB44C7C00B136");
        assertThat(told("CIRC", circuit(CircuitStatus.Status.LAUNCHED, "HS_VANGUARDS", null)))
                .contains(" BUILD_FLAGS=IS_INTERNAL,NEED_CAPACITY,NEED_UPTIME PURPOSE=HS_VANGUARDS ");
    }

    @Test
    void tellsOfANewPurposeAsOfAMinorChange() throws Exception {
        assertThat(told("CIRC CIRC_MINOR", circuit(CircuitStatus.Status.BUILT, "CONFLUX_LINKED", null)))
                .startsWith("650 CIRC_MINOR 3 PURPOSE_CHANGED " + GUARD + ",")
                .endsWith(" PURPOSE=CONFLUX_LINKED TIME_CREATED=2026-11-30T02:07:47.697356 OLD_PURPOSE=CONFLUX_UNLINKED");
    }

    @Test
    void saysWhyACircuitEnded() throws Exception {
        CircuitStatus destroyed = new CircuitStatus(
                3, CircuitStatus.Status.CLOSED, "GENERAL", PATH, new CircuitException(ErrorKind.CIRCUIT_FAILED, 8, "gone"), null,
                null, FACTS);
        assertThat(told("CIRC", destroyed)).endsWith(" REASON=DESTROYED REMOTE_REASON=CHANNEL_CLOSED");
        CircuitStatus asked = new CircuitStatus(
                3, CircuitStatus.Status.CLOSED, "GENERAL", PATH, new TorException(ErrorKind.CLOSED, "closed"), null, null,
                new Facts("REQUESTED", Instant.EPOCH));
        assertThat(told("CIRC", asked)).endsWith(" TIME_CREATED=1970-01-01T00:00:00.000000 REASON=REQUESTED");
        CircuitStatus slow = new CircuitStatus(
                3, CircuitStatus.Status.FAILED, "GENERAL", PATH, new TorException(ErrorKind.TIMEOUT, "slow"), null, null, FACTS);
        assertThat(told("CIRC", slow)).startsWith("650 CIRC 3 FAILED ").endsWith(" REASON=TIMEOUT");
    }

    @Test
    void tellsOfStreamsAndOfThoseTheyAreForAsTorDoes() throws Exception {
        Stream facts = new Stream(new Origin("SOCKS5", "127.0.0.1:35692", "us\"er", "p\u00ffw"), 0, 0);
        StreamStatus begun = new StreamStatus(12, StreamStatus.Status.NEW, 4, "127.0.0.1:26001", null, facts);
        assertThat(told("STREAM", begun)).isEqualTo("650 STREAM 12 NEW 0 127.0.0.1:26001 SOURCE_ADDR=127.0.0.1:35692 "
                + "PURPOSE=USER SOCKS_USERNAME=\"us\\\"er\" SOCKS_PASSWORD=\"p\\377w\" CLIENT_PROTOCOL=SOCKS5");
        StreamStatus sent = new StreamStatus(12, StreamStatus.Status.SENT_CONNECT, 4, "127.0.0.1:26001", null, facts);
        assertThat(told("STREAM", sent)).isEqualTo("650 STREAM 12 SENTCONNECT 4 127.0.0.1:26001 "
                + "SOCKS_USERNAME=\"us\\\"er\" SOCKS_PASSWORD=\"p\\377w\" CLIENT_PROTOCOL=SOCKS5");
        StreamStatus failed = new StreamStatus(
                12, StreamStatus.Status.FAILED, 4, "h:1", new StreamException(ErrorKind.CONNECTION_REFUSED, 3, "refused"));
        assertThat(told("STREAM", failed))
                .isEqualTo("650 STREAM 12 FAILED 4 h:1 REASON=END REMOTE_REASON=CONNECTREFUSED CLIENT_PROTOCOL=UNKNOWN");
        assertThat(controller.event(""))
                .isEqualTo("650 STREAM 12 CLOSED 4 h:1 REASON=END REMOTE_REASON=CONNECTREFUSED CLIENT_PROTOCOL=UNKNOWN");
    }

    @Test
    void aStreamToADirectoryHasATargetOfOneWord() throws Exception {
        StreamStatus begun = new StreamStatus(5, StreamStatus.Status.NEW, 1, "directory of relay " + GUARD, null);
        assertThat(told("STREAM", begun)).isEqualTo("650 STREAM 5 NEW 0 $656C8321B06AC3B0F7D0FD6BBCD48684D31D190F.exit:1 "
                + "PURPOSE=DIR_FETCH CLIENT_PROTOCOL=UNKNOWN");
    }

    @Test
    void tellsOfLinksAndOfTheNetworksBeingThere() throws Exception {
        String fingerprint = GUARD.substring(0, 41);
        assertThat(told("ORCONN", new ChannelStatus(6, ChannelStatus.Status.LAUNCHED, fingerprint, null)))
                .isEqualTo("650 ORCONN " + fingerprint + " LAUNCHED ID=6");
        assertThat(told("NETWORK_LIVENESS", new ChannelStatus(6, ChannelStatus.Status.CONNECTED, fingerprint, null)))
                .isEqualTo("650 NETWORK_LIVENESS UP");
        assertThat(told("ORCONN", new ChannelStatus(6, ChannelStatus.Status.CLOSED, fingerprint, null)))
                .isEqualTo("650 ORCONN " + fingerprint + " CLOSED REASON=DONE ID=6");
        TorException refused = new TorException(ErrorKind.RELAY_UNREACHABLE, "no");
        assertThat(told("NETWORK_LIVENESS", new ChannelStatus(7, ChannelStatus.Status.FAILED, fingerprint, refused)))
                .isEqualTo("650 NETWORK_LIVENESS DOWN");
        assertThat(told("ORCONN", new ChannelStatus(8, ChannelStatus.Status.FAILED, "[bridge 2]", refused)))
                .isEqualTo("650 ORCONN bridge2.invalid:1 FAILED REASON=IOERROR ID=8");
        assertThat(told("GUARD", new TorEvent.GuardStatus(GUARD, "UP"))).isEqualTo("650 GUARD ENTRY " + GUARD + " UP");
    }

    @Test
    void tellsOfBootstrappingAndItsProblems() throws Exception {
        assertThat(told("STATUS_CLIENT", new TorEvent.Bootstrap(5, "conn", "Connecting to a relay", null)))
                .isEqualTo("650 STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=5 TAG=conn SUMMARY=\"Connecting to a relay\"");
        assertThat(told("STATUS_CLIENT", new TorEvent.Bootstrap(5, "conn", "Connecting to a relay", "no \"way\"")))
                .isEqualTo("650 STATUS_CLIENT WARN BOOTSTRAP PROGRESS=5 TAG=conn SUMMARY=\"Connecting to a relay\" "
                        + "WARNING=\"no \\\"way\\\"\" REASON=MISC COUNT=1 RECOMMENDATION=warn HOSTID=\"?\" HOSTADDR=\"?\"");
        assertThat(told("STATUS_CLIENT", new TorEvent.Bootstrap(75, "enough_dirinfo", "Loaded", null)))
                .isEqualTo("650 STATUS_CLIENT NOTICE ENOUGH_DIR_INFO");
        assertThat(controller.event("PROGRESS=75")).endsWith("TAG=enough_dirinfo SUMMARY=\"Loaded\"");
        server.onEvent(new TorEvent.Bootstrap(100, "done", "Done", null));
        assertThat(controller.event("")).contains(" PROGRESS=100 ");
        assertThat(controller.event("")).isEqualTo("650 STATUS_CLIENT NOTICE CIRCUIT_ESTABLISHED");
        assertThat(told("STATUS_CLIENT", new TorEvent.ConsensusArrived(9, Instant.EPOCH, Instant.EPOCH)))
                .isEqualTo("650 STATUS_CLIENT NOTICE CONSENSUS_ARRIVED");
    }

    @Test
    void tellsOfClocks() throws Exception {
        assertThat(told("STATUS_GENERAL", new TorEvent.ClockSkew(Duration.ofHours(-2), "consensus")))
                .isEqualTo("650 STATUS_GENERAL WARN CLOCK_SKEW SKEW=-7200 SOURCE=CONSENSUS");
        assertThat(told("STATUS_GENERAL", new TorEvent.ClockJumped(Duration.ofSeconds(300), false)))
                .isEqualTo("650 STATUS_GENERAL WARN CLOCK_JUMPED TIME=300 IDLE=0");
    }

    @Test
    void tellsOfBuildTimesWithSixDigits() throws Exception {
        assertThat(told("BUILDTIMEOUT_SET", new TorEvent.BuildTimeoutSet(
                        TorEvent.BuildTimeoutSet.Type.COMPUTED, 1000, Duration.ofMillis(815), Duration.ofMillis(60_000), 283,
                        1.520695, 0.8, 0.292260, 0.011006)))
                .isEqualTo("650 BUILDTIMEOUT_SET COMPUTED TOTAL_TIMES=1000 TIMEOUT_MS=815 XM=283 ALPHA=1.520695 "
                        + "CUTOFF_QUANTILE=0.800000 TIMEOUT_RATE=0.292260 CLOSE_MS=60000 CLOSE_RATE=0.011006");
    }

    @Test
    void nothingComesThatIsNotWanted() throws Exception {
        controller.ok("SETEVENTS GUARD");
        controller.ok("GETINFO version");
        server.onEvent(circuit(CircuitStatus.Status.BUILT, "GENERAL", Duration.ZERO));
        server.onEvent(new TorEvent.GuardStatus(GUARD, "UP"));
        assertThat(controller.event("")).startsWith("650 GUARD ");
    }
}
