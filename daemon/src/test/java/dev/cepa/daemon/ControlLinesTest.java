package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.daemon.control.ControlPort;
import dev.cepa.error.TorException;
import dev.cepa.proxy.SocketFileMode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControlLinesTest {
    private final List<String> warnings = new ArrayList<>();

    private List<ControlPort> read(String lines) throws TorException {
        TorrcReader reader = new TorrcReader();
        reader.readText(lines.replace("; ", "\n"), "torrc");
        Settings settings = new Settings(OptionTable.load());
        settings.apply(reader.lines(), false);
        return ControlLines.readAll(settings, warnings);
    }

    private static ControlPort port(String address, int port) throws Exception {
        return new ControlPort(new InetSocketAddress(InetAddress.getByName(address), port), SocketFileMode.OWNER);
    }

    private static ControlPort file(String path, SocketFileMode mode) {
        return new ControlPort(UnixDomainSocketAddress.of(path), mode);
    }

    @Test
    void readsPortsAndSockets() throws Exception {
        assertThat(read("ControlPort 9051; __ControlPort [::1]:auto; CookieAuthentication 1"))
                .containsExactly(port("127.0.0.1", 9051), port("::1", 0));
        assertThat(read("ControlPort unix:/a/b; ControlPort unix:\"/a b\" WorldWritable; ControlSocket /c; CookieAuthentication 1"))
                .containsExactly(
                        file("/a/b", SocketFileMode.OWNER), file("/a b", new SocketFileMode(false, true, false)),
                        file("/c", SocketFileMode.OWNER));
        assertThat(read("ControlSocket /c RelaxDirModeCheck; ControlSocketsGroupWritable 1"))
                .containsExactly(file("/c", new SocketFileMode(true, false, true)));
        assertThat(read("ControlPort 0; ControlSocket 0")).isEmpty();
        assertThat(warnings).isEmpty();
    }

    @Test
    void saysThatAPortLetsInEverybody() throws Exception {
        assertThat(read("ControlPort 9051")).hasSize(1);
        assertThat(warnings).singleElement().asString().contains("no authentication method has been configured");
    }

    @Test
    void opensNoPortToOthersThatLetsInEverybody() throws Exception {
        assertThat(read("ControlPort 10.0.0.1:9051; ControlPort 9052")).containsExactly(port("127.0.0.1", 9052));
        assertThat(warnings.getFirst()).contains("I'm closing your ControlPort for you");
        warnings.clear();
        assertThat(read("ControlPort 10.0.0.1:9051; HashedControlPassword 16:00")).hasSize(1);
        assertThat(warnings).singleElement().asString().startsWith("torrc:1: ").contains("from a non-local address");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "ControlPort x", "ControlPort 127.0.0.1:0", "ControlPort 9051; ControlPort 0", "ControlPort 9051 GroupWritable",
        "ControlPort unix:rel", "ControlPort unix:/a Bogus", "ControlPort 70000", "ControlPort unix:\"/a", "ControlSocket rel"
    })
    void refusesWhatMakesNoSense(String lines) {
        assertThatThrownBy(() -> read(lines)).isInstanceOf(TorException.class).hasMessageStartingWith("torrc:");
    }
}
