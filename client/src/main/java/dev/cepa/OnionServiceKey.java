package dev.cepa;

import dev.cepa.crypto.Ed25519KeyPair;
import dev.cepa.crypto.Primitives;
import dev.cepa.error.ErrorKind;
import dev.cepa.error.TorException;
import dev.cepa.onion.DelegatedIdentity;
import dev.cepa.onion.DelegatedKeys;
import dev.cepa.onion.MasterIdentity;
import dev.cepa.onion.OnionAddress;
import dev.cepa.onion.ServiceFolder;
import dev.cepa.onion.ServiceIdentity;
import dev.cepa.onion.TimePeriod;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;

/** The key of an onion service, which its address is made of: whoever has it can be the service. Immutable but for {@link #wipe}. */
public final class OnionServiceKey {
    /** Bytes of the secret key. */
    public static final int LENGTH = Ed25519KeyPair.SECRET_LENGTH;

    private static final int SEED = 32;
    private static final String PREFIX = "ED25519-V3:";

    private final ServiceIdentity identity;

    private OnionServiceKey(ServiceIdentity identity) {
        this.identity = identity;
    }

    private OnionServiceKey(Ed25519KeyPair pair) {
        this(new MasterIdentity(pair));
    }

    /** {@return a new key, for a service at an address that there has never been} */
    public static OnionServiceKey generate() {
        return new OnionServiceKey(Ed25519KeyPair.generate(new SecureRandom()));
    }

    /**
     * A key that was kept.
     *
     * @param secret the expanded secret key of {@link #LENGTH} bytes, as in {@code hs_ed25519_secret_key} behind its head
     *     of 32 bytes, or as {@code ED25519-V3} of the control port; copied
     * @return the key
     */
    public static OnionServiceKey of(byte[] secret) {
        return new OnionServiceKey(Ed25519KeyPair.ofExpanded(secret));
    }

    /**
     * The key of a seed: of an Ed25519 private key as most programs keep it (RFC 8032), of which the expanded key is made.
     *
     * @param seed 32 bytes, copied
     * @return the key
     */
    public static OnionServiceKey ofSeed(byte[] seed) {
        if (seed.length != SEED) {
            throw new IllegalArgumentException("a seed of " + seed.length + " bytes");
        }
        return new OnionServiceKey(Ed25519KeyPair.ofSeed(seed));
    }

    /**
     * A key as the control port writes it ({@code ADD_ONION}): {@code ED25519-V3:} and the expanded secret key in base64.
     *
     * @param text with or without padding at its end
     * @return the key
     * @throws TorException of kind CONFIG if it is none; the message does not repeat it
     */
    public static OnionServiceKey parse(String text) throws TorException {
        byte[] secret = new byte[0];
        if (text.startsWith(PREFIX)) {
            try {
                secret = Base64.getDecoder().decode(text.substring(PREFIX.length()));
            } catch (IllegalArgumentException e) {
                // It may be secret what the exception has to say.
            }
        }
        try {
            if (secret.length != LENGTH) {
                throw new TorException(
                        ErrorKind.CONFIG, "an onion service's key is " + PREFIX + " and " + LENGTH + " bytes in base64");
            }
            return of(secret);
        } finally {
            Primitives.wipe(secret);
        }
    }

    static OnionServiceKey of(ServiceIdentity identity) {
        return new OnionServiceKey(identity);
    }

    /**
     * The key of a service's folder as C tor keeps it, in which nothing is changed.
     *
     * @param folder with {@code hs_ed25519_secret_key}
     * @return the key
     * @throws TorException of kind STORAGE if there is none
     */
    public static OnionServiceKey ofFolder(Path folder) throws TorException {
        return new OnionServiceKey(ServiceFolder.readMaster(folder));
    }

    /**
     * What {@link #delegate(Periods)} made where the secret key is: enough to run the service for some time, and not to be it
     * ever after.
     *
     * @param delegated copied
     * @return a key that a service can be started with, and that has no secret key
     * @throws TorException of kind PROTOCOL if that is something else
     */
    public static OnionServiceKey ofDelegated(byte[] delegated) throws TorException {
        return new OnionServiceKey(DelegatedIdentity.of(delegated));
    }

    /**
     * Time periods that follow one another. In each a service has another blinded key (rend-spec-v3 section 2.2.1).
     *
     * @param from a time in the first one
     * @param number how many, 1 to 399
     * @param length of each, whole minutes: the consensus parameter {@code hsdir_interval}
     * @param offset how long after a multiple of their length they begin: twelve times what is between two consensuses
     */
    public record Periods(Instant from, int number, Duration length, Duration offset) {
        /** Days, and half a day, as of the public network. */
        private static final int MINUTES = 1440;

        /**
         * Time periods of the public network: days, from noon to noon UTC.
         *
         * @param from a time in the first one
         * @param number how many, 1 to 399
         * @return those periods
         */
        public static Periods of(Instant from, int number) {
            return new Periods(from, number, Duration.ofMinutes(MINUTES), Duration.ofMinutes(MINUTES / 2));
        }
    }

    /**
     * Makes keys with which a service can be run in these time periods (and the one before them, whose clients may still
     * come), on a computer that does not have this key. Whoever steals them can be the service until then.
     *
     * @param periods which ones
     * @return for {@link #ofDelegated}; secret, the caller wipes it
     * @throws IllegalStateException if this key is delegated itself
     * @throws IllegalArgumentException if there can be no such periods
     */
    public byte[] delegate(Periods periods) {
        long minutes = periods.length().toMinutes();
        if (minutes < 1 || minutes > 14 * Periods.MINUTES || periods.offset().isNegative()) {
            throw new IllegalArgumentException("no time periods of " + periods.length());
        }
        if (periods.number() < 1 || periods.number() >= DelegatedKeys.MOST) {
            throw new IllegalArgumentException(
                    "time periods must be 1 to " + (DelegatedKeys.MOST - 1) + ", not " + periods.number());
        }
        TimePeriod first = TimePeriod.at(periods.from(), (int) minutes, periods.offset().toSeconds());
        return DelegatedKeys.make(pair(), first.previous(), periods.number() + 1, new SecureRandom());
    }

    /**
     * Makes such keys for the folder of a service, which {@link TorClient#onionService(Path)} then takes, and a service that
     * runs looks for when those it has run out: {@code hs_ed25519_delegated_keys} and {@code hs_ed25519_public_key}.
     *
     * @param folder made if there is none
     * @param periods which ones
     * @throws TorException of kind STORAGE if it can't be written, or is the folder of something else
     * @throws IllegalStateException if this key is delegated itself
     * @throws IllegalArgumentException if there can be no such periods
     */
    public void delegate(Path folder, Periods periods) throws TorException {
        byte[] delegated = delegate(periods);
        try {
            ServiceFolder.writeDelegated(folder, delegated);
        } finally {
            Primitives.wipe(delegated);
        }
    }

    private Ed25519KeyPair pair() {
        if (identity instanceof MasterIdentity master) {
            return master.pair();
        }
        throw new IllegalStateException("the secret key of this service is elsewhere");
    }

    /**
     * The secret key.
     *
     * @return {@link #LENGTH} bytes, a copy that the caller wipes
     * @throws IllegalStateException if this key is delegated
     */
    public byte[] secret() {
        return pair().secretKey();
    }

    /**
     * The secret key as the control port writes it, for {@link #parse} and other programs. Keep it as you would a password.
     *
     * @return {@code ED25519-V3:} and base64
     * @throws IllegalStateException if this key is delegated
     */
    public String export() {
        byte[] secret = pair().secretKey();
        try {
            return PREFIX + Base64.getEncoder().encodeToString(secret);
        } finally {
            Primitives.wipe(secret);
        }
    }

    /** Forgets the secret key. Services that were started with it go on, with a copy of their own. */
    public void wipe() {
        identity.wipe();
    }

    /** {@return the service's address: 56 characters and {@code .onion}} */
    public String address() {
        return OnionAddress.of(identity.publicKey()).label() + ".onion";
    }

    /** A copy for somebody who wipes it. */
    ServiceIdentity copy() {
        return identity.copy();
    }

    /** The address's end, enough to tell two keys apart. */
    @Override
    public String toString() {
        return "key of " + OnionAddress.of(identity.publicKey());
    }
}
