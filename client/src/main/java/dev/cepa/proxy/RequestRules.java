package dev.cepa.proxy;

import java.util.BitSet;

/**
 * What no program may ask for, whichever port it came by. Immutable: the sets are not to be changed.
 *
 * @param rejectInternal whether streams to addresses within a local network are refused: an exit has another one
 * @param rejectInternalAnswers whether answers about names are dropped that are such addresses
 * @param warnPorts destination ports that are warned about, as what goes there is commonly not encrypted
 * @param rejectPorts destination ports that are refused for that
 * @param anyName whether names may have characters that names of hosts have not ({@code AllowNonRFC953Hostnames})
 * @param map which names and addresses stand for others
 */
public record RequestRules(
        boolean rejectInternal, boolean rejectInternalAnswers, BitSet warnPorts, BitSet rejectPorts, boolean anyName,
        AddressMapSettings map) {
    /** C tor's values on the public network. */
    public static final RequestRules DEFAULT = new RequestRules(true, true, ports(23, 109, 110, 143), new BitSet(), false,
            AddressMapSettings.DEFAULT);

    /** A set of ports. */
    public static BitSet ports(int... numbers) {
        BitSet set = new BitSet();
        for (int number : numbers) {
            set.set(number);
        }
        return set;
    }

    /** The same for a private network for tests, where all addresses are internal. */
    public RequestRules withInternal() {
        return new RequestRules(false, false, warnPorts, rejectPorts, anyName, map);
    }
}
