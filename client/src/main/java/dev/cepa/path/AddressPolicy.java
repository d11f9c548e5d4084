package dev.cepa.path;

import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * An ordered list of rules that accept or reject addresses and ports; the first that matches decides. Immutable.
 * It is how torrc's {@code ReachableAddresses} says which relays a firewall lets through.
 */
public final class AddressPolicy {
    /** Accepts everything. */
    public static final AddressPolicy ACCEPT_ALL = new AddressPolicy(List.of(), true);

    private final List<Rule> rules;
    private final boolean otherwise;

    private AddressPolicy(List<Rule> rules, boolean otherwise) {
        this.rules = rules;
        this.otherwise = otherwise;
    }

    private record Rule(boolean accept, AddressPattern pattern) {}

    /**
     * Parses comma-separated rules such as {@code 99.0.0.0/8, reject 18.0.0.0/8:80, accept *:80}. A rule without a verb
     * accepts, and what no rule matches is rejected. An empty text accepts everything: nothing was restricted.
     *
     * @throws TorException of kind CONFIG, naming the rule that can't be read
     */
    public static AddressPolicy parseReachable(String text) throws TorException {
        List<Rule> rules = parse(text);
        return rules.isEmpty() ? ACCEPT_ALL : new AddressPolicy(rules, false);
    }

    /**
     * Parses rules likewise for who may come in ({@code SocksPolicy}): ports don't count, and what no rule matches is
     * accepted.
     *
     * @throws TorException of kind CONFIG, naming the rule that can't be read
     */
    public static AddressPolicy parseEntrance(String text) throws TorException {
        List<Rule> rules = new ArrayList<>();
        for (Rule rule : parse(text)) {
            AddressPattern pattern = rule.pattern;
            rules.add(new Rule(rule.accept, new AddressPattern(pattern.prefix(), pattern.bits(), 0, 65_535)));
        }
        return rules.isEmpty() ? ACCEPT_ALL : new AddressPolicy(List.copyOf(rules), true);
    }

    private static List<Rule> parse(String text) throws TorException {
        List<Rule> rules = new ArrayList<>();
        for (String item : text.split(",")) {
            String rule = item.strip();
            if (rule.isEmpty()) {
                continue;
            }
            int space = firstBlank(rule);
            String verb = space < 0 ? "" : rule.substring(0, space);
            boolean ipv6Only = verb.endsWith("6");
            boolean accept = verb.isEmpty() || verb.equalsIgnoreCase("accept") || verb.equalsIgnoreCase("accept6");
            if (!accept && !verb.equalsIgnoreCase("reject") && !verb.equalsIgnoreCase("reject6")) {
                throw new TorException(ErrorKind.CONFIG, "\"" + rule + "\" begins with neither accept nor reject");
            }
            AddressPattern pattern = AddressPattern.parse(rule.substring(space + 1).strip());
            if (ipv6Only && pattern.prefix().length == 4) {
                throw new TorException(ErrorKind.CONFIG, "\"" + rule + "\" is for IPv6 but names IPv4 addresses");
            }
            if (ipv6Only && pattern.prefix().length == 0) {
                pattern = new AddressPattern(new byte[16], 0, pattern.firstPort(), pattern.lastPort());
            }
            rules.add(new Rule(accept, pattern));
        }
        return List.copyOf(rules);
    }

    /** Whether it takes every address and port, without looking at any. */
    public boolean acceptsAll() {
        return rules.isEmpty() && otherwise;
    }

    /** Whether it takes that address (4 or 16 bytes) and port. */
    public boolean accepts(byte[] address, int port) {
        for (Rule rule : rules) {
            if (rule.pattern.matches(address, port)) {
                return rule.accept;
            }
        }
        return otherwise;
    }

    /** Whether it takes that resolved address. */
    public boolean accepts(InetSocketAddress address) {
        return !address.isUnresolved() && accepts(address.getAddress().getAddress(), address.getPort());
    }

    private static int firstBlank(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isWhitespace(text.charAt(i))) {
                return i;
            }
        }
        return -1;
    }
}
