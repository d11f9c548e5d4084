package dev.cepa.directory;

import dev.cepa.cell.Ed25519Id;
import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetSocketAddress;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A relay that serves the directory to clients that know nothing yet. Immutable.
 *
 * @param nickname may be empty
 * @param rsaId its identity
 * @param ed25519Id its other identity; null if unknown
 * @param orAddress its address and onion router port
 * @param ipv6 its IPv6 address and onion router port; null if it has none
 */
public record FallbackDirectory(
        String nickname,
        RsaId rsaId,
        @Nullable Ed25519Id ed25519Id,
        InetSocketAddress orAddress,
        @Nullable InetSocketAddress ipv6) {

    /**
     * Reads the value of torrc's {@code FallbackDir}: {@code ipv4address[:dirport] orport=port id=fingerprint
     * [ipv6=[address]:port] [weight=number]}; {@code nickname=} and {@code ed25519=} (base64 without padding) are taken too,
     * other keys are skipped.
     *
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public static FallbackDirectory parse(String value) throws TorException {
        String nickname = "";
        RsaId rsaId = null;
        Ed25519Id ed25519Id = null;
        String address = null;
        int orPort = 0;
        InetSocketAddress ipv6 = null;
        for (String word : TorrcWords.of(value)) {
            String argument = TorrcWords.argument(word);
            if (word.indexOf('=') < 0) {
                if (address != null) {
                    throw new TorException(ErrorKind.CONFIG, "FallbackDir has two addresses: " + value);
                }
                address = word;
                continue;
            }
            switch (TorrcWords.key(word)) {
                case "orport" -> orPort = IpLiteral.port(argument);
                case "id" -> rsaId = TorrcWords.fingerprint(argument, "id of FallbackDir");
                case "ipv6" -> ipv6 = TorrcWords.ipv6(argument);
                case "nickname" -> nickname = argument;
                case "ed25519" -> ed25519Id = ed25519(argument);
                default -> {}
            }
        }
        if (address == null || rsaId == null || orPort == 0) {
            String missing = address == null ? "an address" : rsaId == null ? "id=fingerprint" : "orport=port";
            throw new TorException(ErrorKind.CONFIG, "FallbackDir lacks " + missing + ": " + value);
        }
        // The port beside the address is the directory port, which is not used and may be left out.
        InetSocketAddress dirAddress = IpLiteral.socketAddress(address, 0);
        return new FallbackDirectory(
                nickname, rsaId, ed25519Id, new InetSocketAddress(dirAddress.getAddress(), orPort), ipv6);
    }

    /** It as a directory server, for a one-hop circuit. */
    public HopTarget toHop() {
        List<InetSocketAddress> addresses = ipv6 == null ? List.of(orAddress) : List.of(orAddress, ipv6);
        return new HopTarget(new ChannelTarget(rsaId, ed25519Id, addresses), null, false, nickname);
    }

    private static Ed25519Id ed25519(String base64) throws TorException {
        try {
            return Ed25519Id.of(Base64.getDecoder().decode(base64));
        } catch (IllegalArgumentException e) {
            throw new TorException(ErrorKind.CONFIG, "ed25519 of FallbackDir is no base64 of 32 bytes: " + base64, e);
        }
    }
}
