package dev.cepa.pool;

import dev.cepa.cell.RsaId;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.path.RelaySet;

/**
 * The only exits that will do for a stream. Immutable.
 *
 * @param relays by name, address or country, and located
 */
public record ExitChoice(RelaySet relays) {
    /** That one relay. */
    static ExitChoice of(RsaId relay) {
        try {
            return new ExitChoice(RelaySet.parse("$" + relay));
        } catch (TorException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * A relay by nickname or fingerprint.
     *
     * @throws TorException of kind BAD_REQUEST if the text is neither
     */
    public static ExitChoice relay(String name) throws TorException {
        boolean one = !name.isEmpty() && name.indexOf(',') < 0 && name.indexOf('{') < 0 && name.indexOf('.') < 0
                && name.indexOf(':') < 0 && name.indexOf('*') < 0;
        if (!one) {
            throw new TorException(ErrorKind.BAD_REQUEST, "a relay is named by nickname or fingerprint");
        }
        try {
            return new ExitChoice(RelaySet.parse(name));
        } catch (TorException e) {
            throw new TorException(ErrorKind.BAD_REQUEST, "a relay is named by nickname or fingerprint", e);
        }
    }
}
