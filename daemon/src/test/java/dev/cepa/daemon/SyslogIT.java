package dev.cepa.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The C library's syslog, read at the other end of {@code /dev/log}, where nobody else listens. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class SyslogIT {
    private static final Path SOCKET = Path.of("/dev/log");

    private static final String SERVER = """
            import socket
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind("/dev/log")
            print("ready", flush=True)
            while True: print(s.recv(65536).decode(), flush=True)
            """;

    @Test
    void writesToTheSystemsLog() throws Exception {
        assumeTrue(!Files.exists(SOCKET) && Files.isWritable(SOCKET.getParent()), "the system's log is in use or not ours");
        Process server = new ProcessBuilder("python3", "-c", SERVER).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader lines = server.inputReader(StandardCharsets.UTF_8)) {
            assertThat(lines.readLine()).isEqualTo("ready");
            assertThat(write(lines, "one", Severity.WARN)).matches("<28>.* Tor-one\\[\\d+\\]: \\{REND\\} 100 %s\\?");
            assertThat(write(lines, "", Severity.DEBUG)).matches("<31>.* Tor\\[\\d+\\]: \\{REND\\} 100 %s\\?");
        } finally {
            server.destroy();
            Files.deleteIfExists(SOCKET);
        }
    }

    private static String write(BufferedReader lines, String tag, Severity severity) throws IOException {
        LogOutput output = new LogOutput();
        LogTarget target = LogTarget.parse(new ConfigLine("Log", "debug syslog", ConfigLine.Mode.SET, "torrc", 1));
        output.configure(List.of(target), new LogStyle(1, true, false, false, tag));
        output.write(severity, LogDomains.of("REND"), "100 %s\u0007", null);
        return lines.readLine();
    }
}
