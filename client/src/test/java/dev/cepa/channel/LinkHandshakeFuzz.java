package dev.cepa.channel;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cepa.cell.ByteWriter;
import dev.cepa.cell.ChannelMessage.AuthChallenge;
import dev.cepa.cell.ChannelMessage.Certs;
import dev.cepa.cell.ChannelMessage.Netinfo;
import dev.cepa.cell.ChannelMessage.Versions;
import dev.cepa.error.TorException;
import dev.cepa.testrelay.RelayKeys;
import dev.cepa.testrelay.RelayLink;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Whatever a relay sends, the handshake ends with a TorException or with a relay that is who it should be. */
class LinkHandshakeFuzz {
    private static final RelayKeys KEYS = RelayKeys.shared();
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final byte[] VERSIONS = RelayLink.encode(new Versions(List.of(4, 5)));
    private static final byte[] CERTS = RelayLink.encode(new Certs(KEYS.certificates(NOW)));
    private static final byte[] HONEST = new ByteWriter()
            .bytes(VERSIONS)
            .bytes(CERTS)
            .bytes(RelayLink.encode(new AuthChallenge(new byte[32], List.of(3))))
            .bytes(RelayLink.encode(new Netinfo(NOW.getEpochSecond(), LOOPBACK, List.of())))
            .toByteArray();

    /** Every byte of CERTS counts: what it is changed to is never accepted. */
    @Property(tries = 1000)
    void refusesCertsWithAnyByteChanged(@ForAll @IntRange(max = 10_000) int where, @ForAll @IntRange(min = 1, max = 255) int by) {
        byte[] changed = HONEST.clone();
        changed[VERSIONS.length + where % CERTS.length] ^= (byte) by;
        assertThatThrownBy(() -> run(changed)).isInstanceOf(TorException.class);
    }

    @Property(tries = 1000)
    void refusesGarbage(@ForAll @Size(max = 3_000) byte[] garbage, @ForAll boolean afterVersions) {
        byte[] sent = afterVersions ? new ByteWriter().bytes(VERSIONS).bytes(garbage).toByteArray() : garbage;
        assertThatThrownBy(() -> run(sent)).isInstanceOf(TorException.class);
    }

    @Property(tries = 300)
    void refusesWhatIsCutShort(@ForAll @IntRange(max = 10_000) int length) {
        assertThatThrownBy(() -> run(Arrays.copyOf(HONEST, length % HONEST.length))).isInstanceOf(TorException.class);
    }

    private static void run(byte[] sent) throws IOException {
        ChannelTarget target =
                new ChannelTarget(KEYS.rsaId(), KEYS.ed25519Id(), List.of(new InetSocketAddress(LOOPBACK, 1)));
        ByteArrayInputStream in = new ByteArrayInputStream(sent);
        new LinkHandshake(target, LOOPBACK, InstantSource.fixed(NOW), in, OutputStream.nullOutputStream())
                .run(KEYS.tlsDigest());
    }
}
