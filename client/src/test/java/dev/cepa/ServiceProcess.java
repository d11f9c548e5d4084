package dev.cepa;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.testnet.TestNetwork;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An onion service in a process of its own, which sends back on port 7 what comes: for what can't be done to one's own process. */
final class ServiceProcess implements Closeable {
    private static final String AUTHORITY = "DirAuthority ";
    private static final String PUBLISHED = "published";
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Process process;

    private ServiceProcess(Process process) {
        this.process = process;
    }

    /** Returns when the service is published. */
    static ServiceProcess start(TestNetwork network, OnionServiceKey key) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m",
                "-cp", System.getProperty("java.class.path"), ServiceProcess.class.getName(), key.export()));
        for (String line : network.clientTorrc()) {
            if (line.startsWith(AUTHORITY)) {
                command.add(line.substring(AUTHORITY.length()));
            }
        }
        Process started = new ProcessBuilder(command).redirectErrorStream(true).start();
        ServiceProcess service = new ServiceProcess(started);
        List<String> said = new ArrayList<>();
        BufferedReader out = started.inputReader();
        for (String line = out.readLine(); !PUBLISHED.equals(line); line = out.readLine()) {
            assertThat(line).as("after %s", said).isNotNull();
            said.add(line);
        }
        return service;
    }

    /** What {@code kill} has it do. */
    void signal(String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
        if (name.equals("KILL")) {
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /**
     * The process.
     *
     * @param args the key, and the network's authorities
     */
    public static void main(String[] args) throws Exception {
        TorConfigBuilder config = TorConfig.builder().testingNetwork(true).inMemory();
        for (int i = 1; i < args.length; i++) {
            config.directoryAuthority(args[i]);
        }
        try (TorClient client = TorClient.start(config.build())) {
            client.awaitReady(PATIENCE);
            HostedOnionService service = client.onionService(OnionServiceKey.parse(args[0])).port(7).start();
            service.awaitPublished(PATIENCE);
            System.out.println(PUBLISHED);
            while (true) {
                TorSocket socket = service.accept();
                Thread.startVirtualThread(() -> {
                    try (socket) {
                        socket.getInputStream().transferTo(socket.getOutputStream());
                    } catch (IOException e) {
                        // The client went away.
                    }
                });
            }
        }
    }
}
