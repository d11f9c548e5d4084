package dev.cepa.daemon;

/**
 * One torrc option, as the option table has it. Immutable.
 *
 * @param name as Tor writes it
 * @param need what Cepa does with it
 * @param flags one letter for each: {@code i} may not change while running, {@code o} Cepa's own, {@code d} belongs to
 *     authorities, {@code t} belongs to tests, {@code c} belongs to clients and yet makes no difference to this one,
 *     {@code z} is off until it works
 * @param defaultValue empty if there is none
 * @param testingDefault the default with TestingTorNetwork
 */
record Option(
        String name, OptionType type, Need need, String flags, String defaultValue, String testingDefault) {
    /** What Cepa does with an option. */
    enum Need {
        /** Does something. */
        WORKS,
        /** Will do something; until then whoever sets it is warned. */
        LATER,
        /** Will do something; until then a torrc with it is refused, as leaving it out would protect less than it says. */
        VITAL,
        /** Belongs to relays or tests: kept without effect. */
        WITHOUT_EFFECT,
        /** Would make this a relay or an authority. */
        REFUSED,
        /** Tor itself skips it. */
        OBSOLETE
    }

    /** Whether it does something, or will. */
    boolean isUsed() {
        return need == Need.WORKS || need == Need.LATER || need == Need.VITAL;
    }

    /** Of those that don't work yet: whether what is asked for with 0 is what happens. */
    boolean isOffAnyway() {
        return flags.indexOf('z') >= 0;
    }

    /** Whether it may not change while running. */
    boolean fixed() {
        return flags.indexOf('i') >= 0;
    }

    /** Whether Tor does not know it. */
    boolean isOwn() {
        return flags.indexOf('o') >= 0;
    }

    /** Whether lines add up instead of replacing one another. */
    boolean isList() {
        return type == OptionType.LINE_LIST || type == OptionType.DEPENDENT;
    }

    /**
     * The list that its lines are kept in: options whose order matters among one another share one, as do a port's two
     * names.
     */
    String group() {
        if (type != OptionType.DEPENDENT) {
            return name;
        }
        if (name.startsWith("HiddenService")) {
            return "HiddenServiceOptions";
        }
        return (name.startsWith("__") ? name.substring(2) : name) + "Lines";
    }

    /** Whether it is for controllers and not written to files. */
    boolean isHidden() {
        return name.startsWith("__");
    }
}
