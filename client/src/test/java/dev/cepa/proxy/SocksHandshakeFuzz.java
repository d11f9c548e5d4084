package dev.cepa.proxy;

import static dev.cepa.proxy.Wire.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cepa.cell.HostText;
import java.io.ByteArrayOutputStream;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class SocksHandshakeFuzz {
    private static final List<byte[]> PIECES = List.of(
            bytes("{05 01 00}"),
            bytes("{05 02 00 02}"),
            bytes("{05 01 02}"),
            bytes("{01 02}me{03}you"),
            bytes("{01 00 00}"),
            bytes("{05 01 00 01 02 02 02 02 11 11}"),
            bytes("{05 f0 00 03 0e}torproject.org{01 02}"),
            bytes("{05 01 00 04 20 02 41 b8 02 02 0d eb 02 13 21 ff fe 20 14 26 00 50}"),
            bytes("{04 01 11 12 02 02 02 04}me{00}"),
            bytes("{04 01 11 12 00 00 00 04}me{00}torproject.org{00}"),
            bytes("GET / HTTP/1.1"),
            bytes("{00}"),
            bytes("{ff}"));

    @Provide
    Arbitrary<byte[]> conversations() {
        Arbitrary<byte[]> piece = Arbitraries.oneOf(
                Arbitraries.of(PIECES), Arbitraries.bytes().array(byte[].class).ofMaxSize(40),
                Arbitraries.integers().between(0, 600).map(byte[]::new));
        return piece.list().ofMaxSize(6).map(pieces -> {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            pieces.forEach(out::writeBytes);
            return out.toByteArray();
        });
    }

    @Provide
    Arbitrary<List<Integer>> cuts() {
        return Arbitraries.integers().between(1, 20).list().ofMinSize(1).ofMaxSize(30);
    }

    /** State, problem, request, all replies and, if there is a request, the data after it. */
    private static String outcome(byte[] bytes, List<Integer> sizes) {
        SocksHandshake handshake = new SocksHandshake(false, false);
        ByteArrayOutputStream replies = new ByteArrayOutputStream();
        SocksHandshake.State state = SocksHandshake.State.MORE;
        int at = 0;
        for (int i = 0; at < bytes.length; i++) {
            int length = Math.min(sizes.get(i % sizes.size()), bytes.length - at);
            state = handshake.accept(bytes, at, length);
            replies.writeBytes(handshake.takeReply());
            at += length;
        }
        StringBuilder text = new StringBuilder(state + " " + handshake.problem() + " ");
        if (state == SocksHandshake.State.DONE) {
            SocksRequest request = handshake.request();
            text.append(List.of(
                    request.version(), request.command(), request.host(), request.byAddress(), request.port(),
                    request.user(), request.password()));
            text.append(java.util.HexFormat.of().formatHex(handshake.rest()));
        }
        return text + java.util.HexFormat.of().formatHex(replies.toByteArray());
    }

    @Property(tries = 3000)
    void anyFragmentationGivesTheSameResult(
            @ForAll("conversations") byte[] bytes, @ForAll("cuts") List<Integer> sizes) {
        assertThat(outcome(bytes, sizes)).isEqualTo(outcome(bytes, List.of(Integer.MAX_VALUE)));
    }

    @Property(tries = 3000)
    void addressesSurviveBeingWrittenAndRead(@ForAll("addresses") byte[] address) {
        String text = HostText.format(address);
        assertThat(HostText.parseAddress(text)).isNotNull().satisfies(a -> assertThat(a.getAddress()).isEqualTo(address));
        assertThat(HostText.isDestination(text)).isTrue();
    }

    @Provide
    Arbitrary<byte[]> addresses() {
        Arbitrary<Byte> often0 = Arbitraries.oneOf(Arbitraries.bytes(), Arbitraries.of((byte) 0));
        // An IPv4 address mapped into IPv6 becomes an IPv4 address in Java.
        return Arbitraries.oneOf(
                often0.array(byte[].class).ofSize(4),
                often0.array(byte[].class).ofSize(16).filter(a -> a[10] != -1 || a[11] != -1));
    }

    @Property(tries = 2000)
    void anyTextIsEitherADestinationOrNot(@ForAll String text) {
        HostText.isDestination(text);
        HostText.parseAddress(text);
    }
}
