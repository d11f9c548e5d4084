package dev.cepa.directory;

import dev.cepa.cell.RsaId;
import dev.cepa.channel.ChannelTarget;
import dev.cepa.circuit.HopTarget;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A directory authority. Immutable.
 *
 * @param nickname may be empty
 * @param v3Ident digest of the key that certifies its consensus signatures; null if it signs none (a bridge authority)
 * @param relayId identity of the relay it is
 * @param dirAddress its IPv4 address and directory port, which this client does not use
 * @param orAddress its IPv4 address and onion router port; null if it has none, and then nothing is fetched from it
 * @param ipv6 its IPv6 address and onion router port; null if it has none
 */
public record DirectoryAuthority(
        String nickname,
        @Nullable RsaId v3Ident,
        RsaId relayId,
        InetSocketAddress dirAddress,
        @Nullable InetSocketAddress orAddress,
        @Nullable InetSocketAddress ipv6) {

    /**
     * Reads the value of torrc's {@code DirAuthority}, as C tor does:
     * {@code [nickname] [flags] ipv4address:dirport fingerprint}, where the fingerprint may have spaces in it. Flags that
     * have no meaning for a client ({@code hs}, {@code no-v2}, {@code weight=}, {@code upload=} and so on) are skipped.
     *
     * @throws TorException of kind CONFIG that says what is wrong
     */
    public static DirectoryAuthority parse(String value) throws TorException {
        List<String> words = TorrcWords.of(value);
        int at = 0;
        String nickname = "";
        if (!words.isEmpty() && TorrcWords.isNickname(words.get(0))) {
            nickname = words.get(at++);
        }
        RsaId v3Ident = null;
        int orPort = 0;
        InetSocketAddress ipv6 = null;
        for (; at < words.size() && !TorrcWords.startsWithDigit(words.get(at)); at++) {
            String flag = words.get(at);
            String key = TorrcWords.key(flag).toLowerCase(Locale.ROOT);
            String argument = TorrcWords.argument(flag);
            switch (key) {
                case "orport" -> orPort = IpLiteral.port(argument);
                case "v3ident" -> v3Ident = TorrcWords.fingerprint(argument, "v3ident of DirAuthority");
                case "ipv6" -> ipv6 = TorrcWords.ipv6(argument);
                case "hs", "no-hs", "no-v2", "bridge", "weight", "upload", "download", "vote" -> {}
                default ->
                    throw new TorException(ErrorKind.CONFIG, "unknown flag \"" + flag + "\" in DirAuthority " + value);
            }
        }
        if (words.size() - at < 2) {
            throw new TorException(
                    ErrorKind.CONFIG, "DirAuthority needs an address:port and a fingerprint, and has not both: " + value);
        }
        InetSocketAddress dirAddress = IpLiteral.socketAddress(words.get(at++), -1);
        if (!(dirAddress.getAddress() instanceof Inet4Address)) {
            throw new TorException(ErrorKind.CONFIG, "the address in DirAuthority must be IPv4: " + value);
        }
        RsaId relayId = TorrcWords.fingerprint(String.join("", words.subList(at, words.size())), "fingerprint of DirAuthority");
        InetSocketAddress orAddress =
                orPort == 0 ? null : new InetSocketAddress(dirAddress.getAddress(), orPort);
        return new DirectoryAuthority(nickname, v3Ident, relayId, dirAddress, orAddress, ipv6);
    }

    /** It as a directory server, for a one-hop circuit; null if it has no onion router port. */
    public @Nullable HopTarget toHop() {
        List<InetSocketAddress> addresses = new ArrayList<>(2);
        if (orAddress != null) {
            addresses.add(orAddress);
        }
        if (ipv6 != null) {
            addresses.add(ipv6);
        }
        return addresses.isEmpty() ? null : new HopTarget(new ChannelTarget(relayId, null, addresses), null, false, nickname);
    }
}
