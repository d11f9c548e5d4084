package dev.cepa.proxy;

import static dev.cepa.proxy.Wire.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SOCKS by a socket in the file system. */
@Timeout(60)
class UnixListenerTest {
    private static final String REQUEST = "{05 01 00}{05 01 00 03 0c}echo.example{00 07}";

    @TempDir
    private Path folder;

    private PlainOpener opener;

    @BeforeEach
    void begin() throws IOException {
        opener = new PlainOpener();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }

    @AfterEach
    void end() throws IOException {
        opener.close();
    }

    private Listener open(PortSettings settings) throws TorException {
        return ListenerKind.SOCKS.open(
                UnixDomainSocketAddress.of(folder.resolve("socks")), settings, opener.programs(), new TorEvents());
    }

    @Test
    void servesProgramsAndLeavesNoFileBehind() throws Exception {
        Files.createFile(folder.resolve("socks")); // left over
        try (Listener listener = open(PortSettings.DEFAULT); SocketChannel program = SocketChannel.open(listener.address())) {
            assertThat(Files.getPosixFilePermissions(folder.resolve("socks")))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
            program.write(ByteBuffer.wrap(bytes(REQUEST)));
            InputStream in = Channels.newInputStream(program);
            assertThat(in.readNBytes(12)).startsWith(5, 0, 5, 0);
            byte[] sent = new byte[100_000];
            new java.util.Random(1).nextBytes(sent);
            Thread.ofVirtual().start(() -> {
                try {
                    Channels.newOutputStream(program).write(sent);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertThat(in.readNBytes(sent.length)).isEqualTo(sent);
            assertThat(listener.connectionCount()).isEqualTo(1);
        }
        assertThat(folder.resolve("socks")).doesNotExist();
        assertThat(opener.requests.take().isolation().clientAddress()).isEmpty();
    }

    @Test
    void closesConnectionsThatMakeNoRequestInTime() throws Exception {
        PortSettings hasty = PortSettings.builder().timeout(Duration.ofMillis(100)).build();
        try (Listener listener = open(hasty); SocketChannel program = SocketChannel.open(listener.address())) {
            assertThat(Channels.newInputStream(program).read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "rwxr-x---, false, false, false, false",
        "rwx--x--x, false, false, false, false",
        "rwxr-x---, true, false, false, true",
        "rwxrwx---, true, false, false, false",
        "rwxr-xr-x, false, false, true, true",
        "rwxrwxrwx, false, false, true, false",
        "rwxrwxrwx, false, true, false, true",
    })
    void wantsAPrivateFolder(String permissions, boolean group, boolean world, boolean relaxed, boolean good) throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(permissions));
        SocketFileMode mode = new SocketFileMode(group, world, relaxed);
        PortSettings settings = PortSettings.builder().socketFile(mode).build();
        if (good) {
            open(settings).close();
        } else {
            assertThatThrownBy(() -> open(settings)).isInstanceOf(TorException.class).hasMessageContaining("chmod 7");
        }
    }

    @Test
    void saysWhatIsWrongWithAPath() {
        assertThatThrownBy(() -> ListenerKind.SOCKS.open(
                        UnixDomainSocketAddress.of(folder.resolve("none").resolve("socks")), PortSettings.DEFAULT,
                        opener.programs(), new TorEvents()))
                .isInstanceOf(TorException.class)
                .hasMessageContaining("can't be looked at");
        assertThatThrownBy(() -> ListenerKind.SOCKS.open(
                        UnixDomainSocketAddress.of("socks"), PortSettings.DEFAULT, opener.programs(), new TorEvents()))
                .isInstanceOf(TorException.class)
                .hasMessageContaining("from the root");
    }
}
