package dev.cepa.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.event.TorEvent.StreamStatus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LivePageTest {
    private static MonitorSettings settings(boolean destinations) {
        MonitorSettings standard = MonitorSettings.DEFAULT;
        return new MonitorSettings(standard.address(), standard.allowed(), List.of(), false, destinations);
    }

    /** The first state that a page is sent; the sampler sends it within a second or so. */
    private static String state(Monitor monitor) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), monitor.address().getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            while (true) {
                String line = in.readLine();
                assertThat(line).isNotNull();
                if (line.startsWith("data: {\"now\":")) {
                    return line;
                }
            }
        }
    }

    @Test
    void showsWhereStreamsGoOnlyIfThatIsAllowed() throws Exception {
        try (Monitor monitor = Monitor.open(settings(false))) {
            Events.everything().forEach(monitor::onEvent);
            monitor.onEvent(Events.stream(9, StreamStatus.Status.SUCCEEDED, "directory of one", null));
            assertThat(state(monitor)).contains("\"target\":\"[scrubbed]:443\"", "\"target\":\"directory of one\"")
                    .doesNotContain("secret");
            monitor.reconfigure(settings(true));
            assertThat(state(monitor)).contains("\"target\":\"secret.example:443\"");
            monitor.reconfigure(settings(false));
            assertThat(state(monitor)).doesNotContain("secret");
        }
    }

    @Test
    void showsAllThatThereIs() throws Exception {
        try (Monitor monitor = Monitor.open(settings(false))) {
            Events.everything().forEach(monitor::onEvent);
            assertThat(state(monitor)).contains(
                    "\"bootstrap\":{\"percent\":100,", "\"path\":[\"one\",\"two\",\"three\"]",
                    "{\"name\":\"one\",\"state\":\"up\"},{\"name\":\"two\",\"state\":\"down\"}",
                    "{\"address\":\"" + Events.ONION + ".onion\",\"points\":1,\"clients\":1,\"published\":true}",
                    "\"name\":\"clock\",\"status\":\"degraded\"", "\"remedy\":\"Set this computer's clock");
        }
    }

    @Test
    void isSentToEightReadersAtOnceAndNotToANinth() throws Exception {
        List<Socket> open = new ArrayList<>();
        try (Monitor monitor = Monitor.open(settings(false))) {
            for (int i = 0; i < 9; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), monitor.address().getPort());
                open.add(socket);
                socket.setSoTimeout(60_000);
                socket.getOutputStream().write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                String status = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8)).readLine();
                assertThat(status).isEqualTo(i < 8 ? "HTTP/1.1 200 OK" : "HTTP/1.1 503 Service Unavailable");
            }
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }
}
