package dev.cepa.daemon.control;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The program's options by name, as torrc has them. Thread-safe. */
public interface ControlOptions {
    /**
     * An option with its value.
     *
     * @param key as Tor spells it, or as somebody has written it
     * @param value null if there is none
     */
    record Line(String key, @Nullable String value) {}

    /** {@return the option of that name, in any case or short, as Tor spells it; null if there is none} */
    @Nullable String nameOf(String name);

    /**
     * The values of an option, as GETCONF tells them: defaults too, and for {@code HiddenServiceOptions} all of its group.
     *
     * @param name as Tor spells it
     * @return in order; empty if it is not set and has no default
     */
    List<Line> lines(String name);

    /** {@return the value as torrc has it; empty if there is none} */
    String text(String name);

    /** {@return whether it is 1} */
    boolean flag(String name);

    /** {@return a number: bytes, seconds, milliseconds or plain} */
    long number(String name);

    /**
     * Sets options, all of them or none (SETCONF, RESETCONF).
     *
     * @param lines in order; those without a value are emptied
     * @param toDefaults whether those without a value get their default
     * @throws Refusal if something is wrong with them, with Tor's code and words
     */
    void set(List<Line> lines, boolean toDefaults) throws Refusal;

    /**
     * Takes a text for what the torrc has said (LOADCONF).
     *
     * @param torrc as a torrc has it
     * @throws Refusal if something is wrong with it
     */
    void load(String torrc) throws Refusal;

    /**
     * Writes what is set to the torrc (SAVECONF); the file as it was goes to {@code torrc.orig.1}.
     *
     * @param force whether to do it although the torrc includes others
     * @throws Refusal if it can't be written
     */
    void save(boolean force) throws Refusal;

    /** {@return what {@link #save} would write, without its head} */
    String dump();

    /** {@return whether {@link #save} would work without force} */
    boolean canSave();

    /** {@return the torrc's name; empty if it is not a file} */
    String torrc();

    /** {@return the name of the file of defaults; empty if there is none} */
    String defaultsTorrc();

    /** {@return all options, a line each: name and type} */
    String names();

    /** {@return all options that have a default, a line each: name and value in quotes} */
    String defaults();
}
