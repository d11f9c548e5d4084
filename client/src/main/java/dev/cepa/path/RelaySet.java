package dev.cepa.path;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.netdoc.NetDir;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Relays that a user names, as torrc's {@code ExcludeNodes} and its like do: by fingerprint, by nickname, by address
 * pattern, or by country. Immutable.
 *
 * <p>A set that names countries must be located before relays are looked up in it: {@link PathSettings#located} does that.
 */
public final class RelaySet {
    /** No relay at all; as a list of what to use it means "no restriction". */
    public static final RelaySet EMPTY = new RelaySet("", Set.of(), Set.of(), List.of(), Set.of(), null);

    private final String text;
    private final Set<RsaId> ids;
    private final Set<String> nicknames;
    private final List<AddressPattern> addresses;
    /** Their codes, in lower case. */
    private final Set<String> countryCodes;
    /** Where addresses are; null before that is known, and where no country is named. */
    private final @Nullable Countries countries;

    private RelaySet(
            String text, Set<RsaId> ids, Set<String> nicknames, List<AddressPattern> addresses, Set<String> countryCodes,
            @Nullable Countries countries) {
        this.text = text;
        this.ids = ids;
        this.nicknames = nicknames;
        this.addresses = addresses;
        this.countryCodes = countryCodes;
        this.countries = countries;
    }

    /**
     * Parses comma-separated entries: 40 hexadecimal digits, with or without {@code $} before and {@code =nickname} or
     * {@code ~nickname} after; a nickname; an address pattern such as {@code 192.0.2.0/24}; a country's code in braces, such
     * as {@code {de}}, or {@code {??}} for relays whose country is not known.
     *
     * @throws TorException of kind CONFIG, naming the entry that can't be read
     */
    public static RelaySet parse(String text) throws TorException {
        Set<RsaId> ids = new HashSet<>();
        Set<String> nicknames = new HashSet<>();
        List<AddressPattern> addresses = new ArrayList<>();
        Set<String> codes = new HashSet<>();
        for (String item : text.split(",")) {
            String entry = item.strip();
            if (entry.isEmpty()) {
                continue;
            }
            RsaId id = fingerprint(entry);
            if (id != null) {
                ids.add(id);
            } else if (isNickname(entry)) {
                nicknames.add(entry.toLowerCase(Locale.ROOT));
            } else if (entry.startsWith("{")) {
                String code = Countries.code(entry);
                if (code == null) {
                    throw new TorException(
                            ErrorKind.CONFIG, "\"" + entry + "\" is no country code: two letters in braces, such as {de}");
                }
                codes.add(code);
            } else if (entry.indexOf('.') >= 0 || entry.indexOf(':') >= 0 || entry.indexOf('*') >= 0) {
                addresses.add(AddressPattern.parse(entry));
            } else {
                throw new TorException(
                        ErrorKind.CONFIG, "\"" + entry + "\" is neither a fingerprint, a nickname, an address pattern nor a country");
            }
        }
        if (ids.isEmpty() && nicknames.isEmpty() && addresses.isEmpty() && codes.isEmpty()) {
            return EMPTY;
        }
        return new RelaySet(text.strip(), Set.copyOf(ids), Set.copyOf(nicknames), List.copyOf(addresses), Set.copyOf(codes),
                null);
    }

    /** Whether it names nothing. */
    public boolean isEmpty() {
        return text.isEmpty();
    }

    /** The codes of the countries that it names, in lower case. */
    Set<String> countryCodes() {
        return countryCodes;
    }

    /** Whether relays can be looked up in it. */
    boolean isLocated() {
        return countryCodes.isEmpty() || countries != null;
    }

    /**
     * The same set, with its countries looked up in files; read only if it names any.
     *
     * @throws TorException of kind CONFIG if a file is missing or malformed, or has nothing of a country
     */
    public RelaySet located(CountryFiles files) throws TorException {
        return isLocated() ? this : in(Countries.load(files, countryCodes));
    }

    /** The same set, that knows where its countries are. */
    RelaySet in(Countries known) {
        return countryCodes.isEmpty() ? this : new RelaySet(text, ids, nicknames, addresses, countryCodes, known);
    }

    /** The same relays, and those that may be anywhere. */
    RelaySet withUnknown() {
        if (countryCodes.contains(Countries.UNKNOWN) && countryCodes.contains(Countries.PROXIES)) {
            return this;
        }
        Set<String> more = new HashSet<>(countryCodes);
        more.add(Countries.UNKNOWN);
        more.add(Countries.PROXIES);
        String added = "{" + Countries.UNKNOWN + "},{" + Countries.PROXIES + "}";
        return new RelaySet(
                text.isEmpty() ? added : text + "," + added, ids, nicknames, addresses, Set.copyOf(more), null);
    }

    /** Whether it names that relay. */
    public boolean contains(NetDir dir, int relay) {
        if (!ids.isEmpty() && ids.contains(dir.rsaId(relay))) {
            return true;
        }
        if (!nicknames.isEmpty() && nicknames.contains(dir.nickname(relay).toLowerCase(Locale.ROOT))) {
            return true;
        }
        if (!addresses.isEmpty() && (matches(dir.ipv4(relay)) || matches(dir.ipv6(relay)))) {
            return true;
        }
        return !countryCodes.isEmpty() && countryCodes.contains(located().of(dir, relay));
    }

    /** Whether it names a relay of that identity, nickname and addresses, which need not be in a directory. */
    public boolean contains(RsaId id, String nickname, List<InetSocketAddress> reachedAt) {
        if (ids.contains(id) || nicknames.contains(nickname.toLowerCase(Locale.ROOT))) {
            return true;
        }
        for (InetSocketAddress address : reachedAt) {
            if (matches(address)) {
                return true;
            }
        }
        return !countryCodes.isEmpty() && countryCodes.contains(located().of(reachedAt));
    }

    private Countries located() {
        if (countries == null) {
            throw new IllegalStateException("nobody has looked up where the countries in " + text + " are");
        }
        return countries;
    }

    /** The relays of a snapshot that it names, by number. */
    BitSet resolve(NetDir dir) {
        BitSet relays = new BitSet(isEmpty() ? 0 : dir.size());
        if (nicknames.isEmpty() && addresses.isEmpty() && countryCodes.isEmpty()) {
            for (RsaId id : ids) {
                int relay = dir.indexOf(id);
                if (relay >= 0) {
                    relays.set(relay);
                }
            }
            return relays;
        }
        for (int relay = 0; relay < dir.size(); relay++) {
            if (contains(dir, relay)) {
                relays.set(relay);
            }
        }
        return relays;
    }

    private boolean matches(@Nullable InetSocketAddress address) {
        if (address != null && !address.isUnresolved()) {
            byte[] bytes = address.getAddress().getAddress();
            for (AddressPattern pattern : addresses) {
                if (pattern.matches(bytes, address.getPort())) {
                    return true;
                }
            }
        }
        return false;
    }

    private static @Nullable RsaId fingerprint(String entry) {
        String hex = entry.startsWith("$") ? entry.substring(1) : entry;
        if (hex.length() < 40 || (hex.length() > 40 && (!hasName(hex) || !isNickname(hex.substring(41))))) {
            return null;
        }
        for (int i = 0; i < 40; i++) {
            if (Character.digit(hex.charAt(i), 16) < 0) {
                return null;
            }
        }
        return RsaId.ofHex(hex.substring(0, 40));
    }

    private static boolean hasName(String hex) {
        return hex.charAt(40) == '=' || hex.charAt(40) == '~';
    }

    /** One to nineteen letters and digits. */
    static boolean isNickname(String text) {
        if (text.isEmpty() || text.length() > 19) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RelaySet set && text.equals(set.text) && countries == set.countries;
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** As it was written. */
    @Override
    public String toString() {
        return text;
    }
}
