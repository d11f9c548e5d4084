package dev.cepa.proxy;

import dev.cepa.cell.HostText;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.random.RandomGenerator;

/**
 * Addresses that stand for names which have none ({@code VirtualAddrNetworkIPv4}, {@code VirtualAddrNetworkIPv6}). Immutable.
 *
 * @param prefix 4 or 16 bytes
 * @param bits how many of them count
 */
public record VirtualNetwork(byte[] prefix, int bits) {
    private static final int LEAST_FREE_BITS_4 = 16;
    private static final int LEAST_FREE_BITS_6 = 24;

    /**
     * Parses {@code 127.192.0.0/10} or {@code [FE80::]/10}.
     *
     * @throws TorException of kind CONFIG if it is malformed, of the other family, or has too few addresses
     */
    public static VirtualNetwork parse(String text, boolean ipv6) throws TorException {
        int slash = text.indexOf('/');
        InetAddress address = HostText.parseAddress(slash < 0 ? text : text.substring(0, slash));
        int length = ipv6 ? 16 : 4;
        int bits;
        try {
            bits = slash < 0 ? length * 8 : Integer.parseInt(text.substring(slash + 1));
        } catch (NumberFormatException e) {
            bits = -1;
        }
        if (address == null || address.getAddress().length != length || bits < 0 || bits > length * 8) {
            throw new TorException(
                    ErrorKind.CONFIG, "\"" + text + "\" is no network of IPv" + (ipv6 ? "6" : "4") + " addresses");
        }
        if (length * 8 - bits < (ipv6 ? LEAST_FREE_BITS_6 : LEAST_FREE_BITS_4)) {
            throw new TorException(
                    ErrorKind.CONFIG, "the network " + text + " has too few addresses: /" + (ipv6 ? 104 : 16) + " or larger is "
                            + "needed");
        }
        return new VirtualNetwork(address.getAddress(), bits);
    }

    /** Whether that address (4 or 16 bytes) is one of them. */
    boolean contains(byte[] address) {
        if (address.length != prefix.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> (bit & 7);
            if ((address[bit >> 3] & mask) != (prefix[bit >> 3] & mask)) {
                return false;
            }
        }
        return true;
    }

    /** One of them by chance; of IPv4, none that ends in 0 or 255, which some programs take for a whole network. */
    InetAddress draw(RandomGenerator random) {
        byte[] address = new byte[prefix.length];
        do {
            random.nextBytes(address);
            for (int bit = 0; bit < bits; bit++) {
                int mask = 0x80 >> (bit & 7);
                address[bit >> 3] = (byte) (address[bit >> 3] & ~mask | prefix[bit >> 3] & mask);
            }
        } while (address.length == 4 && (address[3] == 0 || address[3] == -1));
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VirtualNetwork net && net.bits == bits && java.util.Arrays.equals(net.prefix, prefix);
    }

    @Override
    public int hashCode() {
        return java.util.Arrays.hashCode(prefix) + bits;
    }

    @Override
    public String toString() {
        return HostText.format(prefix) + "/" + bits;
    }
}
