package dev.cepa.testnet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * The process that {@code testnet up} leaves behind: it owns the network, the names and the web server, and all of them
 * end with it. Its arguments are the state folder and the four counts of {@link TestnetTool}.
 */
final class Keeper {
    private static final Duration TIMEOUT = Duration.ofMinutes(3);

    private Keeper() {}

    /** Runs until it is told to end by SIGTERM; what it says is what {@code testnet up} shows. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path folder = Path.of(args[0]);
        Path files = folder.resolve("network");
        // A keeper that was killed could not tidy up; nobody else writes here.
        Launch.deleteFolder(files);
        try (WebServer web = WebServer.start();
                TestNetwork network = TestNetwork.builder()
                        .authorities(Integer.parseInt(args[1]))
                        .relays(Integer.parseInt(args[2]))
                        .exits(Integer.parseInt(args[3]))
                        .bridges(Integer.parseInt(args[4]))
                        .folder(files)
                        .progress(System.out::println)
                        .start(TIMEOUT)) {
            Files.write(folder.resolve("client.torrc"), network.clientTorrc());
            KeeperState.of(network, web).write(folder);
            new CountDownLatch(1).await();
        } catch (IOException e) {
            System.out.println("failed: " + e.getMessage());
            System.exit(1);
        }
    }
}
