package dev.cepa.benchmark.load;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A SOCKS proxy that connects to this machine, whatever the host, and can go wrong in a chosen way: in the test's JVM, or as
 * a program that takes tor's arguments, {@code -f} above all, after the name of a fault.
 */
public final class DirectProxy implements AutoCloseable {
    /** What goes wrong, after some bytes of a stream if at all. */
    public enum Fault { NONE, FLIP, FLIP_SOON, REFUSE, REFUSE_SOME, STALL, END_STREAM, EXIT }

    private static final int GOOD_BYTES = 15_000;
    private static final int FEW_GOOD_BYTES = 500;
    /** Of {@link Fault#REFUSE_SOME}: the first few are served. */
    private static final int REFUSED_OF = 5;

    private final ServerSocket listener;
    private final Fault fault;
    private final AtomicInteger asked = new AtomicInteger();
    /** User names of the streams, empty for those without. */
    final List<String> users = new CopyOnWriteArrayList<>();

    DirectProxy(int port, Fault fault) throws IOException {
        this.fault = fault;
        listener = new ServerSocket();
        listener.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port), 512);
        Thread.ofVirtual().start(() -> {
            while (!listener.isClosed()) {
                try {
                    Socket socket = listener.accept();
                    Thread.ofVirtual().start(() -> serve(socket));
                } catch (IOException e) {
                    return;
                }
            }
        });
    }

    public static void main(String[] args) throws Exception {
        String torrc = Files.readString(Path.of(args[args.length - 1]));
        String key = "SocksPort 127.0.0.1:";
        int at = torrc.indexOf(key) + key.length();
        try (DirectProxy proxy =
                new DirectProxy(Integer.parseInt(torrc.substring(at, torrc.indexOf('\n', at))), Fault.valueOf(args[0]))) {
            System.out.println("proxy is up on " + proxy.port());
            Thread.currentThread().join();
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    private void serve(Socket client) {
        try (client; Socket server = new Socket()) {
            DataInputStream in = new DataInputStream(client.getInputStream());
            OutputStream out = client.getOutputStream();
            in.readUnsignedByte();
            in.readNBytes(in.readUnsignedByte() - 1);
            int method = in.readUnsignedByte();
            out.write(new byte[] {5, (byte) method});
            String user = "";
            if (method == 2) {
                in.readUnsignedByte();
                user = new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.US_ASCII);
                in.readNBytes(in.readUnsignedByte());
                out.write(new byte[] {1, 0});
            }
            users.add(user);
            in.readNBytes(3);
            in.readNBytes(in.readUnsignedByte() == 1 ? 4 : in.readUnsignedByte());
            int port = in.readUnsignedShort();
            boolean refused = fault == Fault.REFUSE || (fault == Fault.REFUSE_SOME && asked.incrementAndGet() % REFUSED_OF == 0);
            out.write(new byte[] {5, (byte) (refused ? 5 : 0), 0, 1, 0, 0, 0, 0, 0, 0});
            if (refused) {
                return;
            }
            server.connect(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
            Thread.ofVirtual().start(() -> {
                try (server; client) {
                    in.transferTo(server.getOutputStream());
                } catch (IOException e) {
                    // The stream has ended.
                }
            });
            back(server.getInputStream(), out);
        } catch (IOException | InterruptedException e) {
            // The stream has ended.
        }
    }

    private void back(InputStream in, OutputStream out) throws IOException, InterruptedException {
        byte[] buffer = new byte[4096];
        long good = fault == Fault.FLIP_SOON ? FEW_GOOD_BYTES : GOOD_BYTES;
        long total = 0;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            boolean now = total < good && total + n >= good;
            total += n;
            if (now) {
                switch (fault) {
                    case FLIP, FLIP_SOON -> buffer[n - 1] ^= 1;
                    case STALL -> Thread.sleep(600_000);
                    case EXIT -> Runtime.getRuntime().halt(3);
                    case END_STREAM -> {
                        return;
                    }
                    default -> {}
                }
            }
            out.write(buffer, 0, n);
        }
    }
}
