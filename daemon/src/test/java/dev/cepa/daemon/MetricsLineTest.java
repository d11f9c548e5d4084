package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsLineTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private final List<String> warnings = new ArrayList<>();

    private MetricsLine read(String... lines) throws TorException {
        Settings settings = new Settings(OptionTable.load());
        List<ConfigLine> all = new ArrayList<>();
        for (String line : lines) {
            String[] words = line.split(" ", 2);
            all.add(new ConfigLine(words[0], words[1], ConfigLine.Mode.SET, "torrc", all.size() + 1));
        }
        settings.apply(all, true);
        return MetricsLine.read(settings, warnings);
    }

    private static InetAddress address(int... bytes) throws Exception {
        return InetAddress.getByAddress(new byte[] {(byte) bytes[0], (byte) bytes[1], (byte) bytes[2], (byte) bytes[3]});
    }

    @Test
    void isOffUnlessAskedFor() throws Exception {
        assertThat(read()).isNull();
        assertThat(read("MetricsPort 0")).isNull();
    }

    @Test
    void listensOnLoopbackForLoopbackUnlessToldOtherwise() throws Exception {
        MetricsLine line = read("metrics-port 9035");
        assertThat(line.address().getAddress()).isEqualTo(LOOPBACK);
        assertThat(line.address().getPort()).isEqualTo(9035);
        assertThat(line.allows(LOOPBACK)).isTrue();
        assertThat(line.allows(address(10, 0, 0, 5))).isFalse();
        assertThat(line.fingerprints()).isFalse();
        assertThat(line.destinations()).isFalse();
        assertThat(read("MetricsPort 0.0.0.0:9035").allows(address(10, 0, 0, 5))).as("without a policy").isFalse();
        assertThat(warnings).isEmpty();
    }

    @Test
    void followsItsPolicy() throws Exception {
        MetricsLine line = read(
                "MetricsPort 0.0.0.0:9035 prometheus", "MetricsPortPolicy reject 10.0.0.6", "MetricsPortPolicy accept 10.0.0.0/24");
        assertThat(line.allows(address(10, 0, 0, 5))).isTrue();
        assertThat(line.allows(address(10, 0, 0, 6))).isFalse();
        assertThat(line.allows(address(10, 0, 1, 5))).isFalse();
        assertThat(line.allows(LOOPBACK)).isFalse();
        assertThat(warnings).singleElement().asString().contains("Others can reach the MetricsPort");
    }

    @Test
    void takesFlags() throws Exception {
        MetricsLine line = read("MetricsPort [::1]:auto Fingerprints Host=Cepa.internal FlightRecorder OpenTelemetry", "SafeLogging 0");
        assertThat(line.address().getPort()).isZero();
        assertThat(line.hostNames()).containsExactly("cepa.internal");
        assertThat(line.fingerprints() && line.destinations() && line.flightRecorder() && line.openTelemetry()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.com:9035", "9035x", "70000", "127.0.0.1:-1", "9035 json", "9035 Host="})
    void refusesWhatItDoesNotKnow(String value) {
        assertThatThrownBy(() -> read("MetricsPort " + value)).isInstanceOf(TorException.class).hasMessageContaining("torrc");
    }

    @Test
    void refusesASecondPortAndABadPolicy() {
        assertThatThrownBy(() -> read("MetricsPort 1", "MetricsPort 2")).hasMessageContaining("one MetricsPort");
        assertThatThrownBy(() -> read("MetricsPort 1", "MetricsPortPolicy perhaps 1.2.3.4")).hasMessageContaining("MetricsPortPolicy");
    }
}
