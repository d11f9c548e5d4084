package dev.cepa.path;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * In which country an address is, for those countries that a user has named. Of the others only that they are others is
 * kept, for IPv4 addresses, if the user has named the unknown country: relays have an IPv4 address always. Immutable.
 */
final class Countries {
    /** Where nobody knows what is. */
    static final String UNKNOWN = "??";
    /** Where anonymous proxies are, in files of old: never missed. */
    static final String PROXIES = "a1";

    private static final Logger LOG = LoggerFactory.getLogger(Countries.class);

    private final Codes codes;
    private final CountryTable ipv4;
    private final @Nullable CountryTable ipv6;

    /** The countries that are wanted, by the numbers that stand for them in tables. */
    static final class Codes {
        private static final int NONE = 0;
        private static final int OTHER = 1;
        private static final int FIRST = 2;

        private final String[] wanted;
        private final boolean tellsUnknown;
        private final boolean[] seen;

        /** @param all two characters each, in lower case */
        Codes(Collection<String> all) {
            TreeSet<String> sorted = new TreeSet<>(all);
            tellsUnknown = sorted.remove(UNKNOWN);
            wanted = sorted.toArray(new String[0]);
            seen = new boolean[wanted.length];
        }

        /**
         * The number of a country, whatever the case of its code.
         *
         * @param others whether those that are not wanted may be told from none
         */
        int number(byte first, byte second, boolean others) {
            if (first == '?' && second == '?') {
                return NONE;
            }
            int a = Character.toLowerCase(first);
            int b = Character.toLowerCase(second);
            for (int i = 0; i < wanted.length; i++) {
                if (wanted[i].charAt(0) == a && wanted[i].charAt(1) == b) {
                    seen[i] = true;
                    return FIRST + i;
                }
            }
            return others && tellsUnknown ? OTHER : NONE;
        }

        String code(int number) {
            return number == NONE ? UNKNOWN : number == OTHER ? "" : wanted[number - FIRST];
        }
    }

    private Countries(Codes codes, CountryTable ipv4, @Nullable CountryTable ipv6) {
        this.codes = codes;
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
    }

    /**
     * Reads the files.
     *
     * @param names the countries that are wanted: two characters each, in lower case
     * @throws TorException of kind CONFIG if a file is missing or malformed, or knows nothing of a country
     */
    static Countries load(CountryFiles files, Collection<String> names) throws TorException {
        Codes codes = new Codes(names);
        if (codes.wanted.length > 250) {
            throw new TorException(ErrorKind.CONFIG, "no more than 250 countries can be named");
        }
        requireFile(files.ipv4(), "GeoIPFile");
        CountryTable ipv4 = new CountryFile(files.ipv4(), false, codes).read();
        CountryTable ipv6 = null;
        Path second = files.ipv6();
        // A relay has an IPv4 address always: without the other file little is lost, unless a user has named it.
        if (second != null && (Files.exists(second) || !second.equals(CountryFiles.DEFAULT.ipv6()))) {
            requireFile(second, "GeoIPv6File");
            ipv6 = new CountryFile(second, true, codes).read();
        }
        for (int i = 0; i < codes.wanted.length; i++) {
            if (!codes.seen[i] && !codes.wanted[i].equals(PROXIES)) {
                throw new TorException(
                        ErrorKind.CONFIG, "country code {" + codes.wanted[i] + "} is not known: no address in " + files.ipv4()
                                + " is of that country");
            }
        }
        LOG.debug("{} has {} stretches of addresses of the countries {}", files.ipv4(), ipv4.size(), names);
        return new Countries(codes, ipv4, ipv6);
    }

    private static void requireFile(Path file, String option) throws TorException {
        if (!Files.exists(file)) {
            throw new TorException(
                    ErrorKind.CONFIG, "relays are named by country, but the file that says where addresses are, " + file
                            + ", is not there: install the package tor-geoipdb (Debian), or name another with " + option);
        }
    }

    /** The code of a relay's country: by its IPv4 address, as in C tor; by its IPv6 address where that says nothing. */
    String of(NetDir dir, int relay) {
        InetSocketAddress second = dir.ipv6(relay);
        return of(dir.ipv4(relay).getAddress(), second == null ? null : second.getAddress());
    }

    /** The code of the country of whoever has these addresses: by the first of IPv4, or else the first of IPv6. */
    String of(List<InetSocketAddress> addresses) {
        InetAddress first4 = null;
        InetAddress first6 = null;
        for (InetSocketAddress each : addresses) {
            InetAddress address = each.getAddress();
            if (address instanceof Inet6Address) {
                first6 = first6 == null ? address : first6;
            } else {
                first4 = first4 == null ? address : first4;
            }
        }
        return of(first4, first6);
    }

    /** The code of the first address's country, or of the second's where that says nothing; {@link #UNKNOWN}. */
    private String of(@Nullable InetAddress address4, @Nullable InetAddress address6) {
        int country = address4 == null ? 0 : ipv4.find(address4.getAddress());
        if (country == 0 && ipv6 != null && address6 != null) {
            country = ipv6.find(address6.getAddress());
        }
        return codes.code(country);
    }

    /** The code within {@code {de}}, in lower case; null if the entry is no such thing. */
    static @Nullable String code(String entry) {
        if (entry.length() != 4 || entry.charAt(0) != '{' || entry.charAt(3) != '}') {
            return null;
        }
        String code = entry.substring(1, 3).toLowerCase(Locale.ROOT);
        boolean letters = true;
        for (int i = 0; i < 2; i++) {
            char c = code.charAt(i);
            letters &= c >= 'a' && c <= 'z' || c >= '0' && c <= '9';
        }
        return letters || code.equals(UNKNOWN) ? code : null;
    }
}
