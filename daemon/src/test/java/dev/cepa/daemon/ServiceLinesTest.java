package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import dev.cepa.onion.OnionAddress;
import dev.cepa.onion.ServiceSettings.IntroductionLimit;
import dev.cepa.onion.ServiceSettings.ProofOfWork;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceLinesTest {
    private static List<ServiceLines> of(String torrc) throws TorException {
        return ServiceLines.readAll(Configuration.read(CommandLine.parse("-f", "-"), torrc).settings());
    }

    @Test
    void eachLineBelongsToTheFolderBeforeIt() throws Exception {
        List<ServiceLines> services = of("""
                SocksPort 0
                HiddenServiceDir /srv/a
                HiddenServicePort 80 127.0.0.1:8080
                HiddenServiceNumIntroductionPoints 5
                HiddenServiceDir /srv/b
                HiddenServiceVersion 3
                HiddenServiceMaxStreams 10
                HiddenServiceMaxStreamsCloseCircuit 1
                HiddenServicePort 22
                HiddenServicePort 80 unix:/run/web.sock
                HiddenServicePort 80 localhost:8081
                """);
        assertThat(services).hasSize(2);
        ServiceLines first = services.get(0);
        assertThat(first.folder()).isEqualTo(Path.of("/srv/a"));
        assertThat(first.settings().introPoints()).isEqualTo(5);
        assertThat(first.settings().streams().most()).isZero();
        assertThat(first.ports()).containsOnlyKeys(80);
        ServiceLines second = services.get(1);
        assertThat(second.settings().introPoints()).isEqualTo(3);
        assertThat(second.settings().streams().most()).isEqualTo(10);
        assertThat(second.settings().streams().closesCircuit()).isTrue();
        assertThat(second.ports().get(22)).containsExactly(new InetSocketAddress("127.0.0.1", 22));
        assertThat(second.ports().get(80))
                .containsExactly(
                        UnixDomainSocketAddress.of("/run/web.sock"), new InetSocketAddress("127.0.0.1", 8081));
        assertThat(of("SocksPort 9050")).isEmpty();
    }

    @Test
    void clientsThatWorkArePreferredIfTheTorrcSaysSo() throws Exception {
        String lines = "HiddenServiceDir /srv/a\nHiddenServicePort 80\nHiddenServicePoWDefensesEnabled 1\n";
        assertThat(of(lines).get(0).settings().proofOfWork()).isEqualTo(new ProofOfWork(250, 2500));
        String other = lines + "HiddenServicePoWQueueRate 5\nHiddenServicePoWQueueBurst 6\n";
        assertThat(of(other).get(0).settings().proofOfWork()).isEqualTo(new ProofOfWork(5, 6));
        assertThat(of(lines.replace("Enabled 1", "Enabled 0")).get(0).settings().proofOfWork()).isNull();
    }

    @Test
    void whatIsSaidOfCircuitsAndFoldersHoldsForTheServiceAlone() throws Exception {
        List<ServiceLines> services = of("""
                HiddenServiceDir /srv/a
                HiddenServicePort 80
                HiddenServiceExportCircuitID HAProxy
                HiddenServiceAllowUnknownPorts 0
                HiddenServiceDirGroupReadable 1
                HiddenServiceDir /srv/b
                HiddenServicePort 80
                HiddenServiceAllowUnknownPorts 1
                HiddenServiceDir /srv/c
                HiddenServicePort 80
                """);
        assertThat(services).extracting(one -> one.settings().streams().exportsCircuit()).containsExactly(true, false, false);
        assertThat(services)
                .extracting(one -> one.settings().streams().unknownPortClosesCircuit())
                .containsExactly(true, false, false);
        assertThat(services).extracting(ServiceLines::groupReadable).containsExactly(true, false, false);
    }

    @Test
    void aServiceBehindOnionBalanceReadsWhoIsInFrontOfIt(@TempDir Path folder) throws Exception {
        String one = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion";
        String lines = "HiddenServiceDir " + folder + "\nHiddenServicePort 80\nHiddenServiceOnionBalanceInstance 1\n";
        assertThatThrownBy(() -> of(lines)).hasMessageContaining("Unable to read config file");
        Path file = folder.resolve("ob_config");
        Files.writeString(file, "# nobody\n\nSomethingElse 1\n");
        assertThatThrownBy(() -> of(lines)).hasMessageContaining("no line MasterOnionAddress");
        Files.writeString(file, "masteronionaddress\t" + one + "  # the front end\r\nMasterOnionAddress " + one + "\n");
        assertThat(of(lines).get(0).settings().masters())
                .extracting(OnionAddress::label)
                .containsExactly(one.substring(0, 56), one.substring(0, 56));
        assertThat(of(lines.replace("Instance 1", "Instance 0")).get(0).settings().masters()).isEmpty();
        for (String wrong : List.of("", one.substring(0, 56), "x" + one.substring(1), one + ".onion")) {
            Files.writeString(file, "MasterOnionAddress " + wrong + "\n");
            assertThatThrownBy(() -> of(lines)).hasMessageContaining("is invalid");
        }
    }

    @Test
    void introductionPointsAreToldALimitIfTheTorrcSaysSo() throws Exception {
        String lines = "HiddenServiceDir /srv/a\nHiddenServicePort 80\n";
        assertThat(of(lines).get(0).settings().introductionLimit()).isNull();
        String with = lines + "HiddenServiceEnableIntroDoSDefense 1\n";
        assertThat(of(with).get(0).settings().introductionLimit()).isEqualTo(new IntroductionLimit(25, 200));
        String other = with + "HiddenServiceEnableIntroDoSRatePerSec 1\nHiddenServiceEnableIntroDoSBurstPerSec 2\n";
        assertThat(of(other).get(0).settings().introductionLimit()).isEqualTo(new IntroductionLimit(1, 2));
    }

    @ParameterizedTest
    @CsvSource({
        "80, 127.0.0.1, 80", "80 8080, 127.0.0.1, 8080", "80 10.1.2.3, 10.1.2.3, 80", "80 10.1.2.3:81, 10.1.2.3, 81",
        "80 [::1]:81, ::1, 81", "80 [::1], ::1, 80", "'80\t127.0.0.1:5', 127.0.0.1, 5"
    })
    void understandsTargetsAsCTorDoes(String value, String host, int port) throws Exception {
        assertThat(of("HiddenServiceDir /srv/a\nHiddenServicePort " + value + "\n").get(0).ports().get(80))
                .containsExactly(new InetSocketAddress(host, port));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "HiddenServicePort 80 | no preceding HiddenServiceDir",
        "HiddenServiceDir /srv/a | no ports configured",
        "HiddenServiceDir /srv/a;HiddenServicePort 0 | invalid port",
        "HiddenServiceDir /srv/a;HiddenServicePort 65536 | invalid port",
        "HiddenServiceDir /srv/a;HiddenServicePort 8000-8010 | invalid port",
        "HiddenServiceDir /srv/a;HiddenServicePort 8000-8010 127.0.0.1:8000-8010 | invalid port",
        "HiddenServiceDir /srv/a;HiddenServicePort 80 127.0.0.1:8000-8010 | out-of-range",
        "HiddenServiceDir /srv/a;HiddenServicePort 80;HiddenServiceExportCircuitID socks | must be",
        "HiddenServiceDir /srv/a;HiddenServicePort 80 127.0.0.1:0 | out-of-range",
        "HiddenServiceDir /srv/a;HiddenServicePort 80 no.such.host.invalid:80 | Unparseable address",
        "HiddenServiceDir /srv/a;HiddenServicePort 80;HiddenServiceVersion 2 | version 2",
        "HiddenServiceDir /srv/a;HiddenServicePort 80;HiddenServiceNumIntroductionPoints 21 | between 0 and 20",
        "HiddenServiceDir /srv/a;HiddenServicePort 80;HiddenServiceMaxStreams many | between 0 and 65535",
        "HiddenServiceDir /srv/a;HiddenServicePort 80;HiddenServicePoWDefensesEnabled 2 | between 0 and 1",
        "HiddenServiceDir /srv/a;HiddenServicePort 80;HiddenServicePoWDefensesEnabled 1;HiddenServicePoWQueueBurst 2 | smaller than",
        "HiddenServiceDir /srv/a;HiddenServicePort 80;HiddenServiceEnableIntroDoSRatePerSec -1 | between 0 and",
        "HiddenServiceDir /srv/a;HiddenServicePort 80;HiddenServiceEnableIntroDoSDefense 1;HiddenServiceEnableIntroDoSBurstPerSec 3 | smaller than",
        "HiddenServiceDir /srv/a;HiddenServicePort 80;HiddenServiceDir /srv/a;HiddenServicePort 81 | already configured"
    })
    void saysWhatIsWrong(String lines, String because) {
        assertThatThrownBy(() -> of(lines.strip().replace(';', '\n') + "\n"))
                .isInstanceOf(TorException.class)
                .hasMessageContaining(because.strip());
    }
}
