package dev.cepa.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.HostText;
import dev.cepa.cell.RelayMessage.Resolved.Answer;
import dev.cepa.error.TorException;
import dev.cepa.event.TorEvents;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/**
 * Fifty kinds of hostile input to each port: whatever comes, that connection ends and nothing else does. A program that was
 * connected before is served all the while.
 */
class HostileInputFuzz {
    private static final int KINDS = 50;
    private static final byte[] SOCKS5 = Wire.bytes("{05 01 00}{05 01 00 03 0c}echo.example{00 07}");
    private static final byte[] SOCKS5_PASSWORD = Wire.bytes("{05 01 02}{01 01}u{01}p{05 01 00 03 0c}echo.example{00 07}");
    private static final byte[] SOCKS4A = Wire.bytes("{04 01 00 07 00 00 00 01}u{00}echo.example{00}");
    private static final byte[] RESOLVE = Wire.bytes("{05 01 00}{05 f0 00 03 0c}echo.example{00 00}");
    private static final byte[] HTTP = ("CONNECT echo.example:7 HTTP/1.1\r\nHost: echo.example:7\r\n"
                    + "Proxy-Authorization: Basic dTpw\r\nTor-Stream-Isolation: a\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    private static final byte[] DNS =
            Wire.bytes("{56 78 01 00 00 01 00 00 00 00 00 00}{04}echo{07}example{00}{00 01 00 01}");

    private static PlainOpener opener;
    private static Listener socks;
    private static Listener http;
    private static Listener dns;
    private static Listener transparent;
    /** Where the firewall says that the next connection was meant for; null for what it does not know. */
    private static volatile @Nullable InetSocketAddress meant;

    private static Socket bystander;

    @BeforeContainer
    static void open() throws Exception {
        opener = new PlainOpener();
        opener.answers.put("echo.example", List.of(
                new Answer.Address(Objects.requireNonNull(HostText.parseAddress("192.0.2.1")), 60)));
        PortSettings hasty = PortSettings.builder().timeout(Duration.ofMillis(150)).sessions(true).build();
        socks = listen(ListenerKind.SOCKS, hasty);
        http = listen(ListenerKind.HTTP_TUNNEL, hasty);
        dns = listen(ListenerKind.DNS, hasty);
        transparent = listen(ListenerKind.TRANSPARENT, PortSettings.builder().timeout(Duration.ofMillis(150))
                .originalDestinations((local, remote) -> originalDestination()).build());
        bystander = new Socket();
        bystander.connect(socks.address());
        bystander.setSoTimeout(20_000);
        bystander.getOutputStream().write(SOCKS5);
        assertThat(bystander.getInputStream().readNBytes(12)).startsWith(5, 0, 5, 0);
    }

    private static Listener listen(ListenerKind kind, PortSettings settings) throws TorException {
        return kind.open(new InetSocketAddress(PlainOpener.LOOPBACK, 0), settings, opener.programs(), new TorEvents());
    }

    @AfterContainer
    static void close() throws IOException {
        bystander.close();
        socks.close();
        http.close();
        dns.close();
        transparent.close();
        opener.close();
    }

    /** Makes something of a good message that a good program would not send. */
    private static byte[] spoil(byte[] good, int kind, Random random) {
        int at = random.nextInt(good.length);
        byte[] copy = good.clone();
        return switch (kind % 10) {
            case 0 -> random(random, random.nextInt(600));
            case 1 -> Arrays.copyOf(good, at);
            case 2 -> {
                copy[at] ^= (byte) (1 << random.nextInt(8));
                yield copy;
            }
            case 3 -> {
                copy[at] = (byte) random.nextInt(256);
                copy[random.nextInt(copy.length)] = (byte) random.nextInt(256);
                yield copy;
            }
            case 4 -> {
                Arrays.fill(copy, at, Math.min(copy.length, at + 8), (byte) (random.nextBoolean() ? 0xff : 0));
                yield copy;
            }
            case 5 -> join(Arrays.copyOf(good, at), random(random, 1 + random.nextInt(40)), Arrays.copyOfRange(good, at, good.length));
            case 6 -> join(Arrays.copyOf(good, at), Arrays.copyOfRange(good, Math.min(good.length, at + 1 + random.nextInt(6)), good.length));
            case 7 -> join(random(random, 1 + random.nextInt(4)), good);
            case 8 -> join(Arrays.copyOf(good, at), filled(9000 + random.nextInt(9000), (byte) (' ' + random.nextInt(95))));
            default -> join(good, good, random(random, 20_000));
        };
    }

    private static byte[] random(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] filled(int length, byte with) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, with);
        return bytes;
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** Sends it, in pieces perhaps, and sees the connection end. */
    private static void send(Listener listener, byte[] bytes, Random random) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(listener.address());
            socket.setSoTimeout(20_000);
            int cut = random.nextBoolean() ? bytes.length : random.nextInt(bytes.length + 1);
            socket.getOutputStream().write(bytes, 0, cut);
            socket.getOutputStream().write(bytes, cut, bytes.length - cut);
            if (random.nextBoolean()) {
                socket.setSoLinger(true, 0); // reset in the middle of everything
                return;
            }
            if (listener == transparent) {
                // The far end, if there is one, sends back what it gets.
                InetSocketAddress known = meant;
                boolean goesOn = known != null && known.getPort() != 0 && !listener.address().equals(known);
                assertThat(socket.getInputStream().readNBytes(bytes.length)).isEqualTo(goesOn ? bytes : new byte[0]);
                return;
            }
            socket.shutdownOutput();
            awaitEnd(listener, socket);
        } catch (SocketException e) {
            // The port may have closed the connection before it read everything.
            assertThat(e).message().containsAnyOf("reset", "Broken pipe");
        }
    }

    /** Reads to the end; unless what was sent began with a good request, after which the far end has the word. */
    private static void awaitEnd(Listener listener, Socket socket) throws IOException {
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        byte[] buffer = new byte[4096];
        for (int count = socket.getInputStream().read(buffer); count >= 0; count = socket.getInputStream().read(buffer)) {
            got.write(buffer, 0, count);
            String text = got.toString(StandardCharsets.ISO_8859_1);
            boolean granted = listener == http
                    ? text.contains(" 200 OK\r\n")
                    : listener == socks && (text.startsWith("\0Z") || text.startsWith("\5\0\5\0")
                            || text.startsWith("\5\2\1\0\5\0"));
            if (granted) {
                return;
            }
        }
    }

    private static void assertBystanderIsServed(Random random) throws IOException {
        int value = random.nextInt(256);
        bystander.getOutputStream().write(value);
        assertThat(bystander.getInputStream().read()).isEqualTo(value);
    }

    @Property(tries = 300, seed = "20261124")
    void hostileSocksEndsItsConnectionAndNothingElse(
            @ForAll @IntRange(max = KINDS - 1) int kind, @ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] good = switch (kind / 10) {
            case 0 -> SOCKS5;
            case 1 -> SOCKS5_PASSWORD;
            case 2 -> SOCKS4A;
            case 3 -> RESOLVE;
            default -> Wire.bytes("{05 01 02}{01 0c}session=1;ex{01}p{05 01 00 03 0c}echo.example{00 07}");
        };
        send(socks, spoil(good, kind, random), random);
        assertBystanderIsServed(random);
    }

    @Property(tries = 300, seed = "20261125")
    void hostileHttpEndsItsConnectionAndNothingElse(
            @ForAll @IntRange(max = KINDS - 1) int kind, @ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] good = switch (kind / 10) {
            case 0 -> HTTP;
            case 1 -> "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
            case 2 -> "CONNECT [::1]:65535 HTTP/1.0\n\n".getBytes(StandardCharsets.ISO_8859_1);
            case 3 -> "OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
                    .getBytes(StandardCharsets.ISO_8859_1);
            default -> "CONNECT echo.example:7 HTTP/1.1\r\nTor-Family-Preference: ipv4-only\r\nTor-RPC-Target: x\r\n\r\n"
                    .getBytes(StandardCharsets.ISO_8859_1);
        };
        send(http, spoil(good, kind, random), random);
        assertBystanderIsServed(random);
    }

    @Property(tries = 300, seed = "20261126")
    void hostileDnsEndsItsConnectionAndNothingElse(
            @ForAll @IntRange(max = KINDS - 1) int kind, @ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] good = switch (kind / 10) {
            case 0 -> DNS;
            case 1 -> Wire.bytes("{12 34 01 00 00 01 00 00 00 00 00 00}{01}1{01}2{01}3{01}4{07}in-addr{04}arpa{00}{00 0c 00 01}");
            case 2 -> Wire.bytes("{12 34 01 00 00 02 00 00 00 00 00 01}{04}echo{c0 0c 00 01 00 01 c0 0c 00 1c 00 01}");
            case 3 -> Wire.bytes("{12 34 01 20 00 01 00 00 00 00 00 01}{04}echo{07}example{00 00 1c 00 01 00 00 29 10 00 00 00 00 00 00 00}");
            default -> Wire.bytes("{12 34 81 80 00 01 00 01 00 00 00 00}{04}echo{07}example{00 00 01 00 01 c0 0c 00 01}");
        };
        byte[] bad = spoil(good, kind, random);
        byte[] framed = join(new byte[] {(byte) (bad.length >> 8), (byte) bad.length}, bad);
        send(dns, random.nextBoolean() ? framed : bad, random);
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(10_000);
            byte[] packet = bad.length > 60_000 ? Arrays.copyOf(bad, 60_000) : bad;
            socket.send(new DatagramPacket(packet, packet.length, dns.address()));
        }
        assertAnswered();
        assertBystanderIsServed(random);
    }

    private static InetSocketAddress originalDestination() throws IOException {
        InetSocketAddress known = meant;
        if (known == null) {
            throw new IOException("the system knows of no such connection");
        }
        return known;
    }

    /** Its input is nobody's language: what is hostile is where a connection was meant for, and how it ends. */
    @Property(tries = 300, seed = "20261127")
    void hostileTransparentConnectionsEndAndNothingElseDoes(
            @ForAll @IntRange(max = KINDS - 1) int kind, @ForAll long seed) throws IOException {
        Random random = new Random(seed);
        meant = switch (kind / 10) {
            case 0 -> null;
            case 1 -> (InetSocketAddress) transparent.address();
            case 2 -> new InetSocketAddress(InetAddress.getByAddress(random(random, 4)), random.nextInt(65_536));
            case 3 -> new InetSocketAddress(InetAddress.getByAddress(random(random, 16)), random.nextInt(65_536));
            default -> new InetSocketAddress(InetAddress.getByAddress(new byte[4]), 0);
        };
        send(transparent, spoil(SOCKS5, kind, random), random);
        assertBystanderIsServed(random);
    }

    private static void assertAnswered() throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(10_000);
            socket.send(new DatagramPacket(DNS, DNS.length, dns.address()));
            DatagramPacket reply = new DatagramPacket(new byte[600], 600);
            do { // the system may have given us the number of the socket before, and what it was answered
                socket.receive(reply);
            } while (reply.getData()[0] != DNS[0] || reply.getData()[1] != DNS[1] || reply.getLength() < DNS.length + 16);
            assertThat(Arrays.copyOf(reply.getData(), reply.getLength())).endsWith(192, 0, 2, 1);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the DNS port answers no more", e);
        }
    }
}
