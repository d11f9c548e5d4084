package dev.cepa.path;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where to look up in which country relays are. The files are read only when settings name a country, such as
 * {@code ExcludeNodes {de}}.
 *
 * @param ipv4 torrc's {@code GeoIPFile}: lines such as {@code 16777216,16777471,AU}, ascending
 * @param ipv6 {@code GeoIPv6File}: lines such as {@code 2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP}; asked where
 *     the first says nothing about a relay's IPv4 address; null for none
 * @param excludeUnknown {@code GeoIPExcludeUnknown}: whether relays that may be anywhere count as excluded
 */
public record CountryFiles(Path ipv4, @Nullable Path ipv6, ExcludeUnknown excludeUnknown) {
    /** Those of Debian's package tor-geoipdb. */
    public static final CountryFiles DEFAULT =
            new CountryFiles(Path.of("/usr/share/tor/geoip"), Path.of("/usr/share/tor/geoip6"), ExcludeUnknown.AUTO);

    /** What becomes of relays whose country is not known. */
    public enum ExcludeUnknown {
        /** They are excluded by each list of relays to exclude that names a country. */
        AUTO,
        /** They are excluded. */
        YES,
        /** They are excluded only by {@code {??}}. */
        NO
    }
}
