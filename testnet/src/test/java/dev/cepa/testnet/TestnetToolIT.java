package dev.cepa.testnet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestnetToolIT {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    @Test
    void keepsANetworkUpBetweenCommands() throws Exception {
        assertThat(run("up", "--authorities", "1", "--relays", "2", "--exits", "1")).as(err.toString()).isZero();
        KeeperState state = KeeperState.read(folder);
        try {
            assertThat(state).isNotNull();
            assertThat(out.toString()).contains("DirAuthority auth0 ", "The network is up");
            assertThat(state.nodes()).hasSize(4);
            assertThat(run("up")).as("a second network in the same folder").isEqualTo(1);
            assertThat(run("status")).isZero();
            assertThat(out.toString()).contains("exit0: up").doesNotContain(": down");
            try (HttpClient http = HttpClient.newHttpClient()) {
                URI page = URI.create("http://127.0.0.1:" + state.webPort() + "/");
                assertThat(http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                        .statusCode()).isEqualTo(200);
            }
        } finally {
            assertThat(run("down")).isZero();
        }
        List<Long> pids = state.nodes().stream().map(node -> Long.parseLong(node.split(" ")[1])).toList();
        assertThat(pids).noneMatch(pid -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent());
        assertThat(run("status")).isEqualTo(1);
        assertThat(run("down")).as("again").isZero();
    }

    private int run(String... args) {
        String[] all = new String[args.length + 2];
        System.arraycopy(args, 0, all, 0, args.length);
        all[args.length] = "--dir";
        all[args.length + 1] = folder.toString();
        return ToolProvider.findFirst("testnet").orElseThrow()
                .run(new PrintWriter(out), new PrintWriter(err), all);
    }
}
