package dev.cepa.netdoc;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One immutable snapshot of the network: a verified consensus, and those of its microdescriptors that we have. Relays are
 * numbered from 0 to {@link #size()}-1 in the consensus' order; the numbers hold for this snapshot only. Thread-safe.
 */
public interface NetDir {
    /** Lifetime, parameters, bandwidth weights, protocols of the consensus. */
    ConsensusInfo consensus();

    /** Number of relays listed. */
    int size();

    /** The relay with that identity, or -1. */
    int indexOf(RsaId id);

    /** The relay with that identity, or -1; only relays whose microdescriptor we have are found. */
    int indexOf(Ed25519Id id);

    RsaId rsaId(int relay);

    /** Null without a microdescriptor, or if it names none. */
    @Nullable Ed25519Id ed25519Id(int relay);

    /** Its 32-byte ntor key, copied; null without a microdescriptor. */
    byte @Nullable [] ntorKey(int relay);

    /** Decoded when asked for. */
    String nickname(int relay);

    /** Bits of {@link RelayFlags}. */
    int flags(int relay);

    /** Bandwidth of the {@code w} line in kilobytes a second; 0 if absent. */
    long bandwidth(int relay);

    InetSocketAddress ipv4(int relay);

    /** Null if it has none. */
    @Nullable InetSocketAddress ipv6(int relay);

    /** Whether we have its microdescriptor; relays without one are not used for circuits. */
    boolean hasMicrodesc(int relay);

    /** Number of relays without a microdescriptor. */
    int missingMicrodescs();

    /** Whether the relay's protocol line lists that version; see {@link Protocols}. */
    boolean supports(int relay, Protocols.Name protocol, int version);

    /** Whether its IPv4 exit policy summary takes most addresses at that port. */
    boolean exitsTo4(int relay, int port);

    /** Whether its IPv6 exit policy summary takes most addresses at that port. */
    boolean exitsTo6(int relay, int port);

    /** Whether its exit policy takes any port at all, of either family. */
    boolean exitsSomewhere(int relay);

    /**
     * Whether two relays belong together: each lists the other, or they share a family id (as the consensus parameters
     * {@code use-family-lists} and {@code use-family-ids} say). Says nothing of addresses. A relay is in its own family.
     */
    boolean sameFamily(int a, int b);

    /** Whether they share an IPv4 /16 or an IPv6 /32. */
    boolean sameSubnet(int a, int b);
}
