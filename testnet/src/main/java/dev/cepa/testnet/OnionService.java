package dev.cepa.testnet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** An onion service run by a C tor of its own in a {@link TestNetwork}. Safe for use by several threads. */
public final class OnionService implements AutoCloseable {
    /** What its tor logs for each directory that has taken the descriptor. */
    private static final String UPLOADED = "Uploading hidden service descriptor: finished with status 200";

    /** Two descriptors for some directories each; once so many have them, or after a while without more, it is done. */
    private static final int UPLOADS = 12;

    private static final long QUIET_NANOS = 2_000_000_000L;

    private final Node node;
    private final String address;

    private OnionService(Node node, String address) {
        this.node = node;
        this.address = address;
    }

    static OnionService start(
            TestNetwork network, String nickname, int targetPort, Duration timeout, List<String> clients, String... extraLines)
            throws IOException {
        long end = System.nanoTime() + timeout.toNanos();
        Path folder = network.folder().resolve(nickname + "-service");
        Launch.createPrivateFolder(folder);
        if (!clients.isEmpty()) {
            Path authorised = folder.resolve("authorized_clients");
            Launch.createPrivateFolder(authorised);
            for (int i = 0; i < clients.size(); i++) {
                Files.writeString(
                        authorised.resolve("client" + i + ".auth"), "descriptor:x25519:" + clients.get(i) + "\n");
            }
        }
        List<String> lines = new ArrayList<>();
        lines.add("HiddenServiceDir " + folder);
        lines.add("HiddenServicePort 80 127.0.0.1:" + targetPort);
        lines.addAll(List.of(extraLines));
        lines.add("Log [rend]info file $DIR/rend.log");
        Node node = network.startClient(nickname, timeout, lines.toArray(String[]::new));
        try {
            String host = Files.readString(folder.resolve("hostname"), StandardCharsets.US_ASCII).strip();
            OnionService service = new OnionService(node, host);
            service.awaitUploads(0, end);
            return service;
        } catch (IOException | RuntimeException e) {
            node.kill();
            throw e;
        }
    }

    /** Its 56 characters and {@code .onion}. */
    public String address() {
        return address;
    }

    /** Its process. */
    public Node node() {
        return node;
    }

    /** Stops it and starts it again: same address, new introduction points. Waits until its descriptor is uploaded. */
    public void restart(Duration timeout) throws IOException {
        long end = System.nanoTime() + timeout.toNanos();
        int before = uploads();
        node.restart();
        awaitUploads(before, end);
    }

    private void awaitUploads(int before, long end) throws IOException {
        int seen = before;
        long seenAt = System.nanoTime();
        while (true) {
            int count = uploads();
            long now = System.nanoTime();
            if (count > seen) {
                seen = count;
                seenAt = now;
            }
            if (seen - before >= UPLOADS || seen > before && now - seenAt > QUIET_NANOS) {
                return;
            }
            if (!node.isAlive() || now > end) {
                throw new IOException(node.nickname() + " uploaded no descriptor; it says:\n" + node.logTail());
            }
            Node.pause(50);
        }
    }

    private int uploads() throws IOException {
        String log;
        try {
            log = Files.readString(node.folder().resolve("rend.log"), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return 0;
        }
        int count = 0;
        for (int at = log.indexOf(UPLOADED); at >= 0; at = log.indexOf(UPLOADED, at + 1)) {
            count++;
        }
        return count;
    }

    /** Ends it. */
    @Override
    public void close() throws IOException {
        node.stop();
    }
}
